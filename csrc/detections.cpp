#include "detections.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "parallel.h"
#include "radix_sort.h"

namespace trajtrack {

namespace {

struct FrameRow {
  std::uint32_t frame, row;
};

void append(FrameOrder& order, std::int32_t frame, std::uint32_t row) {
  const Node node = order.size();
  if (order.frames.empty() || order.frames.back().frame != frame) order.frames.push_back({frame, node, node});
  order.frames.back().end = node + 1;
  order.rows.push_back(row);
}

// Calls visit(frame, row) for each row of sufficient score until it returns false.
template <typename Visit>
void visit_rows(const DetectionsView& detections, float min_score, const Visit& visit) {
  for (std::size_t row = 0; row < detections.size(); ++row) {
    if (detections.scores[row] < min_score) continue;
    if (!visit(std::max(detections.frames[row], 0), static_cast<std::uint32_t>(row))) return;
  }
}

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
  order.rows.resize(detections.size());
  Node size = 0;
  bool sorted = true;
  visit_rows(detections, min_score, [&](std::int32_t frame, std::uint32_t row) {
    if (order.frames.empty() || frame != order.frames.back().frame) {
      sorted = order.frames.empty() || frame > order.frames.back().frame;
      if (!order.frames.empty()) order.frames.back().end = size;
      order.frames.push_back({frame, size, size});
    }
    order.rows[size++] = row;
    return sorted;
  });
  if (sorted) {
    if (!order.frames.empty()) order.frames.back().end = size;
    order.rows.resize(size);
    return order;
  }
  order.rows.clear();
  order.frames.clear();
  std::vector<FrameRow> rows;
  rows.reserve(detections.size());
  visit_rows(detections, min_score, [&](std::int32_t frame, std::uint32_t row) {
    rows.push_back({static_cast<std::uint32_t>(frame), row});
    return true;
  });
  sort_by_key(rows, [](FrameRow row) { return row.frame; });
  for (const FrameRow row : rows) append(order, static_cast<std::int32_t>(row.frame), row.row);
  return order;
}

NodeColumns columns_of_nodes(const DetectionsView& detections, const FrameOrder& order, bool class_agnostic,
                             int num_threads) {
  NodeColumns columns{std::vector<Box>(order.size()), std::vector<std::int32_t>(order.size())};
  parallel_ranges(order.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t node = begin; node < end; ++node) {
      const std::uint32_t row = order.rows[node];
      columns.boxes[node] = valid_or_empty(detections.boxes[row]);
      columns.labels[node] = class_agnostic ? 0 : detections.labels[row];
    }
  });
  return columns;
}

std::vector<FrameRange> split_frames(std::span<const FrameNodes> frames, int num_threads) {
  constexpr std::size_t kRunsPerThread = 4;
  const std::size_t runs = num_threads <= 1 ? 1 : kRunsPerThread * static_cast<std::size_t>(num_threads);
  const std::size_t target = (frames.empty() ? 0 : frames.back().end) / runs + 1;
  std::vector<FrameRange> ranges;
  std::size_t nodes = target;  // so that the first frame opens a run
  for (std::size_t frame = 0; frame < frames.size(); ++frame) {
    if (nodes >= target) {
      ranges.push_back({frame, frame});
      nodes = 0;
    }
    nodes += frames[frame].end - frames[frame].begin;
    ranges.back().end = frame + 1;
  }
  return ranges;
}

}  // namespace trajtrack
