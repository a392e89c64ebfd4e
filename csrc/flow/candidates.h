// The links that are worth choosing from, with their gains.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/assignment.h"
#include "flow/motion.h"

namespace trajtrack::flow {

// Nodes, ascending, with the state of the object at each of them.
struct NodeStates {
  std::vector<Node> nodes;
  Buffer<State> states;
};

// The box that is expected at a node and its motion. The variances are those of its position, at the node and predicted
// for the neighbouring frame, in units of the detected box's area.
struct MovingBox {
  CentredBox box;
  double vx, vy, variance, predicted;
};

// Links from tails to heads, both ascending, at most `longest` frames apart. The gain is the log likelihood ratio
// against chance plus twice the end cost, and positive.
Links links_by_likelihood(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                          const NodeStates& tails, const NodeStates& heads, std::int64_t longest,
                          const Constants& constants, int num_threads);

// What differs between the states of nodes that are not linked yet.
struct Unlinked {
  double x, y, log_w, log_h, size;
};

// Links by likelihood between nodes in neighbouring frames, as long as no node is linked, under several prior motions.
class FirstLinks {
 public:
  // For this prior motion and slower ones.
  FirstLinks(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
             std::span<const Node> nodes, const Noise& fastest, const Constants& constants, int num_threads);

  Links links(const Noise& prior, int num_threads) const;

  // No link has a greater gain under this prior motion.
  static std::int64_t greatest_gain(const Noise& prior, const Constants& constants);

 private:
  // The regions around two nodes within `reach` of one another intersect.
  Edges around(std::size_t k, double reach) const {
    const Unlinked& node = unlinked_[k];
    const double near = reach * node.size;
    return {node.x - near, node.y - near, node.x + near, node.y + near};
  }

  const Frames& frames_;
  std::span<const std::int32_t> labels_;
  std::span<const Node> nodes_;
  const Constants& constants_;
  Buffer<Unlinked> unlinked_;
  SortedNodes sorted_;
};

// Links between nodes by the overlap of each box with the prediction of the other; boxes of neighbouring frames are
// enlarged as far as the prediction is uncertain. The gain is positive. `past` and `future` hold the box of each of the
// nodes, estimated from the past and from the future of its track.
Links links_by_overlap(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                       std::span<const Node> nodes, std::span<const MovingBox> past, std::span<const MovingBox> future,
                       const Constants& constants, int num_threads);

}  // namespace trajtrack::flow
