// A tree over the boxes of a group, for searches that skip most of them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "sorted_boxes.h"

namespace trajtrack {

// A complete binary tree whose leaves are blocks of positions. Its nodes are numbered by level: 1 is the root, and the
// children of node i are 2 i and 2 i + 1. The leaves past the last block are empty.
class GroupTree {
 public:
  GroupTree(const SortedBoxes& boxes, const Group& group)
      : group_(group), first_leaf_(std::bit_ceil<std::size_t>((group.end - group.begin + kBlock - 1) / kBlock)) {
    bounds_.resize(2 * first_leaf_, Box{kLargestFloat, kLargestFloat, -kLargestFloat, -kLargestFloat});
    for (std::size_t node = size() - 1; node > 0; --node) {
      if (!is_leaf(node)) {
        bounds_[node] = around(bounds_[2 * node], bounds_[2 * node + 1]);
        continue;
      }
      for (std::uint32_t position = begin(node); position < end(node); ++position) {
        bounds_[node] = around(bounds_[node], boxes.grown(position));
      }
    }
  }

  const Group& group() const { return group_; }

  // One more than the greatest number of a node.
  std::size_t size() const { return bounds_.size(); }

  bool is_leaf(std::size_t node) const { return node >= first_leaf_; }
  std::size_t leaf_of(std::uint32_t position) const { return first_leaf_ + (position - group_.begin) / kBlock; }

  // The positions of a leaf: [begin, end).
  std::uint32_t begin(std::size_t leaf) const { return limited((leaf - first_leaf_) * kBlock); }
  std::uint32_t end(std::size_t leaf) const { return limited((leaf - first_leaf_ + 1) * kBlock); }

  // Returns false only if no box below the node overlaps `box`, neither grown nor as given.
  bool may_overlap(std::size_t node, Box box) const {
    const Box bound = bounds_[node];
    return (box.x1 < bound.x2) & (bound.x1 < box.x2) & (box.y1 < bound.y2) & (bound.y1 < box.y2);
  }

 private:
  static Box around(Box a, Box b) {
    return {minimum(a.x1, b.x1), minimum(a.y1, b.y1), maximum(a.x2, b.x2), maximum(a.y2, b.y2)};
  }

  std::uint32_t limited(std::size_t offset) const {
    return static_cast<std::uint32_t>(std::min<std::size_t>(group_.begin + offset, group_.end));
  }

  Group group_;
  std::size_t first_leaf_;
  std::vector<Box> bounds_;
};

}  // namespace trajtrack
