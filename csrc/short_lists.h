// Short lists of nodes in place of those that are too long to be stored.
//
// Where n boxes lie on top of one another, each has a list of n nodes. Such a list is not stored: the path extraction
// searches for its nodes again. In its place stands a short list of some of its nodes, chosen so that the graph of
// short lists has
//   - the same connected components;
//   - at each node no predecessor, one, or several, as in the complete graph;
//   - at least two nodes in the short list of each long one.
// That is all that must be known about links and suppression before paths are extracted. The short lists of a group
// take memory linear in the number of boxes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "disjoint_sets.h"
#include "group_tree.h"
#include "sorted_boxes.h"

namespace trajtrack {

// Chooses the nodes of short lists in one group.
class ShortLists {
 public:
  ShortLists(const SortedBoxes& boxes, const Group& group);

  using Positions = std::span<const std::uint32_t>;

  // Each returns some of the positions that the search of the same name in SortedBoxes finds; valid until the next
  // call. `found` holds at least two of them.
  Positions choose_linked(Positions found, Box grown_box, float threshold);
  Positions choose_suppressed(Positions found, std::uint32_t position, float threshold);
  Positions choose_similar(Positions found, Box expected, float threshold, Box shape, float max_shape_change);

 private:
  template <typename Test, typename Accepts>
  struct Search;

  template <typename Test, typename Accepts>
  Positions choose(Positions found, const Search<Test, Accepts>& search);
  template <typename Test, typename Accepts>
  void choose_below(std::size_t node, const Search<Test, Accepts>& search);
  template <typename Test, typename Accepts>
  void choose_in_leaf(std::size_t leaf, const Search<Test, Accepts>& search);
  void add(std::uint32_t position);
  bool is_settled(Node node);
  bool is_same_set(Node a, Node b) { return sets_.find(a) == sets_.find(b); }
  Node merged(Node a, Node b);
  Node offset(std::uint32_t position) const { return position - tree_.group().begin; }

  const SortedBoxes& boxes_;
  GroupTree tree_;
  // Nodes are offsets in the group here. Two are in one set if they are connected by lists chosen so far.
  DisjointSets sets_;
  std::vector<std::uint8_t> times_;  // how often each node has been chosen, up to 2
  // By node of the tree: any node below, if all below are in one set and have been chosen twice; kNone if there are
  // none; otherwise kSeveral.
  std::vector<Node> settled_;
  std::vector<std::uint32_t> chosen_;
};

// The searches of SortedBoxes, with short lists in place of those of more than `longest` positions.
class ShortListSearch {
 public:
  ShortListSearch(const SortedBoxes& boxes, std::size_t longest) : boxes_(boxes), longest_(longest) {}

  // Calls visit(position, found, is_long) as SortedBoxes does, to find positions of `next` among these boxes.
  template <typename Visit>
  void visit_linked(const SortedBoxes& earlier, const Group& group, const Group& next, float threshold,
                    const Visit& visit) {
    earlier.visit_linked(group, boxes_, next, threshold, longest_, found_,
                         [&](std::uint32_t position, std::span<const std::uint32_t> found) {
                           if (found.size() <= longest_) {
                             visit(position, found, false);
                           } else {
                             visit(position, lists(next).choose_linked(found, earlier.grown(position), threshold),
                                   true);
                           }
                         });
  }
  template <typename Visit>
  void visit_suppressed(const Group& group, float threshold, const Visit& visit) {
    boxes_.visit_suppressed(group, threshold, longest_, found_,
                            [&](std::uint32_t position, std::span<const std::uint32_t> found) {
                              if (found.size() <= longest_) {
                                visit(position, found, false);
                              } else {
                                visit(position, lists(group).choose_suppressed(found, position, threshold), true);
                              }
                            });
  }

  struct Found {
    std::span<const std::uint32_t> positions;  // valid until the next search
    bool is_long;
  };
  Found find_similar(const Group& group, Box expected, float threshold, Box shape, float max_shape_change);

 private:
  ShortLists& lists(const Group& group) { return lists_.try_emplace(group.begin, boxes_, group).first->second; }

  const SortedBoxes& boxes_;
  std::size_t longest_;
  std::map<std::uint32_t, ShortLists> lists_;  // by the first position of the group, made when first needed
  std::vector<std::uint32_t> found_;
};

}  // namespace trajtrack
