// Linking by minimum-cost flow.
#pragma once

#include "detections.h"
#include "flow/options.h"
#include "trajectories.h"

namespace trajtrack::flow {

struct SmoothTrajectories {
  Trajectories trajectories;
  std::vector<Box> smoothed;  // of the trajectories' rows; empty unless boxes are smoothed
  bool calibrated = true;     // whether confidences could be estimated from the detections
};

SmoothTrajectories link(const DetectionsView& detections, const Options& options, int num_threads);

}  // namespace trajtrack::flow
