// Seq-NMS: the best path by dynamic programming, again and again, each time without the boxes that it suppresses.
#pragma once

#include <span>
#include <vector>

#include "link_graph.h"

namespace trajtrack {

struct Path {
  double sum;                   // of the scores, added from the end of the path to its start
  std::uint32_t begin, length;  // its nodes, by frame: Extraction::nodes[begin] and on
};

enum class NodeState : std::uint8_t { remaining, on_path, suppressed };

struct Extraction {
  std::vector<Path> paths;  // in the order of extraction: sum descending, then start frame, then start row
  std::vector<Node> nodes;
  std::vector<NodeState> states;
  std::vector<Node> suppressors;  // for suppressed nodes, the node of the path that suppressed them
};

// Takes every path with a positive sum. `scores` holds the score of each node. The result does not depend on
// `num_threads`.
Extraction extract_paths(const LinkGraph& graph, std::span<const float> scores, int num_threads);

}  // namespace trajtrack
