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

ShortLists::Positions ShortLists::choose_linked(Positions found, Box grown_box, float threshold) {
  return choose(
      found,
      Search{grown_box, [&](std::uint32_t begin) { return boxes_.grown_overlaps_block(begin, grown_box, threshold); },
             [](std::uint32_t) { return true; }});
}

ShortLists::Positions ShortLists::choose_suppressed(Positions found, std::uint32_t position, float threshold) {
  const Box box = boxes_.given(position);
  return choose(found,
                Search{box, [&](std::uint32_t begin) { return boxes_.plain_overlaps_block(begin, box, threshold); },
                       [&](std::uint32_t other) { return other != position; }});
}

ShortLists::Positions ShortLists::choose_similar(Positions found, Box expected, float threshold, Box shape,
                                                 float max_shape_change) {
  return choose(
      found,
      Search{expected, [&](std::uint32_t begin) { return boxes_.grown_overlaps_block(begin, expected, threshold); },
             [&](std::uint32_t other) { return similar_shape(shape, boxes_.given(other), max_shape_change); }});
}

template <typename Test, typename Accepts>
ShortLists::Positions ShortLists::choose(Positions found, const Search<Test, Accepts>& search) {
  chosen_.clear();
  add(found[0]);
  add(found[1]);
  choose_below(1, search);
  return chosen_;
}

// Adds a node to the list that is being chosen. The list connects its nodes.
void ShortLists::add(std::uint32_t position) {
  const Node node = offset(position);
  if (times_[node] < 2) ++times_[node];
  chosen_.push_back(position);
  sets_.join(node, offset(chosen_[0]));
}

// Returns whether the graph already has all that choosing this node would add.
bool ShortLists::is_settled(Node node) { return times_[node] == 2 && is_same_set(node, offset(chosen_[0])); }

template <typename Test, typename Accepts>
void ShortLists::choose_below(std::size_t node, const Search<Test, Accepts>& search) {
  const Node settled = settled_[node];
  if (settled == kNone || !tree_.may_overlap(node, search.box)) return;
  if (settled != kSeveral && is_same_set(settled, offset(chosen_[0]))) return;
  if (tree_.is_leaf(node)) {
    choose_in_leaf(node, search);
  } else {
    choose_below(2 * node, search);
    choose_below(2 * node + 1, search);
    settled_[node] = merged(settled_[2 * node], settled_[2 * node + 1]);
  }
}

template <typename Test, typename Accepts>
void ShortLists::choose_in_leaf(std::size_t leaf, const Search<Test, Accepts>& search) {
  const std::uint32_t begin = tree_.begin(leaf), end = tree_.end(leaf);
  const BlockFlags flags = search.test(begin);
  Node settled = kNone;
  for (std::uint32_t position = begin; position < end; ++position) {
    const Node node = offset(position);
    const bool is_new = position != chosen_[0] && position != chosen_[1];
    if (flags[position - begin] && is_new && !is_settled(node) && search.accepts(position)) add(position);
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
  return {lists(group).choose_similar(found, expected, threshold, shape, max_shape_change), true};
}

}  // namespace trajtrack
