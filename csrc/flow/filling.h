// Detections of no track that fill gaps in tracks or extend them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flow/motion.h"

namespace trajtrack::flow {

// Adds nodes to the tracks whose box they overlap: in gaps, then at ends, then at starts. `track_of` holds the first
// node of each node's track, kNone for nodes of no track; `tracks` are those that are kept; `next` links all nodes.
void fill_tracks(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                 std::span<const Node> next, std::span<const std::span<const Node>> tracks, const Constants& constants,
                 std::vector<Node>& track_of, int num_threads);

}  // namespace trajtrack::flow
