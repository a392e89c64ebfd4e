// Builds the linking graph with passes over plain arrays, for a machine of many small threads.
//
// A pass is a function of one index, run by one GPU thread. The passes and their order are defined once, in this
// folder; the machine that runs them is a parameter. cuda/device_link_graph.cu is the real machine;
// tests/helpers/link_graph_emulation.cpp runs the same passes one index after the other, so that everything but the
// launches is tested without a GPU.
//
// A machine provides
//   Array<T>                            memory of the machine, with data()
//   array<T>(count)                     such memory, uninitialised
//   fill_bytes(data, byte, count)       sets every byte of `count` values
//   read(data)                          one value, copied to the host
//   for_each(count, pass)               pass(i) for i below count
//   reduce(count, values, join, first)  all values(i) joined, copied to the host
//   select(count, wanted, found)        writes each i with wanted(i), ascending; returns an array that holds their
//   number sort(keys, values, count, bits)     stably sorts pairs of two arrays by the low bits of the keys
//   inclusive_sum(count, values, sums)  sums[i] = values(0) + ... + values(i)
//   exclusive_sum(count, values, sums)  sums[i] = values(0) + ... + values(i - 1)
//   running_maximum(count, groups, values, maxima)
//                                       maxima[i] = the greatest values(j) of j <= i in the group of i
//   for_each_window(count, pass)        pass.finish(i, visitor), where `visitor` comes from pass.start(i) and has
//                                       been called with the positions of pass.search.window(i) whose boxes overlap
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/passes/columns.h"
#include "cuda/passes/gaps.h"
#include "cuda/passes/pairs.h"
#include "cuda/passes/sort_rows.h"
#include "cuda/passes/sorted_boxes.h"
#include "link_graph.h"

namespace trajtrack::passes {

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
  RowLists<Machine> suppressed;  // empty unless requested
};

struct CountOfRow {
  const std::uint32_t* counts;

  TRAJTRACK_HOST_DEVICE std::int64_t operator()(std::uint32_t row) const { return counts[row]; }
};

// Returns lists of these lengths with uninitialised targets. Reads one length more than there are rows.
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
