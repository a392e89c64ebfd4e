// The boxes of a group by the sums of their best paths.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "group_tree.h"
#include "sorted_boxes.h"

namespace trajtrack {

// Holds the boxes of a group that have a sum. A search passes over whatever is too far away or no better than what it
// has found, so that among boxes on top of one another it ends after a few.
class Ranking {
 public:
  using Position = std::uint32_t;

  // `boxes` must outlive the ranking. No box has a sum yet.
  Ranking(const SortedBoxes& boxes, const Group& group)
      : boxes_(boxes), tree_(boxes, group), sums_(group.end - group.begin, kNoSum), best_(tree_.size(), kNone) {}

  void set(Position position, double sum) {
    sums_[position - tree_.group().begin] = sum;
    std::size_t node = tree_.leaf_of(position);
    update_leaf(node);
    // The nodes above change only if this box is, or was, the best below them.
    for (bool changed = true; changed && (node /= 2) > 0;) {
      const Position best = better(best_[2 * node], best_[2 * node + 1]);
      changed = best != best_[node] || best == position;
      best_[node] = best;
    }
  }
  void remove(Position position) { set(position, kNoSum); }

  // Returns the position with the greatest sum above 0, of equal sums the lowest node, for which matches(position)
  // holds, or kNone; `box` overlaps the boxes of all of them.
  template <typename Matches>
  Position find_best(Box box, const Matches& matches) const {
    Position found = kNone;
    find_best(1, box, matches, found);
    return found;
  }

  // Removes the positions for which matches(position) holds and appends them to `taken`; `box` overlaps their boxes.
  template <typename Matches>
  void take(Box box, const Matches& matches, std::vector<Position>& taken) {
    take(1, box, matches, taken);
  }

 private:
  static constexpr double kNoSum = -std::numeric_limits<double>::infinity();

  double sum(Position position) const { return sums_[position - tree_.group().begin]; }

  // Returns the better of two positions, either of which may be kNone.
  Position better(Position a, Position b) const {
    if (a == kNone || b == kNone) return a == kNone ? b : a;
    if (sum(a) != sum(b)) return sum(a) > sum(b) ? a : b;
    return boxes_.node(a) < boxes_.node(b) ? a : b;
  }

  // Returns whether a search that has found `found` wants this position.
  bool is_wanted(Position position, Position found) const {
    return found == kNone ? sum(position) > 0 : position != found && better(position, found) == position;
  }

  void update_leaf(std::size_t leaf) {
    Position best = kNone;
    for (Position position = tree_.begin(leaf); position < tree_.end(leaf); ++position) {
      if (sum(position) != kNoSum) best = better(best, position);
    }
    best_[leaf] = best;
  }

  template <typename Matches>
  void find_best(std::size_t node, Box box, const Matches& matches, Position& found) const {
    const Position best = best_[node];
    if (best == kNone || !is_wanted(best, found) || !tree_.may_overlap(node, box)) return;
    if (matches(best)) {
      found = best;
    } else if (tree_.is_leaf(node)) {
      for (Position position = tree_.begin(node); position < tree_.end(node); ++position) {
        if (is_wanted(position, found) && matches(position)) found = position;
      }
    } else {
      const std::size_t first = 2 * node + (best_[2 * node] != best);  // the child with the better one
      find_best(first, box, matches, found);
      find_best(first ^ 1, box, matches, found);
    }
  }

  template <typename Matches>
  void take(std::size_t node, Box box, const Matches& matches, std::vector<Position>& taken) {
    if (best_[node] == kNone || !tree_.may_overlap(node, box)) return;
    if (!tree_.is_leaf(node)) {
      take(2 * node, box, matches, taken);
      take(2 * node + 1, box, matches, taken);
      best_[node] = better(best_[2 * node], best_[2 * node + 1]);
      return;
    }
    for (Position position = tree_.begin(node); position < tree_.end(node); ++position) {
      if (sum(position) == kNoSum || !matches(position)) continue;
      sums_[position - tree_.group().begin] = kNoSum;
      taken.push_back(position);
    }
    update_leaf(node);
  }

  const SortedBoxes& boxes_;
  GroupTree tree_;
  std::vector<double> sums_;    // by offset in the group
  std::vector<Position> best_;  // by node of the tree: the best position below, or kNone
};

}  // namespace trajtrack
