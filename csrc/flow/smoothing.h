// Smoothing of the boxes of a track.
#pragma once

#include <span>
#include <vector>

#include "flow/motion.h"

namespace trajtrack::flow {

// Returns the boxes of a track after local linear regression with Gaussian weights, in image coordinates.
std::vector<CentredBox> smooth(const Frames& frames, const BoxModel& model, std::span<const Node> nodes,
                               const Constants& constants);

}  // namespace trajtrack::flow
