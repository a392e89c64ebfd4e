// Searches for the nodes of lists that are too long to be stored, while paths are extracted from a component.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chains.h"
#include "link_graph.h"
#include "ranking.h"
#include "sorted_boxes.h"

namespace trajtrack {

// Nodes are given by position in the order of extraction.
class Crowd {
 public:
  // The component has the positions [begin, end).
  Crowd(const LinkGraph& graph, const ChainOrder& order, Node begin, Node end);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  bool has_long_links(Node position) const { return links_of_[position - first_] != kNone; }
  bool has_long_suppression(Node position) const { return suppresses_[position - first_] != 0; }

  // Sets the sum of the best path from a node, which must not have been removed.
  void set_sum(Node position, double sum);
  void remove(Node position);

  // Returns the node with the greatest sum above 0, of equal sums the lowest, to which this one has long links; or
  // kNone.
  Node best_successor(Node position) const;

  // Removes the nodes of a node's long list of suppression, and returns them; valid until the next call.
  std::span<const Node> take_suppressed(Node position);

 private:
  struct Links {
    Box expected;
    Box shape;
    std::uint32_t ranking;
    bool across_gap;
  };

  // The nodes ordered by (frame, row), as offsets from the first position, and their columns in this order.
  struct Members {
    std::vector<Node> offsets;
    std::vector<FrameNodes> frames;
    NodeColumns columns;

    Members(const LongLists& lists, std::span<const Node> nodes);
  };

  Crowd(const LinkGraph& graph, const ChainOrder& order, Node first, const Members& members);
  bool add_long_lists(const LongLists& lists, const ChainOrder& order, const Members& members);
  void find_linked(const LinkGraph& graph, const ChainOrder& order, const Members& members);
  std::uint32_t ranking_of(const Group& group);

  GraphOptions options_;
  Node first_;
  SortedBoxes boxes_;
  std::vector<Ranking> rankings_;  // of the groups in which lists are searched
  std::vector<Links> links_;       // the long links
  // By offset from the first position.
  std::vector<std::uint32_t> places_;    // in `boxes_`
  std::vector<std::uint32_t> links_of_;  // index into `links_`, or kNone
  std::vector<std::uint8_t> suppresses_;
  // By place.
  std::vector<Node> positions_;
  std::vector<std::uint32_t> ranking_of_;  // index into `rankings_`, or kNone
  std::vector<std::uint8_t> is_linked_;    // whether a link from the previous frame leads there; empty without gaps
  std::vector<std::uint32_t> taken_;
};

}  // namespace trajtrack
