// The options of linking by minimum-cost flow, and the constants of the method.
#pragma once

#include <cstdint>

#include "trajectories.h"

namespace trajtrack::flow {

// The fields of trajtrack.flow_options.FlowConstants, where they are explained.
// clang-format off
#define TRAJTRACK_FLOW_CONSTANTS(X) \
  X(proposal_overlap) X(proposal_share) X(proposal_weight) X(suppression_overlap) \
  X(chain_overlap) X(chain_distance) X(chain_motion) X(window) X(least_window) X(top_share) X(top_count) \
  X(top_failures) X(top_score) X(top_score_least) X(top_score_most) X(occupied) X(plateau) X(label_weight) X(score_share) X(score_weight) X(high) X(low) \
  X(value_cap) X(end_cost) X(evidence) X(evidence_share) X(position_noise) X(acceleration) X(speed) X(size_noise) \
  X(size_drift) X(position_factor) X(acceleration_factor) X(speed_factor) X(size_factor) X(size_drift_factor) \
  X(scale_step) X(lag) X(prior_weight) X(tail) X(chance) X(gate) X(skip_cost) X(overlap_gain) X(min_overlap) \
  X(overlap_skip_cost) X(buffer) X(distance) X(long_deviation) X(candidates) X(longest) X(camera_links) X(camera_spread) \
  X(fill_overlap) X(size_memory) X(bandwidth)
// clang-format on

struct Constants {
#define TRAJTRACK_FIELD(name) double name;
  TRAJTRACK_FLOW_CONSTANTS(TRAJTRACK_FIELD)
#undef TRAJTRACK_FIELD
};

struct Options {
  float min_score;
  bool calibrate;
  bool class_agnostic;
  bool smooth;
  std::uint64_t min_length;
  Rescore rescore;
  Constants constants;
};

}  // namespace trajtrack::flow
