#include "crowd.h"

#include <algorithm>
#include <numeric>

namespace trajtrack {

namespace {

constexpr auto ends_before = [](const FrameNodes& frame, Node node) { return frame.end <= node; };
constexpr auto comes_before = [](const FrameNodes& frame, std::int32_t number) { return frame.frame < number; };
constexpr auto leads_from_before = [](const LongLinks& links, Node node) { return links.from < node; };

}  // namespace

Crowd::Members::Members(const LongLists& lists, std::span<const Node> nodes) : offsets(nodes.size()) {
  std::iota(offsets.begin(), offsets.end(), Node{0});
  std::sort(offsets.begin(), offsets.end(), [&](Node a, Node b) { return nodes[a] < nodes[b]; });
  columns.boxes.reserve(nodes.size());
  columns.labels.reserve(nodes.size());
  const FrameNodes* frame = nullptr;
  for (Node member = 0; member < offsets.size(); ++member) {
    const Node node = nodes[offsets[member]];
    columns.boxes.push_back(lists.columns.boxes[node]);
    columns.labels.push_back(lists.columns.labels[node]);
    if (!frame || node >= frame->end) {
      frame = &*std::lower_bound(lists.frames.begin(), lists.frames.end(), node, ends_before);
      frames.push_back({frame->frame, member, member});
    }
    frames.back().end = member + 1;
  }
}

Crowd::Crowd(const LinkGraph& graph, const ChainOrder& order, Node begin, Node end)
    : Crowd(graph, order, begin, Members(graph.long_lists, {order.nodes.begin() + begin, order.nodes.begin() + end})) {}

Crowd::Crowd(const LinkGraph& graph, const ChainOrder& order, Node first, const Members& members)
    : options_(graph.long_lists.options),
      first_(first),
      boxes_(members.columns, members.frames, options_.buffer, 1),
      places_(members.offsets.size()),
      links_of_(members.offsets.size(), kNone),
      suppresses_(members.offsets.size()),
      positions_(members.offsets.size()),
      ranking_of_(members.offsets.size(), kNone) {
  for (std::uint32_t place = 0; place < places_.size(); ++place) {
    const Node offset = members.offsets[boxes_.node(place)];
    positions_[place] = first + offset;
    places_[offset] = place;
  }
  if (add_long_lists(graph.long_lists, order, members)) find_linked(graph, order, members);
}

// Returns whether any of the links leads across a gap.
bool Crowd::add_long_lists(const LongLists& lists, const ChainOrder& order, const Members& members) {
  bool across_gaps = false;
  for (std::size_t i = 0; i < members.frames.size(); ++i) {
    for (Node member = members.frames[i].begin; member < members.frames[i].end; ++member) {
      const Node offset = members.offsets[member], node = order.nodes[first_ + offset];
      const std::int32_t label = members.columns.labels[member];
      if (std::binary_search(lists.suppressed.begin(), lists.suppressed.end(), node)) {
        suppresses_[offset] = 1;
        ranking_of(*boxes_.find(i, label));
      }
      const auto links = std::lower_bound(lists.links.begin(), lists.links.end(), node, leads_from_before);
      if (links == lists.links.end() || links->from != node) continue;
      const auto to = std::lower_bound(members.frames.begin(), members.frames.end(), links->frame, comes_before);
      const Group& group = *boxes_.find(static_cast<std::size_t>(to - members.frames.begin()), label);
      links_of_[offset] = static_cast<std::uint32_t>(links_.size());
      links_.push_back({links->expected, members.columns.boxes[member], ranking_of(group), links->across_gap});
      across_gaps |= links->across_gap;
    }
  }
  return across_gaps;
}

// Returns the ranking of a group, made when first needed.
std::uint32_t Crowd::ranking_of(const Group& group) {
  if (ranking_of_[group.begin] == kNone) {
    const auto ranking = static_cast<std::uint32_t>(rankings_.size());
    std::fill(ranking_of_.begin() + group.begin, ranking_of_.begin() + group.end, ranking);
    rankings_.emplace_back(boxes_, group);
  }
  return ranking_of_[group.begin];
}

// Notes to which nodes a link from the previous frame leads; short lists name all of them.
void Crowd::find_linked(const LinkGraph& graph, const ChainOrder& order, const Members& members) {
  is_linked_.resize(places_.size());
  for (std::size_t i = 0; i + 1 < members.frames.size(); ++i) {
    const FrameNodes& frame = members.frames[i];
    const FrameNodes& next = members.frames[i + 1];
    if (next.frame - frame.frame != 1) continue;
    for (Node member = frame.begin; member < frame.end; ++member) {
      for (const Node target : graph.links[order.nodes[first_ + members.offsets[member]]]) {
        const std::uint32_t place = places_[order.positions[target] - first_];
        if (boxes_.node(place) < next.end) is_linked_[place] = 1;
      }
    }
  }
}

void Crowd::set_sum(Node position, double sum) {
  const std::uint32_t place = places_[position - first_];
  if (ranking_of_[place] != kNone) rankings_[ranking_of_[place]].set(place, sum);
}

void Crowd::remove(Node position) {
  const std::uint32_t place = places_[position - first_];
  if (ranking_of_[place] != kNone) rankings_[ranking_of_[place]].remove(place);
}

Node Crowd::best_successor(Node position) const {
  const Links& links = links_[links_of_[position - first_]];
  const std::uint32_t found = rankings_[links.ranking].find_best(links.expected, [&](std::uint32_t place) {
    if (!links.across_gap) return boxes_.grown_overlaps(place, links.expected, options_.iou_threshold);
    return !is_linked_[place] && boxes_.grown_overlaps(place, links.expected, options_.gap_iou_threshold) &&
           similar_shape(links.shape, boxes_.given(place), options_.max_shape_change);
  });
  return found == kNone ? kNone : positions_[found];
}

std::span<const Node> Crowd::take_suppressed(Node position) {
  const std::uint32_t own = places_[position - first_];
  const Box box = boxes_.given(own);
  taken_.clear();
  rankings_[ranking_of_[own]].take(
      box,
      [&](std::uint32_t place) { return place != own && boxes_.plain_overlaps(place, box, options_.nms_threshold); },
      taken_);
  for (std::uint32_t& place : taken_) place = positions_[place];
  return taken_;
}

}  // namespace trajtrack
