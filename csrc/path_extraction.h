// Seq-NMS: finds the best path by dynamic programming, removes it and the boxes that it suppresses, and repeats.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "link_graph.h"

namespace trajtrack {

struct Path {
  double sum;   // sum of the scores, added from the end of the path to its start
  Node start;   // position of its first node
  Node length;  // number of its nodes
};

enum class NodeState : std::uint8_t { remaining, on_path, suppressed };

// All data for choosing a node's best path, in half a cache line. Nodes are given by position.
struct PathEntry {
  double best;                 // sum of the best path from here
  Node next;                   // its next node, or kNone; for a suppressed node: the node that suppressed it
  Node first_follower;         // head of the list of nodes whose best path continues at this one
  Node next_follower;          // the next node in the list that holds this one
  std::uint32_t predecessors;  // number of remaining predecessors of score >= 0, by the lists that are stored
  float score;
  NodeState state;
};

struct ExtractedPaths {
  std::vector<Path> paths;  // in the order of extraction: sum descending, then start frame, then start row
  std::vector<Node> nodes;  // the node at each position
  std::unique_ptr<PathEntry[]> table;

  // Calls visit(node) for each node of a path, by frame.
  template <typename Visit>
  void visit_nodes(const Path& path, const Visit& visit) const {
    for (Node position = path.start; position != kNone; position = table[position].next) {
      visit(nodes[position]);
    }
  }
};

// Extracts every path with a positive sum. `scores` holds the score of each node. The result does not depend on
// `num_threads`.
ExtractedPaths extract_paths(const LinkGraph& graph, std::span<const float> scores, int num_threads);

}  // namespace trajtrack
