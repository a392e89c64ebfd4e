// The linking graph: which detections may follow one another in a path.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "detections.h"

namespace trajtrack {

struct GraphOptions {
  float iou_threshold;
  float buffer;
  std::int64_t max_gap;
  float gap_iou_threshold;
  std::int64_t motion_frames;
  float max_shape_change;
  float nms_threshold;
  bool class_agnostic;
};

// Lists of nodes in compressed sparse row form: list i is targets[offsets[i]] to targets[offsets[i + 1]].
struct NodeLists {
  std::vector<std::size_t> offsets{0};
  std::vector<Node> targets;

  std::span<const Node> operator[](Node node) const {
    return {targets.data() + offsets[node], offsets[node + 1] - offsets[node]};
  }
};

// Links from a node that are too many to be stored. They lead to all nodes of its label in a frame whose grown boxes
// overlap `expected`; across a gap, only to those of similar shape to which no link from the previous frame leads.
struct LongLinks {
  Node from;
  std::int32_t frame;
  Box expected;
  bool across_gap;
};

// The lists that are too long to be stored, and the columns in which to search for their nodes. Columns and frames are
// empty, and the options unset, if there are no such lists.
struct LongLists {
  std::vector<LongLinks> links;  // ascending by node
  std::vector<Node> suppressed;  // the nodes whose lists are too long, ascending
  NodeColumns columns;
  std::vector<FrameNodes> frames;
  GraphOptions options{};

  bool empty() const { return links.empty() && suppressed.empty(); }
};

// Lists of more than kLongestList nodes are stored as short lists, as described in short_lists.h, and named in
// `long_lists`, unless all links are asked for.
struct LinkGraph {
  NodeLists links;       // from each node to nodes of one later frame, ascending
  NodeLists suppressed;  // nodes of the same frame that a path through the node suppresses, ascending; symmetric
  LongLists long_lists;
};

// Bounds the memory that a node takes; beyond it, searching takes no longer than reading the list.
inline constexpr std::size_t kLongestList = 128;

// Builds the graph from which paths are extracted on the CPU.
LinkGraph build_link_graph(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                           int num_threads);

// Returns all links, however many.
NodeLists build_all_links(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                          int num_threads);

}  // namespace trajtrack
