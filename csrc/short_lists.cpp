#include "short_lists.h"

namespace trajtrack {

ShortLists::ShortLists(const SortedBoxes& boxes, const Group& group)
    : boxes_(boxes),
      tree_(boxes, group),
      sets_(group.end - group.begin),
      times_(group.end - group.begin),
      settled_(tree_.size(), kSeveral) {
  for (std::size_t node = tree_.size() - 1; node > 0; --node) {
    const bool empty = tree_.is_leaf(node) ? tree_.begin(node) == tree_.end(node)
                                           : settled_[2 * node] == kNone && settled_[2 * node + 1] == kNone;
    if (empty) settled_[node] = kNone;
  }
}

// What a list holds: test(begin) flags the positions of a block whose boxes overlap `box`, accepts(position) whether a
// flagged one belongs to the list.
template <typename Test, typename Accepts>
struct ShortLists::Search {
  Box box;
  Test test;
  Accepts accepts;
};

std::span<const std::uint32_t> ShortLists::choose_linked(Box grown_box, float threshold) {
  chosen_.clear();
  choose(1, Search{grown_box,
                   [&](std::uint32_t begin) { return boxes_.grown_overlaps_block(begin, grown_box, threshold); },
                   [](std::uint32_t) { return true; }});
  return chosen_;
}

std::span<const std::uint32_t> ShortLists::choose_suppressed(std::uint32_t position, float threshold) {
  const Box box = boxes_.given(position);
  chosen_.clear();
  choose(1, Search{box, [&](std::uint32_t begin) { return boxes_.plain_overlaps_block(begin, box, threshold); },
                   [&](std::uint32_t other) { return other != position; }});
  return chosen_;
}

std::span<const std::uint32_t> ShortLists::choose_similar(Box expected, float threshold, Box shape,
                                                          float max_shape_change) {
  chosen_.clear();
  choose(1,
         Search{expected, [&](std::uint32_t begin) { return boxes_.grown_overlaps_block(begin, expected, threshold); },
                [&](std::uint32_t other) { return similar_shape(shape, boxes_.given(other), max_shape_change); }});
  return chosen_;
}

// Chooses nodes below a node of the tree. All nodes of the list end up in one set: the list connects them.
template <typename Test, typename Accepts>
void ShortLists::choose(std::size_t node, const Search<Test, Accepts>& search) {
  const Node settled = settled_[node];
  if (settled == kNone || !tree_.may_overlap(node, search.box)) return;
  if (settled != kSeveral && chosen_.size() >= 2 && is_same_set(settled, chosen_[0] - tree_.group().begin)) return;
  if (tree_.is_leaf(node)) {
    choose_in_leaf(node, search);
  } else {
    choose(2 * node, search);
    choose(2 * node + 1, search);
    settled_[node] = merged(settled_[2 * node], settled_[2 * node + 1]);
  }
}

template <typename Test, typename Accepts>
void ShortLists::choose_in_leaf(std::size_t leaf, const Search<Test, Accepts>& search) {
  const std::uint32_t begin = tree_.begin(leaf), end = tree_.end(leaf), first = tree_.group().begin;
  const BlockFlags flags = search.test(begin);
  Node settled = kNone;
  for (std::uint32_t position = begin; position < end; ++position) {
    const Node node = position - first;
    if (flags[position - begin] && search.accepts(position)) {
      const bool known = times_[node] == 2 && chosen_.size() >= 2 && is_same_set(node, chosen_[0] - first);
      if (!known) {
        if (times_[node] < 2) ++times_[node];
        chosen_.push_back(position);
        sets_.join(node, chosen_[0] - first);
      }
    }
    settled = merged(settled, times_[node] == 2 ? node : kSeveral);
  }
  settled_[leaf] = settled;
}

// Returns what `settled_` is to hold of two parts together.
Node ShortLists::merged(Node a, Node b) {
  if (a == kNone) return b;
  if (b == kNone) return a;
  return a != kSeveral && b != kSeveral && is_same_set(a, b) ? a : kSeveral;
}

ShortListSearch::Found ShortListSearch::find_similar(const Group& group, Box expected, float threshold, Box shape,
                                                     float max_shape_change) {
  const auto found = boxes_.find_similar(group, expected, threshold, shape, max_shape_change, longest_, found_);
  if (found.size() <= longest_) return {found, false};
  return {lists(group).choose_similar(expected, threshold, shape, max_shape_change), true};
}

}  // namespace trajtrack
