#include "sorted_boxes.h"

#include <algorithm>
#include <array>

#include "block_search.h"
#include "interruption.h"
#include "parallel.h"

namespace trajtrack {

namespace {

// Writes the positions in [begin, end) whose boxes overlap `box` and returns their number; ends after the block in
// which it exceeds `most`. `left` is ascending and at most each box's own left edge, so the search ends at the first
// value beyond the right edge of `box`. Up to kBlock - 1 boxes past `end` are read and ignored.
TRAJTRACK_CLONES
std::size_t overlapping(const float* __restrict x1, const float* __restrict y1, const float* __restrict x2,
                        const float* __restrict y2, const float* __restrict areas, const float* left, std::size_t begin,
                        std::size_t end, Box box, float box_area, float threshold, std::size_t most,
                        std::uint32_t* __restrict found) {
  std::size_t count = 0;
  for (std::size_t block = begin; block < end && left[block] < box.x2 && count <= most; block += kBlock) {
    BlockFlags flags;
    for (std::size_t k = 0; k < kBlock; ++k) {
      const std::size_t i = block + k;
      flags[k] = overlaps(box, box_area, Box{x1[i], y1[i], x2[i], y2[i]}, areas[i], threshold);
    }
    count = append_flagged(flags, block, end, found, count);
  }
  return count;
}

std::size_t overlapping(const BoxColumns& boxes, const BoxColumns& bounds, Box box, const Group& group,
                        std::uint32_t begin, float threshold, std::size_t most, std::span<std::uint32_t> found) {
  return overlapping(boxes.x1.data(), boxes.y1.data(), boxes.x2.data(), boxes.y2.data(), boxes.area.data(),
                     bounds.x1.data(), begin, group.end, box, area(box), threshold, most, found.data());
}

TRAJTRACK_CLONES
void overlapping_block(const float* __restrict x1, const float* __restrict y1, const float* __restrict x2,
                       const float* __restrict y2, const float* __restrict areas, Box box, float box_area,
                       float threshold, std::uint8_t* __restrict flags) {
  for (std::size_t k = 0; k < kBlock; ++k) {
    flags[k] = overlaps(box, box_area, Box{x1[k], y1[k], x2[k], y2[k]}, areas[k], threshold);
  }
}

BlockFlags overlapping_block(const BoxColumns& boxes, std::size_t begin, Box box, float threshold) {
  BlockFlags flags;
  overlapping_block(boxes.x1.data() + begin, boxes.y1.data() + begin, boxes.x2.data() + begin, boxes.y2.data() + begin,
                    boxes.area.data() + begin, box, area(box), threshold, flags.data());
  return flags;
}

struct SortItem {
  std::uint64_t key;  // label and left edge
  Node node;

