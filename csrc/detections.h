// Detections as the caller holds them, and the same detections grouped by frame.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "node.h"
#include "overlap.h"

namespace trajtrack {

// Non-owning columns of N detections in the caller's row order.
struct DetectionsView {
  std::span<const Box> boxes;
  std::span<const float> scores;
  std::span<const std::int32_t> frames;
  std::span<const std::int32_t> labels;

  std::size_t size() const { return scores.size(); }
};

enum class FaultKind { box_range, box_order, score, frame };

struct Fault {
  FaultKind kind;
  std::size_t row;
};

// Returns the first row that is not a valid detection: coordinates not finite or beyond kLargestCoordinate, x2 < x1 or
// y2 < y1, a score that is not finite, or a negative frame. `frames` may be empty.
std::optional<Fault> first_fault(std::span<const Box> boxes, std::span<const float> scores,
                                 std::span<const std::int32_t> frames);

// The nodes of one frame: [begin, end). Frames without nodes have no entry.
struct FrameNodes {
  std::int32_t frame;
  Node begin;
  Node end;
};

// The detections with a score of at least `min_score`, ordered by frame.
struct FrameOrder {
  std::vector<std::uint32_t> rows;  // input row of each node
  std::vector<FrameNodes> frames;   // ascending by frame

  Node size() const { return static_cast<Node>(rows.size()); }
};

// Consecutive frames, as indices into FrameOrder::frames.
struct FrameRange {
  std::size_t begin, end;
};

// Throws std::length_error if there are more detections than can be linked as one video.
FrameOrder order_by_frame(const DetectionsView& detections, float min_score);

// Splits the frames into ranges of about equal numbers of nodes, enough to keep all threads busy; a single range for
// one thread.
std::vector<FrameRange> split_frames(const FrameOrder& order, int num_threads);

}  // namespace trajtrack
