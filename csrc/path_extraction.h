// Seq-NMS: the best path by dynamic programming, again and again, each time without the boxes that it
// suppresses.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "link_graph.h"

namespace trajtrack {

struct Path {
  double sum;   // of the scores, added from the end of the path to its start
  Node start;   // position of its first node
  Node length;  // number of its nodes
};

enum class NodeState : std::uint8_t { remaining, on_path, suppressed };

// All that choosing a node's best path needs, within half a cache line. Nodes are named by position.
struct PathEntry {
  double best;                 // sum of the best path from here
  Node next;                   // its next node, or kNone; of a suppressed node: who suppressed it
  Node first_follower;         // the nodes whose best path runs on into this one, as a list
  Node next_follower;          // the next in the list that this node is in
  std::uint32_t predecessors;  // number of remaining predecessors of score >= 0
  float score;
  NodeState state;
};

struct Extraction {
  std::vector<Path> paths;  // in the order of extraction: sum descending, then start frame, then start row
  std::vector<Node> nodes;  // the node at each position
  std::unique_ptr<PathEntry[]> table;

  // Calls visit(node) for the nodes of a path, by frame.
  template <typename Visit>
  void visit_nodes(const Path& path, const Visit& visit) const {
    for (Node position = path.start; position != kNone; position = table[position].next) {
      visit(nodes[position]);
    }
  }
};

// Takes every path with a positive sum. `scores` holds the score of each node. The result does not depend on
// `num_threads`.
Extraction extract_paths(const LinkGraph& graph, std::span<const float> scores, int num_threads);

}  // namespace trajtrack
