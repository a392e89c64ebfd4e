#include "flow/nodes.h"

#include <bit>
#include <cmath>
#include <numeric>

#include "block_search.h"

namespace trajtrack::flow {

namespace {

TRAJTRACK_INLINE float rounded_down(double value) {
  return static_cast<float>(value - (std::abs(value) * 2e-7 + 1e-30));
}
TRAJTRACK_INLINE float rounded_up(double value) { return static_cast<float>(value + (std::abs(value) * 2e-7 + 1e-30)); }

// Writes the index of each position in [begin, end) whose box intersects the region and returns their number. Up to
// kBlock - 1 boxes past `end` are read and ignored.
TRAJTRACK_CLONES
std::size_t find_intersecting(const float* __restrict x1, const float* __restrict y1, const float* __restrict x2,
                              const float* __restrict y2, const std::uint32_t* __restrict index, std::size_t begin,
                              std::size_t end, Box region, std::uint32_t* __restrict found) {
  std::size_t count = 0;
  for (std::size_t block = begin; block < end; block += kBlock) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < kBlock; ++k) {
      const std::size_t i = block + k;
      const bool hit = (x1[i] < region.x2) & (x2[i] > region.x1) & (y1[i] < region.y2) & (y2[i] > region.y1);
      bits |= hit ? std::uint32_t{1} << k : 0;
    }
    if (end - block < kBlock) bits &= (std::uint32_t{1} << (end - block)) - 1;
    for (; bits != 0; bits &= bits - 1) {
      found[count++] = index[block + static_cast<std::size_t>(std::countr_zero(bits))];
    }
  }
  return count;
}

}  // namespace

SortedNodes::SortedNodes(std::size_t num_frames, std::size_t num_nodes)
    : x1_(num_nodes + kBlock),
      y1_(x1_.size()),
      x2_(x1_.size()),
      y2_(x1_.size()),
      index_(num_nodes),
      first_group_(num_frames + 1, 0),
      first_end_(num_nodes),
      last_begin_(num_nodes) {
  for (Buffer<float>* edges : {&x1_, &y1_, &x2_, &y2_}) {
    std::fill(edges->begin() + static_cast<std::ptrdiff_t>(num_nodes), edges->end(), 0.0f);
  }
}

Box SortedNodes::rounded_outwards(const Edges& edges) {
  return {rounded_down(edges.x1), rounded_down(edges.y1), rounded_up(edges.x2), rounded_up(edges.y2)};
}

SortedNodes::Group SortedNodes::add_group(Group group, std::uint32_t first, std::span<const Box> boxes,
                                          std::span<const std::uint32_t> numbers) {
  group.end = group.begin + static_cast<std::uint32_t>(numbers.size());
  group.left = boxes[numbers.front()].x1;
  float right = boxes[numbers.front()].x2;
  for (const std::uint32_t number : numbers) {
    group.left = std::min(group.left, boxes[number].x1);
    right = std::max(right, boxes[number].x2);
  }
  group.cells_per_pixel = right > group.left ? static_cast<float>(numbers.size()) / (right - group.left) : 0;

  // A counting sort by the cell of the left edge.
  const std::span<std::uint32_t> last_begin(last_begin_.data() + group.begin, numbers.size());
  std::fill(last_begin.begin(), last_begin.end(), 0);
  for (const std::uint32_t number : numbers) ++last_begin[cell_of(group, boxes[number].x1)];
  std::uint32_t position = group.begin;
  for (std::uint32_t& slot : last_begin) {
    const std::uint32_t count = slot;
    slot = position;
    position += count;
  }
  for (const std::uint32_t number : numbers) {
    const Box& box = boxes[number];
    const std::uint32_t place = last_begin[cell_of(group, box.x1)]++;
    x1_[place] = box.x1;
    y1_[place] = box.y1;
    x2_[place] = box.x2;
    y2_[place] = box.y2;
    index_[place] = first + number;
  }
  const std::span<std::uint32_t> first_end(first_end_.data() + group.begin, numbers.size());
  std::size_t cell = 0;
  for (position = group.begin; position < group.end; ++position) {
    for (const std::size_t own = cell_of(group, x2_[position]); cell <= own; ++cell) first_end[cell] = position;
  }
  std::fill(first_end.begin() + static_cast<std::ptrdiff_t>(cell), first_end.end(), group.end);
  return group;
}

bool SortedNodes::is_crowded(const Group& group) const {
  constexpr std::uint32_t kMany = 32;
  std::uint32_t begin = group.begin;
  for (std::uint32_t cell = group.begin; cell < group.end; ++cell) {
    if (last_begin_[cell] - begin > kMany) return true;
    begin = last_begin_[cell];
  }
  return false;
}

std::size_t SortedNodes::intersecting(const Group& group, const Edges& region, std::uint32_t* found) const {
  const Box rounded = rounded_outwards(region);
  const std::size_t begin = first_end_[group.begin + cell_of(group, rounded.x1)];
  const std::size_t end = last_begin_[group.begin + cell_of(group, rounded.x2)];
  return find_intersecting(x1_.data(), y1_.data(), x2_.data(), y2_.data(), index_.data(), begin, end, rounded, found);
}

}  // namespace trajtrack::flow
