// The passes that find links across gaps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/passes/columns.h"
#include "cuda/passes/pairs.h"
#include "cuda/passes/sorted_boxes.h"
#include "link_graph.h"

namespace trajtrack::passes {

struct IsStart {
  const Position* previous;

  TRAJTRACK_HOST_DEVICE bool operator()(Position position) const { return previous[position] == kNone; }
};

// 1 for a start, 0 past the last position, so that the sums end with the number of starts.
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

// The detections without a link from the previous frame. A start's rank is its index in the order of positions.
struct StartsView {
  const std::uint32_t* ranks;  // number of starts before each position, then of all starts
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

// Finds, for a position without a link to the next frame, the compatible starts in the first later frame that has any.
struct GapSearch {
  SortedView sorted;
  StartsView starts;
  const Position* previous;
  const std::uint32_t* counts;  // links to the next frame by row; gap links do not interfere, as only ends have them
  std::int64_t max_gap;
  std::int64_t motion_frames;
  float gap_iou_threshold;
  float max_shape_change;

  TRAJTRACK_HOST_DEVICE ChainStart motion_to(Position position) const {
    return find_chain_start(
        position, motion_frames, [this](Position target) { return previous[target]; },
        [this](Position source) { return counts[sorted.rows[source]]; });
  }

  // Calls visitor(position) for each compatible start of a group; returns their number.
  template <typename Visitor>
  TRAJTRACK_HOST_DEVICE std::uint32_t visit(Position position, const ChainStart& motion, std::uint32_t group,
                                            Visitor& visitor) const {
    const Range members = sorted.group(group);
    const Range ranks{starts.ranks[members.begin], starts.ranks[members.end]};
    if (ranks.begin == ranks.end) return 0;
    const Box here = sorted.plain[position].box();
    Box expected = sorted.grown[position].box();
    if (motion.length > 0) {
      const auto ahead = static_cast<std::int64_t>(sorted.keys[members.begin] - sorted.keys[position]);
      expected = moved(expected, sorted.plain[motion.node].box(), here, motion.length, ahead);
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
    const ChainStart motion = motion_to(position);
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

// Finds the links across gaps in two steps: counting, then filling.
template <typename Machine>
class GapLinks {
 public:
  // Writes the numbers of gap links to `counts`.
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

}  // namespace trajtrack::passes
