// The linking graph as passes over plain arrays, for a machine of many small threads.
//
// A pass is a function of one index: what a thread of the GPU does. The passes and their order are written once,
// here; the machine that runs them is a parameter. link_graph_cuda.cu is the machine that people use;
// tests/trajtrack/link_graph_emulation.cpp runs the same passes one index after the other, so that all but the
// launching is tested where there is no GPU.
//
// A machine has
//   Array<T>                            memory of its own, with data()
//   array<T>(count)                     such memory, not initialised
//   fill_bytes(data, byte, count)       sets every byte of `count` values
//   read(data)                          one value, brought to the host
//   for_each(count, pass)               pass(i) for i below count
//   reduce(count, values, join, first)  all values(i) joined, brought to the host
//   select(count, wanted, found)        writes each i with wanted(i), ascending; returns where their number lies
//   sort(keys, values, count, bits)     sorts pairs of two arrays by the low bits of the keys, stably
//   inclusive_sum(count, values, sums)  sums[i] = values(0) + ... + values(i)
//   exclusive_sum(count, values, sums)  sums[i] = values(0) + ... + values(i - 1)
//   running_maximum(count, groups, values, maxima)
//                                       maxima[i] = the greatest values(j) of j <= i in the group of i
//   for_each_window(count, pass)        pass.finish(i, visitor) once `visitor`, begun by pass.start(i), has been
//                                       shown the positions of pass.search.window(i) whose boxes overlap
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "link_graph.h"
#include "overlap.h"

namespace trajtrack::passes {

// Place of a detection in the order by label, frame, left edge, among those that take part.
using Position = std::uint32_t;

inline constexpr Position kNone = std::numeric_limits<Position>::max();
inline constexpr Position kSeveral = kNone - 1;

struct Range {
  Position begin, end;
};

// A box that is loaded in one instruction.
struct alignas(16) SortedBox {
  float x1, y1, x2, y2;

  TRAJTRACK_HOST_DEVICE Box box() const { return {x1, y1, x2, y2}; }
};

TRAJTRACK_HOST_DEVICE inline SortedBox to_sorted(Box box) { return {box.x1, box.y1, box.x2, box.y2}; }

// The caller's columns, by input row.
struct Columns {
  const Box* boxes;
  const float* scores;
  const std::int32_t* frames;
  const std::int32_t* labels;
  std::uint32_t size;
};

// --- checking --------------------------------------------------------------------------------------------------

// What is known of all rows after the check: the first that is no detection, as in first_fault(), and the last
// frame.
struct Verdict {
  std::uint32_t first_fault;  // kNone where every row is good
  std::int32_t last_frame;
};

struct JoinVerdicts {
  TRAJTRACK_HOST_DEVICE Verdict operator()(Verdict a, Verdict b) const {
    return {a.first_fault < b.first_fault ? a.first_fault : b.first_fault,
            a.last_frame < b.last_frame ? b.last_frame : a.last_frame};
  }
};

inline constexpr float kLargestCoordinate = 1e9f;
inline constexpr float kLargestFloat = std::numeric_limits<float>::max();

struct CheckRow {
  Columns columns;

  // Comparisons with NaN are false: so NaN is a fault.
  TRAJTRACK_HOST_DEVICE static bool in_range(float value, float largest) {
    return (value >= -largest) & (value <= largest);
  }