  bool operator<(const SortItem& other) const { return key < other.key; }
};

// The sort key of boxes: label, then left edge.
std::uint64_t sort_key(std::int32_t label, float left) {
  return static_cast<std::uint64_t>(ordered_label(label)) << 32 | ordered_bits(left);
}

}  // namespace

BoxColumns::BoxColumns(std::size_t count)
    : x1(count + kBlock), y1(count + kBlock), x2(count + kBlock), y2(count + kBlock), area(count + kBlock) {}

void BoxColumns::set(std::size_t i, Box box) {
  x1[i] = box.x1;
  y1[i] = box.y1;
  x2[i] = box.x2;
  y2[i] = box.y2;
  area[i] = trajtrack::area(box);
}

SortedBoxes::SortedBoxes(const NodeColumns& columns, std::span<const FrameNodes> frames, float buffer, int num_threads)
    : grown_(columns.boxes.size()),
      plain_(buffer > 0 ? columns.boxes.size() : 0),
      reach_(columns.boxes.size()),
      node_(columns.boxes.size()),
      first_group_(frames.size() + 1),
      buffered_(buffer > 0) {
  const auto tasks = split_frames(frames, num_threads);
  std::vector<std::vector<Group>> groups(tasks.size());
  parallel_for(tasks.size(), num_threads, [&](std::size_t task) {
    std::vector<SortItem> items;
    for (std::size_t frame = tasks[task].begin; frame < tasks[task].end; ++frame) {
      poll();
      const FrameNodes& nodes = frames[frame];
      items.clear();
      for (Node node = nodes.begin; node < nodes.end; ++node) {
        items.push_back({sort_key(columns.labels[node], trajtrack::grown(columns.boxes[node], buffer).x1), node});
      }
      std::sort(items.begin(), items.end());
      const std::size_t first = groups[task].size();
      for (std::uint32_t i = 0; i < items.size(); ++i) {
        const std::uint32_t position = nodes.begin + i;
        const std::int32_t label = columns.labels[items[i].node];
        const Box box = columns.boxes[items[i].node];
        node_[position] = items[i].node;
        grown_.set(position, trajtrack::grown(box, buffer));
        if (buffer > 0) plain_.set(position, box);
        if (groups[task].size() == first || groups[task].back().label != label) {
          groups[task].push_back({label, position, position});
          reach_[position] = grown_.x2[position];
        } else {
          reach_[position] = std::max(reach_[position - 1], grown_.x2[position]);
        }
        groups[task].back().end = position + 1;
      }
      first_group_[frame + 1] = groups[task].size() - first;
    }
  });
  for (const std::vector<Group>& part : groups) groups_.insert(groups_.end(), part.begin(), part.end());
  for (std::size_t frame = 0; frame < frames.size(); ++frame) first_group_[frame + 1] += first_group_[frame];
  for (const Group& group : groups_) largest_group_ = std::max<std::size_t>(largest_group_, group.end - group.begin);
}

const Group* SortedBoxes::find(std::size_t frame, std::int32_t label) const {
  const auto all = groups(frame);
  const auto found = std::lower_bound(all.begin(), all.end(), label,
                                      [](const Group& group, std::int32_t value) { return group.label < value; });
  return found == all.end() || found->label != label ? nullptr : &*found;
}

std::uint32_t SortedBoxes::window_begin(const Group& group, float left) const {
  const float* const reach = reach_.data();
  return static_cast<std::uint32_t>(std::upper_bound(reach + group.begin, reach + group.end, left) - reach);
}

std::size_t SortedBoxes::overlapping_grown(Box box, const Group& group, std::uint32_t begin, float threshold,
                                           std::size_t most, std::span<std::uint32_t> found) const {
  return overlapping(grown_, grown_, box, group, begin, threshold, most, found);
}

std::size_t SortedBoxes::overlapping_plain(Box box, const Group& group, std::uint32_t begin, float threshold,
                                           std::size_t most, std::span<std::uint32_t> found) const {
  return overlapping(plain(), grown_, box, group, begin, threshold, most, found);
}

BlockFlags SortedBoxes::grown_overlaps_block(std::size_t begin, Box box, float threshold) const {
  return overlapping_block(grown_, begin, box, threshold);
}

BlockFlags SortedBoxes::plain_overlaps_block(std::size_t begin, Box box, float threshold) const {
  return overlapping_block(plain(), begin, box, threshold);
}

std::span<const std::uint32_t> SortedBoxes::find_similar(const Group& group, Box expected, float threshold, Box shape,
                                                         float max_shape_change, std::size_t most,
                                                         std::vector<std::uint32_t>& found) const {
  std::size_t kept = 0;
  for (std::uint32_t begin = window_begin(group, expected.x1);;) {
    found.resize(kept + room(most));
    const auto first = found.begin() + static_cast<std::ptrdiff_t>(kept);
    const std::size_t count = overlapping_grown(expected, group, begin, threshold, most, {first, found.end()});
    if (count > 0) begin = first[static_cast<std::ptrdiff_t>(count) - 1] + 1;
    const auto end = std::remove_if(first, first + static_cast<std::ptrdiff_t>(count), [&](std::uint32_t position) {
      return !similar_shape(shape, plain()[position], max_shape_change);
    });
    kept = static_cast<std::size_t>(end - found.begin());
    if (count <= most || kept > most) return {found.begin(), end};
  }
}

}  // namespace trajtrack
