#include "streaming.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace trajtrack {

ClosedComponents OpenComponents::push(const DetectionsView& detections, std::span<const std::int64_t> rows,
                                      std::int32_t frame) {
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const Slot slot = add(detections, i, frame, rows[i]);
    if (detections_[slot].score < min_score_) {
      close(slot);  // a component of its own that nothing joins
    } else {
      slots.push_back(slot);
    }
  }
  SortedFrame current = sorted(frame, std::move(slots));
  link_last_frame(current);
  suppress(current);
  link_across_gaps(current);
  last_ = std::move(current);
  if (max_open_frames_) cut_long_components(frame);
  return take_out(closed_slots());
}

ClosedComponents OpenComponents::flush() {
  ClosedComponents all = take_out(live_slots());
  const std::int64_t num_cut = num_cut_;
  *this = OpenComponents(options_, min_score_, max_open_frames_);  // also frees the memory
  num_cut_ = num_cut;
  return all;
}

StreamRows OpenComponents::open_rows() const { return columns(in_order(live_slots())); }

std::vector<OpenComponents::Slot> OpenComponents::live_slots() const {
  std::vector<Slot> slots;
  slots.reserve(num_live_);
  for (Slot slot = 0; slot < detections_.size(); ++slot) {
    if (detections_[slot].live) slots.push_back(slot);
  }
  return slots;
}

