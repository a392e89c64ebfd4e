// The links that are worth choosing from, with their gains.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/assignment.h"
#include "flow/motion.h"

namespace trajtrack::flow {

// Links from tails to heads, both ascending, at most `longest` frames apart. The gain is the log likelihood ratio
// against chance plus twice the end cost, and positive.
Links links_by_likelihood(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                          const States& states, std::span<const Node> tails, std::span<const Node> heads,
                          std::int64_t longest, const Constants& constants, int num_threads);

// Links between nodes by the overlap of each box with the prediction of the other; boxes of neighbouring frames are
// enlarged as far as the prediction is uncertain. The gain is positive.
Links links_by_overlap(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                       const States& states, std::span<const Node> nodes, const Constants& constants, int num_threads);

}  // namespace trajtrack::flow
