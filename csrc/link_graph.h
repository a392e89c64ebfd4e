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

struct LinkGraph {
  NodeLists links;       // from each node to nodes of one later frame, ascending
  NodeLists suppressed;  // nodes of the same frame that a path through the node suppresses, ascending; symmetric
};

// Builds the graph on the CPU. `suppressed` stays empty unless `with_suppression` is set.
LinkGraph build_link_graph(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                           bool with_suppression, int num_threads);

}  // namespace trajtrack
