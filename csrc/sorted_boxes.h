// Boxes sorted by frame, label and left edge, so that the boxes that can overlap a given box form a short window.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "block_search.h"
#include "detections.h"

namespace trajtrack {

// Columns of boxes, padded so that a whole block can be read past the last box.
struct BoxColumns {
  std::vector<float> x1, y1, x2, y2, area;

  explicit BoxColumns(std::size_t count);

  Box operator[](std::size_t i) const { return {x1[i], y1[i], x2[i], y2[i]}; }
  void set(std::size_t i, Box box);
};

// The boxes of one frame and label: positions [begin, end).
struct Group {
  std::int32_t label;
  std::uint32_t begin, end;
};

// The boxes of all nodes by sorted position, as given ("plain") and grown by the buffer.
class SortedBoxes {
 public:
  SortedBoxes(const NodeColumns& columns, std::span<const FrameNodes> frames, float buffer, int num_threads);

  // The groups of a frame, ascending by label; `frame` is an index into the frames.
  std::span<const Group> groups(std::size_t frame) const {
    return {groups_.data() + first_group_[frame], first_group_[frame + 1] - first_group_[frame]};
  }
  // Returns the group of a frame with this label, or null.
  const Group* find(std::size_t frame, std::int32_t label) const;

  Node node(std::size_t position) const { return node_[position]; }

  // Returns the box at a position, grown and as given.
  Box grown(std::size_t position) const { return grown_[position]; }
  Box given(std::size_t position) const { return plain()[position]; }

  // Returns whether the box at a position overlaps `box`, for its grown and its plain box.
  bool grown_overlaps(std::size_t position, Box box, float threshold) const {
    return overlaps(box, area(box), grown_[position], grown_.area[position], threshold);
  }
  bool plain_overlaps(std::size_t position, Box box, float threshold) const {
    return overlaps(box, area(box), plain()[position], plain().area[position], threshold);
  }

  // The same for the kBlock positions from `begin`, of which those past the last box are not meant to be used.
  BlockFlags grown_overlaps_block(std::size_t begin, Box box, float threshold) const;
  BlockFlags plain_overlaps_block(std::size_t begin, Box box, float threshold) const;

  // Each search below ends early once it has found more than `most` positions.

  // Calls visit(position, found) for each position of the group whose grown box overlaps grown boxes of the group
  // `next` of `later`; `found` holds the positions of the latter.
  template <typename Visit>
  void visit_linked(const Group& group, const SortedBoxes& later, const Group& next, float threshold, std::size_t most,
                    std::vector<std::uint32_t>& found, const Visit& visit) const {
    found.resize(later.room(most));
    std::uint32_t begin = next.begin;
    for (std::uint32_t position = group.begin; position < group.end; ++position) {
      const Box box = grown_[position];
      begin = later.window_begin(next, box.x1, begin);
      const std::size_t count = later.overlapping_grown(box, next, begin, threshold, most, found);
      if (count > 0) visit(position, std::span<const std::uint32_t>(found.data(), count));
    }
  }

  // Calls visit(position, found) for each position of the group whose plain box overlaps other plain boxes of the
  // group.
  template <typename Visit>
  void visit_suppressed(const Group& group, float threshold, std::size_t most, std::vector<std::uint32_t>& found,
                        const Visit& visit) const {
    most += most < largest_group_;  // a box finds itself, too
    found.resize(room(most));
    std::uint32_t begin = group.begin;
    for (std::uint32_t position = group.begin; position < group.end; ++position) {
      begin = window_begin(group, grown_.x1[position], begin);
      const std::size_t count = overlapping_plain(plain()[position], group, begin, threshold, most, found);
      const auto end = std::remove(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), position);
      if (end != found.begin()) visit(position, std::span<const std::uint32_t>(found.begin(), end));
    }
  }

  // Returns the positions of the group whose grown boxes overlap `expected` and whose plain boxes have a shape similar
  // to `shape`; valid until `found` changes.
  std::span<const std::uint32_t> find_similar(const Group& group, Box expected, float threshold, Box shape,
                                              float max_shape_change, std::size_t most,
                                              std::vector<std::uint32_t>& found) const;

 private:
  // The size of a search's output: a search ends after a block and may write one element past what it finds.
  std::size_t room(std::size_t most) const { return std::min(most, largest_group_) + kBlock + 1; }

  // Returns the first position of the group, at or after `hint`, at which the window of a box with this left edge can
  // begin. All boxes before `hint` must be known to end left of that edge.
  std::uint32_t window_begin(const Group& group, float left, std::uint32_t hint) const {
    while (hint < group.end && reach_[hint] <= left) ++hint;
    return hint;
  }
  // The same without a hint.
  std::uint32_t window_begin(const Group& group, float left) const;

  // Writes the positions from `begin` to the group's end whose grown boxes overlap `box`; returns their number.
  std::size_t overlapping_grown(Box box, const Group& group, std::uint32_t begin, float threshold, std::size_t most,
                                std::span<std::uint32_t> found) const;
  // The same for plain boxes.
  std::size_t overlapping_plain(Box box, const Group& group, std::uint32_t begin, float threshold, std::size_t most,
                                std::span<std::uint32_t> found) const;

  const BoxColumns& plain() const { return buffered_ ? plain_ : grown_; }

  BoxColumns grown_;
  BoxColumns plain_;          // empty if the buffer is 0: the grown boxes are used instead
  std::vector<float> reach_;  // rightmost edge of the group's grown boxes up to this position
  std::vector<Node> node_;
  std::vector<Group> groups_;
  std::vector<std::size_t> first_group_;
  std::size_t largest_group_ = 0;
  bool buffered_;
};

}  // namespace trajtrack
