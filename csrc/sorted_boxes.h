// Boxes sorted by frame, label and left edge: the boxes that can overlap a given one are a short window.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "detections.h"

namespace trajtrack {

// Boxes by column, with room behind the last for a whole block to be read.
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

// The boxes of all nodes at sorted positions, as given ("plain") and grown by the buffer.
class SortedBoxes {
 public:
  SortedBoxes(const DetectionsView& detections, const FrameOrder& order, float buffer, bool class_agnostic,
              int num_threads);

  // The groups of a frame, given as an index into FrameOrder::frames; ascending by label.
  std::span<const Group> groups(std::size_t frame) const {
    return {groups_.data() + first_group_[frame], first_group_[frame + 1] - first_group_[frame]};
  }
  // The group of a frame with this label, or null.
  const Group* find(std::size_t frame, std::int32_t label) const;
  std::size_t largest_group() const { return largest_group_; }

  Node node(std::size_t position) const { return node_[position]; }
  Box grown(std::size_t position) const { return grown_[position]; }
  Box plain(std::size_t position) const { return plain()[position]; }

  // First position of the group, from `hint` on, whose window may begin there for a box with this left edge.
  // All positions before `hint` must be known to end left of it.
  std::uint32_t window_begin(const Group& group, float left, std::uint32_t hint) const {
    while (hint < group.end && reach_[hint] <= left) ++hint;
    return hint;
  }
  // The same without a hint.
  std::uint32_t window_begin(const Group& group, float left) const;

  // Writes the positions from `begin` to the group's end whose grown boxes overlap `box`; returns their
  // number. `found` has room for one more than the largest group.
  std::size_t overlapping_grown(Box box, const Group& group, std::uint32_t begin, float threshold,
                                std::span<std::uint32_t> found) const;
  // The same for plain boxes.
  std::size_t overlapping_plain(Box box, const Group& group, std::uint32_t begin, float threshold,
                                std::span<std::uint32_t> found) const;

 private:
  const BoxColumns& plain() const { return buffered_ ? plain_ : grown_; }

  BoxColumns grown_;
  BoxColumns plain_;          // empty where the buffer is 0: the grown boxes serve
  std::vector<float> reach_;  // right-most edge of the group's grown boxes up to this position
  std::vector<Node> node_;
  std::vector<Group> groups_;
  std::vector<std::size_t> first_group_;
  std::size_t largest_group_ = 0;
  bool buffered_;
};

}  // namespace trajtrack
