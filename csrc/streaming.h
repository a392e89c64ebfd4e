// Streaming: builds the graph frame by frame and hands out the connected components that can no longer change.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "link_graph.h"
#include "short_lists.h"
#include "sorted_boxes.h"

namespace trajtrack {

// Columns of detections, in the order in which they arrived; `rows` holds their indices in the stream.
struct StreamRows {
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<std::int32_t> frames;
  std::vector<std::int32_t> labels;
  std::vector<std::int64_t> rows;
};

// Detections that can no longer change, and the complete graph of those that take part, numbered in the same order.
struct ClosedComponents {
  StreamRows rows;
  LinkGraph graph;
};

// A detection is open while it has no link and a later frame may still give it one; a component is open while one of
// its detections is. Links and suppression never lead out of a closed component.
class OpenComponents {
 public:
  OpenComponents(const GraphOptions& options, float min_score, std::optional<std::int64_t> max_open_frames)
      : options_(options), min_score_(min_score), max_open_frames_(max_open_frames) {}

  // Adds the detections of a frame later than all before it. Returns the detections that can no longer change: those of
  // the components that the frame closes, and those with too low a score. `rows` holds ascending indices in the stream,
  // greater than all before; `detections.frames` is not read.
  ClosedComponents push(const DetectionsView& detections, std::span<const std::int64_t> rows, std::int32_t frame);

  // Closes all components and returns their detections.
  ClosedComponents flush();

  // Returns all detections of open components.
  StreamRows open_rows() const;

  std::size_t num_open_rows() const { return num_live_; }

  // The number of components that were cut because they had been open too long.
  std::int64_t num_cut() const { return num_cut_; }

 private:
  using Slot = Node;  // an index into the columns by slot; kNone and kSeveral are those of nodes

  // An entry in a list of slots; the lists of all detections share one pool.
  struct ListEntry {
    Slot slot;
    std::uint32_t next;  // the next entry of the list, or kNone
  };

  struct Detection {
    Box box;
    std::int64_t row;
    std::int32_t frame;
    float score;
    std::int32_t label;
    std::uint32_t links;       // head of the list of slots that it links to, or kNone; a short list if that is long
    std::uint32_t suppressed;  // the same for the slots that a path through it suppresses
    std::uint32_t num_links;   // number of links to the next frame
    Slot previous;             // its only predecessor in the previous frame, kNone or kSeveral
    bool has_long_links;
    bool has_long_suppression;
    bool open;
    bool live;  // whether it is yet to be handed out
    // Only for the root of a component:
    Slot last_member;
    std::uint32_t num_open;
  };

  // The sorted detections of a frame; `slots` holds the slot of each node.
  struct SortedFrame {
    std::int32_t frame;
    SortedBoxes boxes;
    std::vector<Slot> slots;
  };

  Slot add(const DetectionsView& detections, std::size_t i, std::int32_t frame, std::int64_t row);
  Slot find(Slot slot);
  void join(Slot a, Slot b);
  void close(Slot slot);
  void link_last_frame(const SortedFrame& current);
  void suppress(const SortedFrame& current);
  void link_across_gaps(const SortedFrame& current);
  SortedFrame sorted(std::int32_t frame, std::vector<Slot> slots) const;
  SortedFrame starts_of(const SortedFrame& current) const;
  bool link_to_start(Slot end, const SortedFrame& starts, std::int64_t steps, ShortListSearch& search);
  void add_long_links(Slot from, std::int32_t frame, Box expected, bool across_gap);
  void cut_long_components(std::int32_t frame);
  void add_to(std::uint32_t& list, Slot slot);
  std::vector<Slot> live_slots() const;
  std::vector<Slot> closed_slots();
  std::vector<Slot> in_order(std::vector<Slot> slots) const;
  ClosedComponents take_out(std::vector<Slot> slots);
  void take_list(std::uint32_t list, NodeLists& lists);
  LongLists take_long_lists(const std::vector<Slot>& slots);
  NodeColumns node_columns(const std::vector<Slot>& slots) const;
  StreamRows columns(const std::vector<Slot>& slots) const;

  GraphOptions options_;
  float min_score_;
  std::optional<std::int64_t> max_open_frames_;
  // By slot. Fields followed from slot to slot are columns of their own, which stay in the cache.
  std::vector<Detection> detections_;
  std::vector<Slot> parents_;       // towards the root of the component
  std::vector<Slot> next_members_;  // the next member of the component
  std::vector<Slot> free_slots_;
  std::vector<ListEntry> entries_;
  std::uint32_t free_entries_ = kNone;  // head of the list of unused entries
  std::vector<Node> nodes_;             // by slot, for the detections being handed out
  std::unordered_map<Slot, LongLinks> long_links_;
  std::optional<SortedFrame> last_;
  std::vector<Slot> waiting_;                         // open detections of frames before the last
  std::vector<Slot> closed_;                          // detections closed by the current frame
  std::deque<std::pair<Slot, std::int64_t>> by_age_;  // slot and row, if components may be cut
  std::size_t num_live_ = 0;
  std::int64_t num_cut_ = 0;
};

}  // namespace trajtrack
