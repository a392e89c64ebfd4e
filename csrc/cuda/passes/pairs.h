// The passes that find overlapping pairs: links to the next frame, and suppression within a frame.
#pragma once

#include <cstdint>

#include "cuda/passes/columns.h"
#include "cuda/passes/sorted_boxes.h"

namespace trajtrack::passes {

// Returns whether two boxes have a positive intersection in exact arithmetic, using comparisons only. False implies
// that overlaps() is false.
TRAJTRACK_HOST_DEVICE inline bool touch(Box a, Box b) {
  return (a.x1 < b.x2) & (b.x1 < a.x2) & (a.y1 < b.y2) & (b.y1 < a.y2);
}

// The boxes that a position's box is tested against: those of the next frame, or the others of its own frame.
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

  // The position to exclude from its own window, or kNone.
  TRAJTRACK_HOST_DEVICE Position self(Position position) const { return same_frame ? position : kNone; }
};

// A walk of one position through its window, one tile of boxes after the other.
struct WindowWalk {
  Position cursor, end, self;
  Box box;
  float box_area;
  float threshold;

  // A walk that has ended.
  TRAJTRACK_HOST_DEVICE static WindowWalk none() { return {0, 0, kNone, {0, 0, 0, 0}, 0, 0}; }

  TRAJTRACK_HOST_DEVICE static WindowWalk through(const PairSearch& search, Position position) {
    const Range window = search.window(position);
    const Box box = search.boxes[position].box();
    return {window.begin, window.end, search.self(position), box, area(box), search.threshold};
  }

  // The first position that this walk needs next, or kNone.
  TRAJTRACK_HOST_DEVICE Position next() const { return cursor < end ? cursor : kNone; }

  // Calls visitor(position) for each overlapping box of [first, last), which `tile` holds. `first` is at most next().
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

// Records at a link's target the position that links to it, or kSeveral. The order in which several are recorded does
// not matter.
TRAJTRACK_HOST_DEVICE inline void mark_predecessor(Position* previous, Position from) {
#ifdef __CUDA_ARCH__
  if (atomicCAS(previous, kNone, from) != kNone) atomicExch(previous, kSeveral);
#else
  *previous = add_predecessor(*previous, from);
#endif
}

struct CountPairs {
  PairSearch search;
  std::uint32_t* counts;  // by row
  Position* previous;     // by position; null if not needed

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

// Sorts in place. Most lists are short; long ones still take only n log n steps.
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
  // Heap sort: build a heap from the last parent down to the first, then repeatedly move its greatest value to the end.
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

}  // namespace trajtrack::passes
