// Streaming: which detections, seen frame by frame, belong to components of the graph that can no longer change.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "link_graph.h"
#include "sorted_boxes.h"

namespace trajtrack {

// Columns of detections, in the order in which they came; `rows` are their numbers in the stream.
struct StreamRows {
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<std::int32_t> frames;
  std::vector<std::int32_t> labels;
  std::vector<std::int64_t> rows;
};

// Detections that can no longer change, and the whole graph of those of them that take part, numbered in their order.
struct ClosedComponents {
  StreamRows rows;
  LinkGraph graph;
};

// A detection is open while it has no link and a later frame may still hold one; a component is open while one of its
// detections is. The detections of a closed component have no links or suppression to any other.
class OpenComponents {
 public:
  OpenComponents(const GraphOptions& options, float min_score, std::optional<std::int64_t> max_open_frames)
      : options_(options), min_score_(min_score), max_open_frames_(max_open_frames) {}

  // Takes the detections of a frame, later than any before, and returns those that can no longer change: of the
  // components that it closes, and those of too low a score. `rows` are their numbers, greater than any before and
  // ascending; `detections.frames` is not read.
  ClosedComponents push(const DetectionsView& detections, std::span<const std::int64_t> rows, std::int32_t frame);

  // Closes all.
  ClosedComponents flush();

  // All detections of open components.
  StreamRows open_rows() const;

  std::size_t num_open_rows() const { return num_live_; }

  // How many components were closed while open because they had become too long.
  std::int64_t num_cut() const { return num_cut_; }

 private:
  using Slot = Node;

  // Slots in a list; lists of all detections share one pool.
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
    std::uint32_t links;       // its list of those to which it links, or kNone
    std::uint32_t suppressed;  // its list of those that a path through it suppresses, or kNone
    std::uint32_t num_links;   // to the next frame
    Slot previous;             // the one that links here from the frame before, kNone or kSeveral
    bool open;
    bool live;  // whether it was not yet given out
    // Of a root:
    Slot last_member;
    std::uint32_t num_open;
  };

  // Detections of a frame, sorted; `slots` are theirs by node.
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
  void link_across_gaps(const SortedFrame& current);
  SortedFrame starts_of(const SortedFrame& current) const;
  bool link_to_start(Slot end, const SortedFrame& starts, std::int64_t steps);
  void cut_long_components(std::int32_t frame);
  void add_to(std::uint32_t& list, Slot slot);
  std::vector<Slot> live_slots() const;
  std::vector<Slot> closed_slots();
  std::vector<Slot> in_order(std::vector<Slot> slots) const;
  ClosedComponents take_out(std::vector<Slot> slots);
  void take_list(std::uint32_t list, NodeLists& lists);
  StreamRows columns(const std::vector<Slot>& slots) const;

  GraphOptions options_;
  float min_score_;
  std::optional<std::int64_t> max_open_frames_;
  // By slot; what is walked from slot to slot in columns of its own, which stay in the cache.
  std::vector<Detection> detections_;
  std::vector<Slot> parents_;       // towards the root of the component
  std::vector<Slot> next_members_;  // the next in the component's list
  std::vector<Slot> free_slots_;
  std::vector<ListEntry> entries_;
  std::uint32_t free_entries_ = kNone;  // a list
  std::vector<Node> nodes_;             // by slot, of what is being taken out
  std::optional<SortedFrame> last_;
  std::vector<Slot> waiting_;                         // open detections before the last frame
  std::vector<Slot> closed_;                          // detections that the current frame closed
  std::deque<std::pair<Slot, std::int64_t>> by_age_;  // slot and row, where components may be cut
  std::vector<std::uint32_t> found_;
  std::size_t num_live_ = 0;
  std::int64_t num_cut_ = 0;
};

}  // namespace trajtrack
