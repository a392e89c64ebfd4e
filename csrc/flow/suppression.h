// Non-maximum suppression of detections that are proposals: many boxes on each object.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/nodes.h"
#include "flow/options.h"

namespace trajtrack::flow {

// For each node the node of its frame and label that suppresses it, itself if none does. Empty if so few nodes overlap
// a better one that none is suppressed.
std::vector<Node> suppressors(const Frames& frames, std::span<const Box> boxes, std::span<const float> scores,
                              std::span<const std::int32_t> labels, const Constants& constants, int num_threads);

}  // namespace trajtrack::flow