  TRAJTRACK_HOST_DEVICE Verdict operator()(std::uint32_t row) const {
    const Box box = columns.boxes[row];
    const bool good = in_range(box.x1, kLargestCoordinate) & in_range(box.y1, kLargestCoordinate) &
                      in_range(box.x2, kLargestCoordinate) & in_range(box.y2, kLargestCoordinate) & (box.x1 <= box.x2) &
                      (box.y1 <= box.y2) & in_range(columns.scores[row], kLargestFloat) & (columns.frames[row] >= 0);
    return {good ? kNone : row, columns.frames[row]};
  }
};

template <typename Machine>
Verdict check_columns(Machine& machine, const Columns& columns) {
  return machine.reduce(columns.size, CheckRow{columns}, JoinVerdicts{}, Verdict{kNone, -1});
}

// --- sorting ---------------------------------------------------------------------------------------------------

// Unsigned integers in the order of the floats; both zeros are one.
TRAJTRACK_HOST_DEVICE inline std::uint32_t ordered_bits(float value) {
  const float one_zero = value + 0.0f;
  std::uint32_t bits;
  memcpy(&bits, &one_zero, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// Unsigned integers in the order of the labels.
TRAJTRACK_HOST_DEVICE inline std::uint32_t ordered_label(std::int32_t label) {
  return static_cast<std::uint32_t>(label) ^ 0x80000000u;
}

struct TakesPart {
  const float* scores;
  float min_score;

  TRAJTRACK_HOST_DEVICE bool operator()(std::uint32_t row) const { return !(scores[row] < min_score); }
};

// How many rows take part, and how far their frames and labels range: so that no more bits are sorted than differ.
struct Extent {
  std::uint32_t count;
  std::uint32_t last_frame;
  std::uint32_t first_label, last_label;  // as by ordered_label()
};

struct JoinExtents {
  TRAJTRACK_HOST_DEVICE Extent operator()(Extent a, Extent b) const {
    return {a.count + b.count, a.last_frame < b.last_frame ? b.last_frame : a.last_frame,
            a.first_label < b.first_label ? a.first_label : b.first_label,
            a.last_label < b.last_label ? b.last_label : a.last_label};
  }
};

inline constexpr Extent kNoExtent{0, 0, kNone, 0};

struct ExtentOfRow {
  Columns columns;
  TakesPart takes_part;

  TRAJTRACK_HOST_DEVICE Extent operator()(std::uint32_t row) const {
    if (!takes_part(row)) return {0, 0, kNone, 0};
    const std::uint32_t label = ordered_label(columns.labels[row]);
    return {1, static_cast<std::uint32_t>(columns.frames[row]), label, label};
  }
};

struct LeftEdgeKey {
  const Box* boxes;
  float buffer;

  TRAJTRACK_HOST_DEVICE std::uint32_t operator()(std::uint32_t row) const {
    return ordered_bits(grown(boxes[row], buffer).x1);
  }
};

struct FrameKey {
  const std::int32_t* frames;

  TRAJTRACK_HOST_DEVICE std::uint32_t operator()(std::uint32_t row) const {
    return static_cast<std::uint32_t>(frames[row]);
  }
};

struct LabelKey {
  const std::int32_t* labels;
  std::uint32_t first_label;

  TRAJTRACK_HOST_DEVICE std::uint32_t operator()(std::uint32_t row) const {
    return ordered_label(labels[row]) - first_label;
  }
};

template <typename Key>
struct WriteKeys {
  Key key_of;
  const std::uint32_t* rows;
  std::uint32_t* keys;

  TRAJTRACK_HOST_DEVICE void operator()(Position position) const { keys[position] = key_of(rows[position]); }
};

inline int bit_width(std::uint32_t value) {
  int bits = 0;
  for (; value != 0; value >>= 1) ++bits;
  return bits;
}

// The rows that take part, by label (unless `class_agnostic`), frame and left edge.
template <typename Machine>
auto sorted_rows(Machine& machine, const Columns& columns, const TakesPart& takes_part, const Extent& extent,
                 const GraphOptions& options) {
  auto rows = machine.template array<std::uint32_t>(extent.count);
  auto keys = machine.template array<std::uint32_t>(extent.count);
  machine.select(columns.size, takes_part, rows.data());
  // The least significant key first: each sort keeps the order of equals.
  const auto sort_by = [&](const auto& key_of, int bits) {
    if (bits == 0) return;
    using Key = std::decay_t<decltype(key_of)>;
    machine.for_each(extent.count, WriteKeys<Key>{key_of, rows.data(), keys.data()});
    machine.sort(keys, rows, extent.count, bits);
  };
  sort_by(LeftEdgeKey{columns.boxes, options.buffer}, 32);
  sort_by(FrameKey{columns.frames}, bit_width(extent.last_frame));
  if (!options.class_agnostic) {
    sort_by(LabelKey{columns.labels, extent.first_label}, bit_width(extent.last_label - extent.first_label));
  }
  return rows;
}

// --- sorted detections -----------------------------------------------------------------------------------------

// First place in the range whose value is greater than `limit`, where values ascend.
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

// First place in the range whose box does not begin left of `limit`, where left edges ascend.
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

// Detections by position, in groups of one label and frame each. A group's frame and label are its key: the label
// in the upper half, the frame in the lower, where no frame that can be named overflows. So the key of the same
// label n frames later is n greater, and lies in a later group.
struct SortedView {
  std::uint32_t count;
  const std::uint32_t* rows;
  const std::uint64_t* keys;
  const std::uint32_t* groups;   // number of each position's group
  const Position* group_begins;  // first position of each group, and behind the last the number of positions
  const SortedBox* grown;
  const SortedBox* plain;
  const float* reach;  // right-most edge of the group's grown boxes up to this position

  TRAJTRACK_HOST_DEVICE std::uint32_t num_groups() const { return groups[count - 1] + 1; }

  TRAJTRACK_HOST_DEVICE Range group(std::uint32_t number) const {
    return {group_begins[number], group_begins[number + 1]};
  }

  // The boxes of a group that can overlap the box.
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
  SortedBox* plain;  // null where the grown boxes serve

  TRAJTRACK_HOST_DEVICE void operator()(Position position) const {
    const std::uint32_t row = rows[position];
    const Box box = columns.boxes[row];
    const std::uint64_t label = class_agnostic ? 0u : ordered_label(columns.labels[row]);
    keys[position] = label << 32 | static_cast<std::uint32_t>(columns.frames[row]);
    grown[position] = to_sorted(trajtrack::grown(box, buffer));
    if (plain) plain[position] = to_sorted(box);
  }
};

// 1 where a position opens a group, but for the first: the sums number the groups from 0.
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

// --- links to the next frame, and suppression ------------------------------------------------------------------

// Whether two boxes share a true area, without arithmetic: false wherever overlaps() is false for want of one.
TRAJTRACK_HOST_DEVICE inline bool touch(Box a, Box b) {
  return (a.x1 < b.x2) & (b.x1 < a.x2) & (a.y1 < b.y2) & (b.y1 < a.y2);
}

// Which boxes a position's box is tested against: those of the next frame, or the others of its own.
struct PairSearch {
  SortedView sorted;
  const SortedBox* boxes;  // grown or plain
  float threshold;
  bool same_frame;

  TRAJTRACK_HOST_DEVICE Range window(Position position) const {
    std::uint32_t group = sorted.groups[position];
    if (!same_frame) {
      ++group;
      if (group == sorted.num_groups()) return {0, 0};
      if (sorted.keys[sorted.group_begins[group]] != sorted.keys[position] + 1) return {0, 0};
    }
    return sorted.window(sorted.group(group), sorted.grown[position].box());
  }

  // The position that is not to be found in its own window.
  TRAJTRACK_HOST_DEVICE Position self(Position position) const { return same_frame ? position : kNone; }
};

// One position's way through its window, a tile of boxes after the other.
struct WindowWalk {
  Position cursor, end, self;
  Box box;
  float box_area;
  float threshold;

  // A walk that is at its end.
  TRAJTRACK_HOST_DEVICE static WindowWalk none() { return {0, 0, kNone, {0, 0, 0, 0}, 0, 0}; }

  TRAJTRACK_HOST_DEVICE static WindowWalk through(const PairSearch& search, Position position) {
    const Range window = search.window(position);
    const Box box = search.boxes[position].box();
    return {window.begin, window.end, search.self(position), box, area(box), search.threshold};
  }

  // Where the next tile may begin, as far as this position goes.
  TRAJTRACK_HOST_DEVICE Position next() const { return cursor < end ? cursor : kNone; }

  // Shows the visitor what overlaps among the boxes [first, last), which lie in `tile`. `first` is at most next().
  template <typename Visitor>
  TRAJTRACK_HOST_DEVICE void visit(const SortedBox* tile, Position first, Position last, Visitor& visitor) {
    const Position stop = end < last ? end : last;
    for (; cursor < stop; ++cursor) {
      const Box other = tile[cursor - first].box();
      if (!touch(box, other) || cursor == self) continue;
      if (overlaps(box, box_area, other, area(other), threshold)) visitor(cursor);
    }
  }
};

// Remembers at a link's target who leads there: one position, or several. Which of several comes first does not
// matter.
TRAJTRACK_HOST_DEVICE inline void mark_predecessor(Position* previous, Position from) {
#ifdef __CUDA_ARCH__
  if (atomicCAS(previous, kNone, from) != kNone) atomicExch(previous, kSeveral);
#else
  *previous = *previous == kNone ? from : kSeveral;
#endif
}

struct CountPairs {
  PairSearch search;
  std::uint32_t* counts;  // by row
  Position* previous;     // by position; null where nobody asks

  struct Visitor {
    Position* previous;
    Position from;
    std::uint32_t count;

    TRAJTRACK_HOST_DEVICE void operator()(Position to) {
      ++count;
      if (previous) mark_predecessor(previous + to, from);
    }
  };

  TRAJTRACK_HOST_DEVICE Visitor start(Position position) const { return {previous, position, 0}; }
  TRAJTRACK_HOST_DEVICE void finish(Position position, const Visitor& visitor) const {
    counts[search.sorted.rows[position]] = visitor.count;
  }
};

// Sorts in place. Most lists are short; long ones take n log n steps too.
TRAJTRACK_HOST_DEVICE inline void sort_ascending(std::int64_t* values, std::int64_t count) {
  constexpr std::int64_t kShort = 24;
  if (count <= kShort) {
    for (std::int64_t i = 1; i < count; ++i) {
      const std::int64_t value = values[i];
      std::int64_t hole = i;
      for (; hole > 0 && values[hole - 1] > value; --hole) values[hole] = values[hole - 1];
      values[hole] = value;
    }
    return;
  }
  // Heap sort: first a heap is built from the last parent on, then its greatest value goes behind the rest.
  const auto sift = [values](std::int64_t hole, std::int64_t size) {
    const std::int64_t value = values[hole];
    for (std::int64_t child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && values[child + 1] > values[child]) ++child;
      if (values[child] <= value) break;
      values[hole] = values[child];
      hole = child;
    }
    values[hole] = value;
  };
  for (std::int64_t parent = count / 2 - 1; parent >= 0; --parent) sift(parent, count);
  for (std::int64_t size = count - 1; size > 0; --size) {
    const std::int64_t greatest = values[0];
    values[0] = values[size];
    values[size] = greatest;
    sift(0, size);
  }
}

struct FillPairs {
  PairSearch search;
  const std::int64_t* offsets;  // by row
  std::int64_t* targets;

  struct Visitor {
    const std::uint32_t* rows;
    std::int64_t* next;

    TRAJTRACK_HOST_DEVICE void operator()(Position to) { *next++ = rows[to]; }
  };

  TRAJTRACK_HOST_DEVICE Visitor start(Position position) const {
    return {search.sorted.rows, targets + offsets[search.sorted.rows[position]]};
  }
  TRAJTRACK_HOST_DEVICE void finish(Position position, const Visitor& visitor) const {
    std::int64_t* const first = targets + offsets[search.sorted.rows[position]];
    sort_ascending(first, visitor.next - first);
  }
};

// --- links across gaps -----------------------------------------------------------------------------------------

struct IsStart {
  const Position* previous;

  TRAJTRACK_HOST_DEVICE bool operator()(Position position) const { return previous[position] == kNone; }
};

// 1 for a start; 0 behind the last position too, so that the sums end with the number of starts.
struct CountsStart {
  IsStart is_start;
  std::uint32_t count;

  TRAJTRACK_HOST_DEVICE std::uint32_t operator()(Position position) const {
    return position < count && is_start(position);
  }
};

struct IsEnd {
  const std::uint32_t* counts;
  const std::uint32_t* rows;

  TRAJTRACK_HOST_DEVICE bool operator()(Position position) const { return counts[rows[position]] == 0; }
};

struct StartRightEdge {
  IsStart is_start;
  const SortedBox* boxes;

  TRAJTRACK_HOST_DEVICE float operator()(Position position) const {
    return is_start(position) ? boxes[position].x2 : -kLargestFloat;
  }
};

// The detections without a link from the frame before, in the order of their positions: by rank.
struct StartsView {
  const std::uint32_t* ranks;  // number of starts before each position, and of all
  const Position* positions;
  const SortedBox* grown;
  const float* reach;
};

struct GatherStarts {
  IsStart is_start;
  const SortedBox* all_grown;
  const float* all_reach;
  const std::uint32_t* ranks;
  Position* positions;
  SortedBox* grown;
  float* reach;

  TRAJTRACK_HOST_DEVICE void operator()(Position position) const {
    if (!is_start(position)) return;
    const std::uint32_t rank = ranks[position];
    positions[rank] = position;
    grown[rank] = all_grown[position];
    reach[rank] = all_reach[position];
  }
};

// Finds, for a position without a link to the next frame, the compatible starts of the first later frame that has
// any.
struct GapSearch {
  SortedView sorted;
  StartsView starts;
  const Position* previous;
  const std::uint32_t* counts;  // links to the next frame by row; gap links are no harm, for only ends have them
  std::int64_t max_gap;
  std::int64_t motion_frames;
  float gap_iou_threshold;
  float max_shape_change;

  struct Motion {
    Position origin;
    std::int64_t steps;
  };

  // The longest chain to the position, in which each link is the only one of both its ends.
  TRAJTRACK_HOST_DEVICE Motion motion_to(Position position) const {
    std::int64_t steps = 0;
    for (; steps < motion_frames; ++steps) {
      const Position before = previous[position];
      if (before == kNone || before == kSeveral || counts[sorted.rows[before]] > 1) break;
      position = before;
    }
    return {position, steps};
  }

  // Shows the visitor the compatible starts of a group; returns their number.
  template <typename Visitor>
  TRAJTRACK_HOST_DEVICE std::uint32_t visit(Position position, const Motion& motion, std::uint32_t group,
                                            Visitor& visitor) const {
    const Range members = sorted.group(group);
    const Range ranks{starts.ranks[members.begin], starts.ranks[members.end]};
    if (ranks.begin == ranks.end) return 0;
    const Box here = sorted.plain[position].box();
    Box expected = sorted.grown[position].box();
    if (motion.steps > 0) {
      const auto ahead = static_cast<std::int64_t>(sorted.keys[members.begin] - sorted.keys[position]);
      expected = moved(expected, sorted.plain[motion.origin].box(), here, motion.steps, ahead);
    }
    const float expected_area = area(expected);
    std::uint32_t found = 0;
    for (std::uint32_t rank = first_greater(starts.reach, ranks, expected.x1); rank < ranks.end; ++rank) {
      const Box other = starts.grown[rank].box();
      if (!(other.x1 < expected.x2)) break;
      if (!touch(expected, other)) continue;
      if (!overlaps(expected, expected_area, other, area(other), gap_iou_threshold)) continue;
      const Position target = starts.positions[rank];
      if (!similar_shape(here, sorted.plain[target].box(), max_shape_change)) continue;
      ++found;
      visitor(target);
    }
    return found;
  }

  struct Found {
    std::uint32_t group;
    std::uint32_t count;
  };

  TRAJTRACK_HOST_DEVICE Found find(Position position) const {
    const Motion motion = motion_to(position);
    const std::uint64_t key = sorted.keys[position];
    const std::uint64_t last = key + 1 + static_cast<std::uint64_t>(max_gap);
    const std::uint32_t num_groups = sorted.num_groups();
    const auto ignore = [](Position) {};
    for (std::uint32_t group = sorted.groups[position] + 1; group < num_groups; ++group) {
      const std::uint64_t later = sorted.keys[sorted.group_begins[group]];
      if (later > last) break;
      if (later < key + 2) continue;
      const std::uint32_t count = visit(position, motion, group, ignore);
      if (count > 0) return {group, count};
    }
    return {0, 0};
  }
};

struct CountGapLinks {
  GapSearch search;
  const Position* ends;
  const std::uint32_t* num_ends;
  std::uint32_t* counts;        // by row
  std::uint32_t* found_groups;  // by end

  TRAJTRACK_HOST_DEVICE void operator()(std::uint32_t end) const {
    if (end >= *num_ends) return;
    const GapSearch::Found found = search.find(ends[end]);
    found_groups[end] = found.group;
    if (found.count > 0) counts[search.sorted.rows[ends[end]]] = found.count;
  }
};

struct FillGapLinks {
  GapSearch search;
  const Position* ends;
  const std::uint32_t* num_ends;
  const std::uint32_t* found_groups;
  const std::int64_t* offsets;  // by row
  std::int64_t* targets;

  TRAJTRACK_HOST_DEVICE void operator()(std::uint32_t end) const {
    if (end >= *num_ends) return;
    const std::uint32_t row = search.sorted.rows[ends[end]];
    if (offsets[row] == offsets[row + 1]) return;
    FillPairs::Visitor visitor{search.sorted.rows, targets + offsets[row]};
    search.visit(ends[end], search.motion_to(ends[end]), found_groups[end], visitor);
    sort_ascending(targets + offsets[row], offsets[row + 1] - offsets[row]);
  }
};

// Finds the links across gaps, in two steps like all else.
template <typename Machine>
class GapLinks {
 public:
  // Adds the numbers of gap links to `counts`.
  GapLinks(Machine& machine, const SortedView& sorted, const Position* previous, std::uint32_t* counts,
           const GraphOptions& options)
      : count_(sorted.count),
        ranks_(machine.template array<std::uint32_t>(std::size_t{count_} + 1)),
        positions_(machine.template array<Position>(count_)),
        grown_(machine.template array<SortedBox>(count_)),
        reach_(machine.template array<float>(count_)),
        ends_(machine.template array<Position>(count_)),
        found_groups_(machine.template array<std::uint32_t>(count_)) {
    const IsStart is_start{previous};
    {
      auto all_reach = machine.template array<float>(count_);
      machine.exclusive_sum(std::size_t{count_} + 1, CountsStart{is_start, count_}, ranks_.data());
      machine.running_maximum(count_, sorted.groups, StartRightEdge{is_start, sorted.grown}, all_reach.data());
      machine.for_each(count_, GatherStarts{is_start, sorted.grown, all_reach.data(), ranks_.data(), positions_.data(),
                                            grown_.data(), reach_.data()});
    }
    search_ = {sorted,
               {ranks_.data(), positions_.data(), grown_.data(), reach_.data()},
               previous,
               counts,
               options.max_gap,
               options.motion_frames,
               options.gap_iou_threshold,
               options.max_shape_change};
    num_ends_ = machine.select(count_, IsEnd{counts, sorted.rows}, ends_.data());
    machine.for_each(count_, CountGapLinks{search_, ends_.data(), num_ends_.data(), counts, found_groups_.data()});
  }

  void fill(Machine& machine, const std::int64_t* offsets, std::int64_t* targets) const {
    machine.for_each(count_,
                     FillGapLinks{search_, ends_.data(), num_ends_.data(), found_groups_.data(), offsets, targets});
  }

 private:
  template <typename T>
  using Array = typename Machine::template Array<T>;

  std::uint32_t count_;
  Array<std::uint32_t> ranks_;
  Array<Position> positions_;
  Array<SortedBox> grown_;
  Array<float> reach_;
  Array<Position> ends_;
  Array<std::uint32_t> num_ends_;
  Array<std::uint32_t> found_groups_;
  GapSearch search_{};
};

// --- the graph -------------------------------------------------------------------------------------------------

// Lists of input rows in compressed sparse row form, ascending, in the machine's memory.
template <typename Machine>
struct RowLists {
  typename Machine::template Array<std::int64_t> offsets;  // one more than there are input rows
  typename Machine::template Array<std::int64_t> targets;
  std::int64_t num_targets = 0;
};

template <typename Machine>
struct RowGraph {
  RowLists<Machine> links;
  RowLists<Machine> suppressed;  // empty unless asked for
};

struct CountOfRow {
  const std::uint32_t* counts;

  TRAJTRACK_HOST_DEVICE std::int64_t operator()(std::uint32_t row) const { return counts[row]; }
};

// Lists of these lengths, without their targets. One length more is read than there are rows.
template <typename Machine>
RowLists<Machine> lists_of(Machine& machine, const std::uint32_t* counts, std::uint32_t num_rows) {
  RowLists<Machine> lists;
  lists.offsets = machine.template array<std::int64_t>(std::size_t{num_rows} + 1);
  machine.exclusive_sum(std::size_t{num_rows} + 1, CountOfRow{counts}, lists.offsets.data());
  lists.num_targets = machine.read(lists.offsets.data() + num_rows);
  lists.targets = machine.template array<std::int64_t>(static_cast<std::size_t>(lists.num_targets));
  return lists;
}

template <typename Machine>
RowGraph<Machine> build_graph(Machine& machine, const Columns& columns, float min_score, const GraphOptions& options,
                              bool with_suppression) {
  auto counts = machine.template array<std::uint32_t>(std::size_t{columns.size} + 1);
  machine.fill_bytes(counts.data(), 0, std::size_t{columns.size} + 1);
  RowGraph<Machine> graph;
  const TakesPart takes_part{columns.scores, min_score};
  const Extent extent = machine.reduce(columns.size, ExtentOfRow{columns, takes_part}, JoinExtents{}, kNoExtent);
  if (extent.count == 0) {
    graph.links = lists_of(machine, counts.data(), columns.size);
    if (with_suppression) graph.suppressed = lists_of(machine, counts.data(), columns.size);
    return graph;
  }
  const SortedDetections<Machine> detections(machine, columns, takes_part, extent, options);
  const SortedView sorted = detections.view();
  {
    const PairSearch search{sorted, sorted.grown, options.iou_threshold, false};
    if (options.max_gap == 0) {
      machine.for_each_window(sorted.count, CountPairs{search, counts.data(), nullptr});
      graph.links = lists_of(machine, counts.data(), columns.size);
    } else {
      auto previous = machine.template array<Position>(sorted.count);
      machine.fill_bytes(previous.data(), 0xFF, sorted.count);  // kNone everywhere
      machine.for_each_window(sorted.count, CountPairs{search, counts.data(), previous.data()});
      const GapLinks<Machine> gap_links(machine, sorted, previous.data(), counts.data(), options);
      graph.links = lists_of(machine, counts.data(), columns.size);
      gap_links.fill(machine, graph.links.offsets.data(), graph.links.targets.data());
    }
    machine.for_each_window(sorted.count, FillPairs{search, graph.links.offsets.data(), graph.links.targets.data()});
  }
  if (with_suppression) {
    const PairSearch search{sorted, sorted.plain, options.nms_threshold, true};
    machine.for_each_window(sorted.count, CountPairs{search, counts.data(), nullptr});
    graph.suppressed = lists_of(machine, counts.data(), columns.size);
    machine.for_each_window(sorted.count,
                            FillPairs{search, graph.suppressed.offsets.data(), graph.suppressed.targets.data()});
  }
  return graph;
}

}  // namespace trajtrack::passes
