#include "detections.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "radix_sort.h"

namespace trajtrack {

namespace {

bool in_range(Box box) {
  return (std::abs(box.x1) <= kLargestCoordinate) & (std::abs(box.y1) <= kLargestCoordinate) &
         (std::abs(box.x2) <= kLargestCoordinate) & (std::abs(box.y2) <= kLargestCoordinate);
}

bool in_order(Box box) { return (box.x1 <= box.x2) & (box.y1 <= box.y2); }

bool finite(float value) { return std::abs(value) <= kLargestFloat; }

}  // namespace

std::optional<Fault> first_fault(std::span<const Box> boxes, std::span<const float> scores,
                                 std::span<const std::int32_t> frames) {
  // Check whole blocks without branches, so that the loops vectorise; look for the row only in a block that has a
  // fault.
  constexpr std::size_t kBlock = 4096;
  for (std::size_t begin = 0; begin < boxes.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, boxes.size());
    bool good = true;
    for (std::size_t row = begin; row < end; ++row) good &= in_range(boxes[row]) & in_order(boxes[row]);
    for (std::size_t row = begin; row < end; ++row) good &= finite(scores[row]);
    for (std::size_t row = begin; row < std::min(end, frames.size()); ++row) good &= frames[row] >= 0;
    if (good) continue;
    for (std::size_t row = begin; row < end; ++row) {
      if (!in_range(boxes[row])) return Fault{FaultKind::box_range, row};
      if (!in_order(boxes[row])) return Fault{FaultKind::box_order, row};
      if (!finite(scores[row])) return Fault{FaultKind::score, row};
      if (!frames.empty() && frames[row] < 0) return Fault{FaultKind::frame, row};
    }
  }
  return std::nullopt;
}

FrameOrder order_by_frame(const DetectionsView& detections, float min_score) {
  constexpr std::size_t kLargest = std::numeric_limits<std::int32_t>::max();
  if (detections.size() > kLargest) {
    throw std::length_error("detections: found " + std::to_string(detections.size()) + " rows, expected at most " +
                            std::to_string(kLargest) + " in one video");
  }
  FrameOrder order;
  order.rows.reserve(detections.size());
  bool sorted = true;
  std::int32_t last = 0;
  for (std::size_t row = 0; row < detections.size(); ++row) {
    if (detections.scores[row] < min_score) continue;
    sorted &= detections.frames[row] >= last;
    last = detections.frames[row];
    order.rows.push_back(static_cast<std::uint32_t>(row));
  }
  if (!sorted) {
    sort_by_key(order.rows, [&](std::uint32_t row) { return static_cast<std::uint32_t>(detections.frames[row]); });
  }
  for (Node node = 0; node < order.size(); ++node) {
    const std::int32_t frame = detections.frames[order.rows[node]];
    if (order.frames.empty() || order.frames.back().frame != frame) order.frames.push_back({frame, node, node});
    order.frames.back().end = node + 1;
  }
  return order;
}

std::vector<FrameRange> split_frames(const FrameOrder& order, int num_threads) {
  constexpr std::size_t kRunsPerThread = 4;
  const std::size_t runs = num_threads <= 1 ? 1 : kRunsPerThread * static_cast<std::size_t>(num_threads);
  const std::size_t target = order.size() / runs + 1;
  std::vector<FrameRange> ranges;
  std::size_t nodes = target;  // so that the first frame opens a run
  for (std::size_t frame = 0; frame < order.frames.size(); ++frame) {
    if (nodes >= target) {
      ranges.push_back({frame, frame});
      nodes = 0;
    }
    nodes += order.frames[frame].end - order.frames[frame].begin;
    ranges.back().end = frame + 1;
  }
  return ranges;
}

}  // namespace trajtrack
