// The detections that are linked, by frame, and searches for those that intersect a region.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "block_search.h"
#include "flow/buffer.h"
#include "interruption.h"
#include "node.h"
#include "parallel.h"

namespace trajtrack::flow {

struct CentredBox {
  double x, y, w, h;
};

// The smallest width and height of a box, in pixels.
inline constexpr double kSmallestSide = 1e-6;

TRAJTRACK_INLINE CentredBox centred(const Box& box) {
  const double x1 = static_cast<double>(box.x1), y1 = static_cast<double>(box.y1);
  const double x2 = static_cast<double>(box.x2), y2 = static_cast<double>(box.y2);
  return {(x1 + x2) * 0.5, (y1 + y2) * 0.5, std::max(x2 - x1, kSmallestSide), std::max(y2 - y1, kSmallestSide)};
}

struct Edges {
  double x1, y1, x2, y2;
};

TRAJTRACK_INLINE Edges edges_of(const CentredBox& box) {
  return {box.x - box.w * 0.5, box.y - box.h * 0.5, box.x + box.w * 0.5, box.y + box.h * 0.5};
}

// The intersection over union of boxes with these areas.
TRAJTRACK_INLINE double overlap(const Edges& a, double area_a, const Edges& b, double area_b) {
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const double height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (!(width > 0) | !(height > 0)) return 0;
  const double intersection = width * height;
  return intersection / ((area_a + area_b) - intersection);
}

// The region that a box must intersect to overlap this one by more than `threshold`: on both axes, the intersection
// is longer than `threshold` times the longer side.
inline Edges region_of(const Edges& box, double threshold) {
  const double across = threshold * (box.x2 - box.x1), down = threshold * (box.y2 - box.y1);
  return {box.x1 + across, box.y1 + down, box.x2 - across, box.y2 - down};
}

// Nodes are numbered by frame and row. Frames without nodes are not listed.
struct Frames {
  std::vector<std::int32_t> number;
  std::vector<Node> begin{0};           // one more than frames
  std::vector<std::uint32_t> frame_of;  // index of each node's frame

  std::size_t size() const { return number.size(); }
  Node num_nodes() const { return begin.back(); }
  std::int64_t time(Node node) const { return number[frame_of[node]]; }

  // Appends a frame and its nodes.
  void add(std::int32_t frame, Node count) {
    frame_of.insert(frame_of.end(), count, static_cast<std::uint32_t>(number.size()));
    number.push_back(frame);
    begin.push_back(begin.back() + count);
  }

  // The number of frames from the first to the last.
  std::int64_t duration() const {
    return number.empty() ? 0 : std::int64_t{number.back()} - std::int64_t{number.front()} + 1;
  }
};

// Some nodes with a box each, grouped by frame and label and, within a group, sorted roughly by left edge. The edges
// are rounded outwards to floats, so that searches find all nodes that intersect a region, and perhaps some that
// narrowly miss it.
class SortedNodes {
 public:
  // A group spans as many cells as it has nodes, of equal width.
  struct Group {
    std::int32_t label;
    std::uint32_t begin, end;  // positions
    float left;
    float cells_per_pixel;
  };

  // `nodes` are ascending; `edges_of_nth(k)` returns the edges of the box of nodes[k].
  template <typename EdgesOfNth>
  SortedNodes(const Frames& frames, std::span<const std::int32_t> labels, std::span<const Node> nodes,
              const EdgesOfNth& edges_of_nth, int num_threads)
      : SortedNodes(frames, labels, nodes, edges_of_nth, std::numeric_limits<std::size_t>::max(), edges_of_nth,
                    num_threads) {}

