// Disjoint sets of nodes, each represented by its smallest node.
#pragma once

#include <vector>

#include "node.h"

namespace trajtrack {

class DisjointSets {
 public:
  explicit DisjointSets(Node count) : parents_(count) {
    for (Node node = 0; node < count; ++node) parents_[node] = node;
  }

  Node find(Node node) {
    while (parents_[node] != node) {
      parents_[node] = parents_[parents_[node]];
      node = parents_[node];
    }
    return node;
  }

  void join(Node a, Node b) {
    a = find(a);
    b = find(b);
    parents_[a < b ? b : a] = a < b ? a : b;
  }

 private:
  std::vector<Node> parents_;
};

}  // namespace trajtrack
