#include "flow/nodes.h"

#include <array>
#include <cmath>

#include "block_search.h"

namespace trajtrack::flow {

namespace {

float rounded_down(double value) { return static_cast<float>(value - (std::abs(value) * 2e-7 + 1e-30)); }
float rounded_up(double value) { return static_cast<float>(value + (std::abs(value) * 2e-7 + 1e-30)); }

// Writes the positions in [begin, end) whose boxes intersect the region and returns their number. Left edges ascend. Up
// to kBlock - 1 boxes past `end` are read and ignored.
TRAJTRACK_CLONES
std::size_t find_intersecting(const float* __restrict x1, const float* __restrict y1, const float* __restrict x2,
                              const float* __restrict y2, std::size_t begin, std::size_t end, Box region,
                              std::uint32_t* __restrict found) {
  std::size_t count = 0;
  for (std::size_t block = begin; block < end && x1[block] < region.x2; block += kBlock) {
    std::array<std::uint8_t, kBlock> flags;
    for (std::size_t k = 0; k < kBlock; ++k) {
      const std::size_t i = block + k;
      flags[k] = (x1[i] < region.x2) & (x2[i] > region.x1) & (y1[i] < region.y2) & (y2[i] > region.y1);
    }
    count = append_flagged(flags, block, end, found, count);
  }
  return count;
}

}  // namespace

SortedNodes::SortedNodes(const Frames& frames, std::span<const std::int32_t> labels, std::span<const Node> nodes,
                         std::span<const Edges> boxes)
    : x1_(nodes.size() + kBlock), y1_(x1_.size()), x2_(x1_.size()), y2_(x1_.size()) {
  struct Item {
    std::uint64_t key;  // label and left edge
    std::uint32_t index;
  };
  std::vector<Item> items;
  node_.reserve(nodes.size());
  index_.reserve(nodes.size());
  first_group_.assign(frames.size() + 1, 0);
  std::uint32_t next = 0;
  for (std::size_t frame = 0; frame < frames.size(); ++frame) {
    items.clear();
    for (; next < nodes.size() && nodes[next] < frames.begin[frame + 1]; ++next) {
      const std::uint64_t label = ordered_label(labels[nodes[next]]);
      items.push_back({label << 32 | ordered_bits(rounded_down(boxes[next].x1)), next});
    }
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return a.key != b.key ? a.key < b.key : a.index < b.index; });
    const std::size_t first = groups_.size();
    for (const Item& item : items) {
      const auto position = static_cast<std::uint32_t>(node_.size());
      const Edges& box = boxes[item.index];
      x1_[position] = rounded_down(box.x1);
      y1_[position] = rounded_down(box.y1);
      x2_[position] = rounded_up(box.x2);
      y2_[position] = rounded_up(box.y2);
      node_.push_back(nodes[item.index]);
      index_.push_back(item.index);
      const std::int32_t label = labels[nodes[item.index]];
      if (groups_.size() == first || groups_.back().label != label) {
        groups_.push_back({label, position, position, 0, 0, 0});
      }
      Group& group = groups_.back();
      group.end = position + 1;
      largest_group_ = std::max<std::size_t>(largest_group_, group.end - group.begin);
    }
    first_group_[frame + 1] = static_cast<std::uint32_t>(groups_.size());
    for (std::size_t number = first; number < groups_.size(); ++number) add_cells(groups_[number]);
  }
}

void SortedNodes::add_cells(Group& group) {
  const std::uint32_t count = group.end - group.begin;
  const float right = *std::max_element(x2_.begin() + group.begin, x2_.begin() + group.end);
  group.left = x1_[group.begin];
  group.cells_per_pixel = right > group.left ? static_cast<float>(count) / (right - group.left) : 0;
  group.cells = static_cast<std::uint32_t>(cells_.size());
  std::uint32_t position = group.begin;
  for (std::uint32_t cell = 0; cell <= count; ++cell) {
    while (position < group.end && cell_of(group, x2_[position]) < cell) ++position;
    cells_.push_back(position);
  }
}

std::span<const std::uint32_t> SortedNodes::intersecting(const Group& group, const Edges& region,
                                                         std::vector<std::uint32_t>& found) const {
  found.resize(std::max(found.size(), largest_group_ + 1));  // a search may write one element past what it finds
  const Box rounded{rounded_down(region.x1), rounded_down(region.y1), rounded_up(region.x2), rounded_up(region.y2)};
  const std::size_t begin = cells_[group.cells + cell_of(group, rounded.x1)];
  const std::size_t count =
      find_intersecting(x1_.data(), y1_.data(), x2_.data(), y2_.data(), begin, group.end, rounded, found.data());
  return {found.data(), count};
}

}  // namespace trajtrack::flow