  // The same, but of many nodes of one frame and label whose `state_of_nth` is the same to the bit, only the first
  // `most` may be found: no search prefers the others.
  template <typename EdgesOfNth, typename StateOfNth>
  SortedNodes(const Frames& frames, std::span<const std::int32_t> labels, std::span<const Node> nodes,
              const EdgesOfNth& edges_of_nth, std::size_t most, const StateOfNth& state_of_nth, int num_threads)
      : SortedNodes(frames.size(), nodes.size()) {
    struct Part {
      std::vector<Group> groups;
      std::size_t first_frame, end_frame;
    };
    std::vector<Part> parts(num_parts(num_threads));
    parallel_for(parts.size(), num_threads, [&](std::size_t number) {
      Part& part = parts[number];
      part.first_frame = frames.size() * number / parts.size();
      part.end_frame = frames.size() * (number + 1) / parts.size();
      const auto begin = std::lower_bound(nodes.begin(), nodes.end(), frames.begin[part.first_frame]);
      auto next = static_cast<std::uint32_t>(begin - nodes.begin());
      std::vector<Box> boxes;
      std::vector<std::uint32_t> numbers;  // of nodes in the frame
      for (std::size_t frame = part.first_frame; frame < part.end_frame; ++frame) {
        poll();
        const std::uint32_t first = next;
        boxes.clear();
        numbers.clear();
        for (; next < nodes.size() && nodes[next] < frames.begin[frame + 1]; ++next) {
          boxes.push_back(rounded_outwards(edges_of_nth(next)));
          numbers.push_back(next - first);
        }
        const auto label_of = [&](std::uint32_t k) { return labels[nodes[first + k]]; };
        const auto by_label = [&](std::uint32_t a, std::uint32_t b) { return label_of(a) < label_of(b); };
        if (!std::is_sorted(numbers.begin(), numbers.end(), by_label)) {
          std::stable_sort(numbers.begin(), numbers.end(), by_label);
        }
        for (std::size_t start = 0, end = 0; start < numbers.size(); start = end) {
          while (end < numbers.size() && label_of(numbers[end]) == label_of(numbers[start])) ++end;
          const Group group{label_of(numbers[start]), first + static_cast<std::uint32_t>(start),
                            first + static_cast<std::uint32_t>(end), 0, 0};
          const std::span<const std::uint32_t> own(numbers.data() + start, end - start);
          part.groups.push_back(add_group(group, first, boxes, own));
          if (!is_crowded(part.groups.back())) continue;
          const auto state_of = [&](std::uint32_t k) { return state_of_nth(first + k); };
          part.groups.back() = add_group(group, first, boxes, without_repeats(own, most, state_of));
        }
        first_group_[frame + 1] = static_cast<std::uint32_t>(part.groups.size());
      }
    });
    for (const Part& part : parts) {
      const auto before = static_cast<std::uint32_t>(groups_.size());
      for (std::size_t frame = part.first_frame; frame < part.end_frame; ++frame) first_group_[frame + 1] += before;
      groups_.insert(groups_.end(), part.groups.begin(), part.groups.end());
    }
    for (const Group& group : groups_) largest_group_ = std::max<std::size_t>(largest_group_, group.end - group.begin);
  }

  // The group of a frame with this label, or null.
  const Group* find(std::size_t frame, std::int32_t label) const {
    const auto begin = groups_.begin() + first_group_[frame], end = groups_.begin() + first_group_[frame + 1];
    if (begin == end) return nullptr;
    if (begin->label == label) return &*begin;
    const auto found = std::lower_bound(begin, end, label, [](const Group& g, std::int32_t l) { return g.label < l; });
    return found != end && found->label == label ? &*found : nullptr;
  }

  // The nodes of a group whose boxes intersect the region, as indices in no particular order; valid until `found`
  // changes.
  std::span<const std::uint32_t> intersecting(const Group& group, const Edges& region,
                                              std::vector<std::uint32_t>& found) const {
    if (found.size() < largest_group_) found.resize(largest_group_);
    return {found.data(), intersecting(group, region, found.data())};
  }

  // The same, written to `found`, which has room for `largest_group()` of them; returns their number.
  std::size_t intersecting(const Group& group, const Edges& region, std::uint32_t* found) const;

  std::size_t largest_group() const { return largest_group_; }

 private:
  SortedNodes(std::size_t num_frames, std::size_t num_nodes);

  static Box rounded_outwards(const Edges& edges);

  // The cell of an x coordinate; a greater coordinate has the same cell or a later one.
  static std::uint32_t cell_of(const Group& group, float x) {
    const float cell = (x - group.left) * group.cells_per_pixel;
    const auto last = static_cast<float>(group.end - group.begin - 1);
    return static_cast<std::uint32_t>(cell > 0 ? (cell < last ? cell : last) : 0);
  }

  // Sorts the nodes with these numbers into the positions of a group and returns the group; numbers count from `first`.
  Group add_group(Group group, std::uint32_t first, std::span<const Box> boxes, std::span<const std::uint32_t> numbers);

  // Whether a cell of a group has so many nodes that it is worth looking for repeats.
  bool is_crowded(const Group& group) const;

  // The first `most` numbers of each state.
  template <typename StateOf>
  static std::vector<std::uint32_t> without_repeats(std::span<const std::uint32_t> numbers, std::size_t most,
                                                    const StateOf& state_of) {
    const auto compare = [&](std::uint32_t a, std::uint32_t b) {
      const auto state_a = state_of(a), state_b = state_of(b);
      return std::memcmp(&state_a, &state_b, sizeof state_a);
    };
    std::vector<std::uint32_t> sorted(numbers.begin(), numbers.end()), kept;
    std::stable_sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) { return compare(a, b) < 0; });
    for (std::size_t k = 0, same = 0; k < sorted.size(); ++k) {
      same = k > 0 && compare(sorted[k - 1], sorted[k]) == 0 ? same + 1 : 0;
      if (same < most) kept.push_back(sorted[k]);
    }
    std::sort(kept.begin(), kept.end());
    return kept;
  }

  Buffer<float> x1_, y1_, x2_, y2_;  // padded so that a whole block can be read past the last box
  Buffer<std::uint32_t> index_;      // of the node at each position
  std::vector<Group> groups_;
  std::vector<std::uint32_t> first_group_;
  // For the cells of each group, beginning at its first position: the first position of a box that ends in this cell or
  // a later one, and the position after the last box that begins in this cell or an earlier one.
  Buffer<std::uint32_t> first_end_, last_begin_;
  std::size_t largest_group_ = 0;
};

}  // namespace trajtrack::flow
