// The confidence of detections, from how long detections of their score persist.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/nodes.h"
#include "flow/options.h"

namespace trajtrack::flow {

struct Confidence {
  std::vector<double> of;  // each node, in [0, 1]
  bool certain = true;     // whether detections of the highest scores persist, so that the others can be compared
};

Confidence calibrate(const Frames& frames, std::span<const Box> boxes, std::span<const float> scores,
                     std::span<const std::int32_t> labels, const Constants& constants, int num_threads);

}  // namespace trajtrack::flow
