// The sorted detections, grouped by label and frame, with the window of boxes that can overlap a given one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/passes/columns.h"
#include "cuda/passes/sort_rows.h"
#include "link_graph.h"

namespace trajtrack::passes {

// Returns the first position in the range whose value is greater than `limit`; values are ascending.
TRAJTRACK_HOST_DEVICE inline Position first_greater(const float* values, Range range, float limit) {
  while (range.begin < range.end) {
    const Position middle = range.begin + (range.end - range.begin) / 2;
    if (values[middle] > limit) {
      range.end = middle;
    } else {
      range.begin = middle + 1;
    }
  }
  return range.begin;
}

// Returns the first position in the range whose left edge is not less than `limit`; left edges are ascending.
TRAJTRACK_HOST_DEVICE inline Position first_not_left_of(const SortedBox* boxes, Range range, float limit) {
  while (range.begin < range.end) {
    const Position middle = range.begin + (range.end - range.begin) / 2;
    if (boxes[middle].x1 < limit) {
      range.begin = middle + 1;
    } else {
      range.end = middle;
    }
  }
  return range.begin;
}

// Detections by position, in groups of one label and frame each. The key of a group holds its label in the upper half
// and its frame in the lower half, which no valid frame overflows. The key of the same label n frames later is thus n
// greater and belongs to a later group.
struct SortedView {
  std::uint32_t count;
  const std::uint32_t* rows;
  const std::uint64_t* keys;
  const std::uint32_t* groups;   // index of each position's group
  const Position* group_begins;  // first position of each group, then the number of positions
  const SortedBox* grown;
  const SortedBox* plain;
  const float* reach;  // rightmost edge of the group's grown boxes up to this position

  TRAJTRACK_HOST_DEVICE std::uint32_t num_groups() const { return groups[count - 1] + 1; }

  TRAJTRACK_HOST_DEVICE Range group(std::uint32_t number) const {
    return {group_begins[number], group_begins[number + 1]};
  }

  // Returns the boxes of a group that can overlap `box`.
  TRAJTRACK_HOST_DEVICE Range window(Range group, Box box) const {
    const Position begin = first_greater(reach, group, box.x1);
    return {begin, first_not_left_of(grown, {begin, group.end}, box.x2)};
  }
};

struct Gather {
  Columns columns;
  const std::uint32_t* rows;
  float buffer;
  bool class_agnostic;
  std::uint64_t* keys;
  SortedBox* grown;
  SortedBox* plain;  // null if the grown boxes are used instead

  TRAJTRACK_HOST_DEVICE void operator()(Position position) const {
    const std::uint32_t row = rows[position];
    const Box box = columns.boxes[row];
    const std::uint64_t label = class_agnostic ? 0u : ordered_label(columns.labels[row]);
    keys[position] = label << 32 | static_cast<std::uint32_t>(columns.frames[row]);
    grown[position] = to_sorted(trajtrack::grown(box, buffer));
    if (plain) plain[position] = to_sorted(box);
  }
};

// 1 if a position opens a group other than the first, so that the sums number the groups from 0.
struct OpensGroup {
  const std::uint64_t* keys;

  TRAJTRACK_HOST_DEVICE std::uint32_t operator()(Position position) const {
    return position > 0 && keys[position] != keys[position - 1];
  }
};

struct WriteGroupBegins {
  const std::uint32_t* groups;
  std::uint32_t count;
  Position* group_begins;

  TRAJTRACK_HOST_DEVICE void operator()(Position position) const {
    if (position == 0 || groups[position] != groups[position - 1]) group_begins[groups[position]] = position;
    if (position == count - 1) group_begins[groups[position] + 1] = count;
  }
};

struct RightEdge {
  const SortedBox* boxes;

  TRAJTRACK_HOST_DEVICE float operator()(Position position) const { return boxes[position].x2; }
};

template <typename Machine>
class SortedDetections {
 public:
  SortedDetections(Machine& machine, const Columns& columns, const TakesPart& takes_part, const Extent& extent,
                   const GraphOptions& options)
      : count_(extent.count),
        rows_(sorted_rows(machine, columns, takes_part, extent, options)),
        keys_(machine.template array<std::uint64_t>(count_)),
        groups_(machine.template array<std::uint32_t>(count_)),
        group_begins_(machine.template array<Position>(std::size_t{count_} + 1)),
        grown_(machine.template array<SortedBox>(count_)),
        plain_(machine.template array<SortedBox>(options.buffer > 0 ? count_ : 0)),
        reach_(machine.template array<float>(count_)),
        buffered_(options.buffer > 0) {
    machine.for_each(count_, Gather{columns, rows_.data(), options.buffer, options.class_agnostic, keys_.data(),
                                    grown_.data(), buffered_ ? plain_.data() : nullptr});
    machine.inclusive_sum(count_, OpensGroup{keys_.data()}, groups_.data());
    machine.for_each(count_, WriteGroupBegins{groups_.data(), count_, group_begins_.data()});
    machine.running_maximum(count_, groups_.data(), RightEdge{grown_.data()}, reach_.data());
  }

  SortedView view() const {
    return {count_,
            rows_.data(),
            keys_.data(),
            groups_.data(),
            group_begins_.data(),
            grown_.data(),
            buffered_ ? plain_.data() : grown_.data(),
            reach_.data()};
  }

 private:
  template <typename T>
  using Array = typename Machine::template Array<T>;

  std::uint32_t count_;
  Array<std::uint32_t> rows_;
  Array<std::uint64_t> keys_;
  Array<std::uint32_t> groups_;
  Array<Position> group_begins_;
  Array<SortedBox> grown_;
  Array<SortedBox> plain_;
  Array<float> reach_;
  bool buffered_;
};

}  // namespace trajtrack::passes