OpenComponents::Slot OpenComponents::add(const DetectionsView& detections, std::size_t i, std::int32_t frame,
                                         std::int64_t row) {
  Slot slot = static_cast<Slot>(detections_.size());
  if (free_slots_.empty()) {
    detections_.emplace_back();
    parents_.emplace_back();
    next_members_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  detections_[slot] = {.box = valid_or_empty(detections.boxes[i]),
                       .row = row,
                       .frame = frame,
                       .score = finite_or_zero(detections.scores[i]),
                       .label = detections.labels[i],
                       .links = kNone,
                       .suppressed = kNone,
                       .num_links = 0,
                       .previous = kNone,
                       .has_long_links = false,
                       .has_long_suppression = false,
                       .open = true,
                       .live = true,
                       .last_member = slot,
                       .num_open = 1};
  parents_[slot] = slot;
  next_members_[slot] = kNone;
  if (max_open_frames_) by_age_.emplace_back(slot, row);
  ++num_live_;
  return slot;
}

OpenComponents::Slot OpenComponents::find(Slot slot) {
  while (parents_[slot] != slot) {
    parents_[slot] = parents_[parents_[slot]];
    slot = parents_[slot];
  }
  return slot;
}

void OpenComponents::join(Slot a, Slot b) {
  a = find(a);
  b = find(b);
  if (a == b) return;
  // Keep the older root: most of its component already points to it.
  if (detections_[b].row < detections_[a].row) std::swap(a, b);
  Detection& root = detections_[a];
  Detection& joined = detections_[b];
  parents_[b] = a;
  root.num_open += joined.num_open;
  next_members_[root.last_member] = b;
  root.last_member = joined.last_member;
}

void OpenComponents::close(Slot slot) {
  detections_[slot].open = false;
  --detections_[find(slot)].num_open;
  closed_.push_back(slot);
}

// Links the last frame to `current` if they are consecutive, and splits its detections into closed and waiting.
void OpenComponents::link_last_frame(const SortedFrame& current) {
  if (!last_) return;
  if (current.frame - last_->frame == 1) {
    ShortListSearch search(current.boxes, kLongestList);
    for (const Group& group : last_->boxes.groups(0)) {
      const Group* const next = current.boxes.find(0, group.label);
      if (!next) continue;
      search.visit_linked(last_->boxes, group, *next, options_.iou_threshold,
                          [&](std::uint32_t position, std::span<const std::uint32_t> found, bool is_long) {
                            const Slot from = last_->slots[last_->boxes.node(position)];
                            detections_[from].num_links = static_cast<std::uint32_t>(found.size());
                            if (is_long) add_long_links(from, current.frame, last_->boxes.grown(position), false);
                            for (const std::uint32_t position_found : found) {
                              const Slot to = current.slots[current.boxes.node(position_found)];
                              add_to(detections_[from].links, to);
                              detections_[to].previous = add_predecessor(detections_[to].previous, from);
                              join(from, to);
                            }
                          });
    }
  }
  for (const Slot slot : last_->slots) {
    if (detections_[slot].num_links > 0) {
      close(slot);
    } else {
      waiting_.push_back(slot);
    }
  }
}

// Finds which detections of `current` suppress one another.
void OpenComponents::suppress(const SortedFrame& current) {
  ShortListSearch search(current.boxes, kLongestList);
  for (const Group& group : current.boxes.groups(0)) {
    search.visit_suppressed(group, options_.nms_threshold,
                            [&](std::uint32_t position, std::span<const std::uint32_t> found, bool is_long) {
                              const Slot slot = current.slots[current.boxes.node(position)];
                              detections_[slot].has_long_suppression = is_long;
                              for (const std::uint32_t position_found : found) {
                                const Slot other = current.slots[current.boxes.node(position_found)];
                                add_to(detections_[slot].suppressed, other);
                                join(slot, other);
                              }
                            });
  }
}

// Links waiting detections to the starts of `current`, and closes those that no later frame can link.
void OpenComponents::link_across_gaps(const SortedFrame& current) {
  std::optional<SortedFrame> starts;  // sorted when first needed
  std::optional<ShortListSearch> search;
  std::erase_if(waiting_, [&](Slot end) {
    const std::int64_t steps = std::int64_t{current.frame} - detections_[end].frame;
    const bool in_reach = steps >= 2 && steps <= 1 + options_.max_gap;
    if (in_reach && !starts) {
      starts = starts_of(current);
      search.emplace(starts->boxes, kLongestList);
    }
    const bool done = (in_reach && link_to_start(end, *starts, steps, *search)) || steps >= 1 + options_.max_gap;
    if (done) close(end);
    return done;
  });
}

// Returns the detections of `current` to which no link leads.
OpenComponents::SortedFrame OpenComponents::starts_of(const SortedFrame& current) const {
  std::vector<Slot> slots;
  for (const Slot slot : current.slots) {
    if (detections_[slot].previous == kNone) slots.push_back(slot);
  }
  return sorted(current.frame, std::move(slots));
}

OpenComponents::SortedFrame OpenComponents::sorted(std::int32_t frame, std::vector<Slot> slots) const {
  const FrameNodes nodes{frame, 0, static_cast<Node>(slots.size())};
  return {frame, SortedBoxes(node_columns(slots), {&nodes, 1}, options_.buffer, 1), std::move(slots)};
}

bool OpenComponents::link_to_start(Slot end, const SortedFrame& starts, std::int64_t steps, ShortListSearch& search) {
  const Group* const group = starts.boxes.find(0, options_.class_agnostic ? 0 : detections_[end].label);
  if (!group) return false;
  const auto [origin, length] = find_chain_start(
      end, options_.motion_frames, [this](Slot slot) { return detections_[slot].previous; },
      [this](Slot slot) { return detections_[slot].num_links; });
  const Box shape = detections_[end].box;
  Box expected = grown(shape, options_.buffer);
  if (length > 0) expected = moved(expected, detections_[origin].box, shape, length, steps);
  const auto [found, is_long] =
      search.find_similar(*group, expected, options_.gap_iou_threshold, shape, options_.max_shape_change);
  if (is_long) add_long_links(end, starts.frame, expected, true);
  for (const std::uint32_t position : found) {
    const Slot to = starts.slots[starts.boxes.node(position)];
    add_to(detections_[end].links, to);
    join(end, to);
  }
  return !found.empty();
}

void OpenComponents::add_long_links(Slot from, std::int32_t frame, Box expected, bool across_gap) {
  detections_[from].has_long_links = true;
  long_links_[from] = {from, frame, expected, across_gap};
}

void OpenComponents::cut_long_components(std::int32_t frame) {
  while (!by_age_.empty()) {
    const auto [slot, row] = by_age_.front();
    const bool live = detections_[slot].live && detections_[slot].row == row;
    if (live && detections_[slot].frame > frame - *max_open_frames_) break;
    by_age_.pop_front();
    if (!live) continue;
    const Slot root = find(slot);
    if (detections_[root].num_open == 0) continue;  // closed by this frame
    ++num_cut_;
    for (Slot member = root; member != kNone; member = next_members_[member]) {
      detections_[member].open = false;
    }
    detections_[root].num_open = 0;
    closed_.push_back(root);
  }
  std::erase_if(waiting_, [&](Slot waiting) { return !detections_[waiting].open; });
  std::vector<Slot> last = last_->slots;
  const auto cut = std::erase_if(last, [&](Slot slot) { return !detections_[slot].open; });
  if (cut > 0) last_ = sorted(last_->frame, std::move(last));
}

void OpenComponents::add_to(std::uint32_t& list, Slot slot) {
  std::uint32_t entry = free_entries_;
  if (entry == kNone) {
    if (entries_.size() >= kNone) {
      throw std::length_error("stream: found " + std::to_string(entries_.size()) +
                              " links and suppressions in open components, expected fewer than " +
                              std::to_string(kNone));
    }
    entry = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    free_entries_ = entries_[entry].next;
  }
  entries_[entry] = {slot, list};
  list = entry;
}

// Returns the members of the components whose last open detection the current frame closed.
std::vector<OpenComponents::Slot> OpenComponents::closed_slots() {
  std::vector<Slot> slots;
  std::size_t taken = 0;
  for (const Slot slot : closed_) {
    if (!detections_[slot].live) continue;  // already taken with another detection of its component
    const Slot root = find(slot);
    if (detections_[root].num_open > 0) continue;
    for (Slot member = root; member != kNone; member = next_members_[member]) slots.push_back(member);
    for (std::size_t i = taken; i < slots.size(); ++i) detections_[slots[i]].live = false;
    taken = slots.size();
  }
  closed_.clear();
  return slots;
}

// Removes whole components and frees their slots.
ClosedComponents OpenComponents::take_out(std::vector<Slot> slots) {
  slots = in_order(std::move(slots));
  ClosedComponents closed{columns(slots), {}};
  num_live_ -= slots.size();
  free_slots_.insert(free_slots_.end(), slots.begin(), slots.end());
  std::erase_if(slots, [&](Slot slot) { return detections_[slot].score < min_score_; });
  nodes_.resize(detections_.size());
  for (Node node = 0; node < slots.size(); ++node) nodes_[slots[node]] = node;
  closed.graph.links.offsets.reserve(slots.size() + 1);
  closed.graph.suppressed.offsets.reserve(slots.size() + 1);
  for (const Slot slot : slots) {
    take_list(detections_[slot].links, closed.graph.links);
    take_list(detections_[slot].suppressed, closed.graph.suppressed);
  }
  closed.graph.long_lists = take_long_lists(slots);
  return closed;
}

// Moves the long lists of the nodes at these slots.
LongLists OpenComponents::take_long_lists(const std::vector<Slot>& slots) {
  LongLists lists;
  for (Node node = 0; node < slots.size(); ++node) {
    const Slot slot = slots[node];
    if (detections_[slot].has_long_suppression) lists.suppressed.push_back(node);
    if (!detections_[slot].has_long_links) continue;
    lists.links.push_back(long_links_.extract(slot).mapped());
    lists.links.back().from = node;
  }
  if (lists.empty()) return lists;
  lists.columns = node_columns(slots);
  lists.options = options_;
  for (Node node = 0; node < slots.size(); ++node) {
    const std::int32_t frame = detections_[slots[node]].frame;
    if (lists.frames.empty() || lists.frames.back().frame != frame) lists.frames.push_back({frame, node, node});
    lists.frames.back().end = node + 1;
  }
  return lists;
}

NodeColumns OpenComponents::node_columns(const std::vector<Slot>& slots) const {
  NodeColumns columns;
  for (const Slot slot : slots) {
    columns.boxes.push_back(detections_[slot].box);
    columns.labels.push_back(options_.class_agnostic ? 0 : detections_[slot].label);
  }
  return columns;
}

// Moves a list to the end of `lists`, as ascending nodes.
void OpenComponents::take_list(std::uint32_t list, NodeLists& lists) {
  const auto begin = static_cast<std::ptrdiff_t>(lists.targets.size());
  while (list != kNone) {
    const ListEntry entry = entries_[list];
    lists.targets.push_back(nodes_[entry.slot]);
    entries_[list].next = free_entries_;
    free_entries_ = list;
    list = entry.next;
  }
  std::sort(lists.targets.begin() + begin, lists.targets.end());
  lists.offsets.push_back(lists.targets.size());
}

// Returns the slots in the order in which their detections arrived.
std::vector<OpenComponents::Slot> OpenComponents::in_order(std::vector<Slot> slots) const {
  std::sort(slots.begin(), slots.end(), [&](Slot a, Slot b) { return detections_[a].row < detections_[b].row; });
  return slots;
}

StreamRows OpenComponents::columns(const std::vector<Slot>& slots) const {
  StreamRows rows;
  rows.boxes.reserve(slots.size());
  rows.scores.reserve(slots.size());
  rows.frames.reserve(slots.size());
  rows.labels.reserve(slots.size());
  rows.rows.reserve(slots.size());
  for (const Slot slot : slots) {
    const Detection& detection = detections_[slot];
    rows.boxes.push_back(detection.box);
    rows.scores.push_back(detection.score);
    rows.frames.push_back(detection.frame);
    rows.labels.push_back(detection.label);
    rows.rows.push_back(detection.row);
  }
  return rows;
}

}  // namespace trajtrack
