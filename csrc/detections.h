// Detections as the caller holds them, and the same detections grouped by frame.
#pragma once

#include <cmath>
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

inline bool in_range(Box box) {
  return (std::abs(box.x1) <= kLargestCoordinate) & (std::abs(box.y1) <= kLargestCoordinate) &
         (std::abs(box.x2) <= kLargestCoordinate) & (std::abs(box.y2) <= kLargestCoordinate);
}
inline bool in_order(Box box) { return (box.x1 <= box.x2) & (box.y1 <= box.y2); }
inline bool finite(float value) { return std::abs(value) <= kLargestFloat; }

// The caller may write to columns that have been checked, even while they are read. What is read once more is therefore
// made valid again, and nothing that a bound depends on is read twice.
inline Box valid_or_empty(Box box) { return in_range(box) & in_order(box) ? box : Box{}; }
inline float finite_or_zero(float value) { return finite(value) ? value : 0.0f; }

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

// Copies of the boxes and labels of nodes.
struct NodeColumns {
  std::vector<Box> boxes;
  std::vector<std::int32_t> labels;
};

// Consecutive frames, as indices into FrameOrder::frames.
struct FrameRange {
  std::size_t begin, end;
};

// Throws std::length_error if there are more detections than can be linked as one video.
FrameOrder order_by_frame(const DetectionsView& detections, float min_score);

// Copies the columns of the nodes. With `class_agnostic`, all labels are 0.
NodeColumns columns_of_nodes(const DetectionsView& detections, const FrameOrder& order, bool class_agnostic,
                             int num_threads);

// Splits the frames into ranges of about equal numbers of nodes, enough to keep all threads busy; a single range for
// one thread.
std::vector<FrameRange> split_frames(std::span<const FrameNodes> frames, int num_threads);

}  // namespace trajtrack
