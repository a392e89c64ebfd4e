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

// A detection is open while it has no link and a later frame may still hold one; a component is open while one of its
// detections is. The detections of a closed component, linked by themselves, give the trajectories that they give
// among all others.
class OpenComponents {
 public:
  OpenComponents(const GraphOptions& options, float min_score, std::optional<std::int64_t> max_open_frames)
      : options_(options), min_score_(min_score), max_open_frames_(max_open_frames) {}

  // Takes the detections of a frame, later than any before, and returns those that can no longer change: of the
  // components that it closes, and those of too low a score. `rows` are their numbers, greater than any before and
  // ascending; `detections.frames` is not read.
  StreamRows push(const DetectionsView& detections, std::span<const std::int64_t> rows, std::int32_t frame);

  // Closes all.
  StreamRows flush();

  // All detections of open components.
  StreamRows open_rows() const;

  std::size_t num_open_rows() const { return num_live_; }

  // How many components were closed while open because they had become too long.
  std::int64_t num_cut() const { return num_cut_; }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = ~Slot{0};
  static constexpr Slot kSeveral = kNone - 1;

  struct Detection {
    Box box;
    std::int64_t row;
    std::int32_t frame;
    float score;
    std::int32_t label;
    std::uint32_t num_links;  // to the next frame
    Slot previous;            // the one that links here from the frame before, kNone or kSeveral
    bool open;
    bool live;  // whether it was not yet given out
    // Of a root:
    Slot last_member;
    std::uint32_t num_open;
  };

  // The detections of the last frame, sorted; `slots` are theirs by node.
  struct LastFrame {
    std::int32_t frame;
    SortedBoxes boxes;
    std::vector<Slot> slots;
  };

  Slot add(const DetectionsView& detections, std::size_t i, std::int32_t frame, std::int64_t row);
  Slot find(Slot slot);
  void join(Slot a, Slot b);
  void close(Slot slot);
  void link_last_frame(const LastFrame& current);
  void link_across_gaps(const LastFrame& current);
  bool link_to_start(Slot end, const SortedBoxes& starts, const std::vector<Slot>& slots, std::int64_t steps);
  void cut_long_components(std::int32_t frame);
  StreamRows take_closed();
  StreamRows columns(const std::vector<Slot>& slots) const;

  GraphOptions options_;
  float min_score_;
  std::optional<std::int64_t> max_open_frames_;
  // By slot; what is walked from slot to slot in columns of its own, which stay in the cache.
  std::vector<Detection> detections_;
  std::vector<Slot> parents_;       // towards the root of the component
  std::vector<Slot> next_members_;  // the next in the component's list
  std::vector<Slot> free_slots_;
  std::optional<LastFrame> last_;
  std::vector<Slot> waiting_;                         // open detections before the last frame
  std::vector<Slot> closed_;                          // detections that the current frame closed
  std::deque<std::pair<Slot, std::int64_t>> by_age_;  // slot and row, where components may be cut
  std::vector<std::uint32_t> found_;
  std::size_t num_live_ = 0;
  std::int64_t num_cut_ = 0;
};

}  // namespace trajtrack
