// The passes that sort the rows that take part by label, frame and left edge.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/passes/columns.h"
#include "link_graph.h"

namespace trajtrack::passes {

struct TakesPart {
  const float* scores;
  float min_score;

  TRAJTRACK_HOST_DEVICE bool operator()(std::uint32_t row) const { return !(scores[row] < min_score); }
};

// The number of rows that take part and the range of their frames and labels, so that only bits that differ are sorted.
struct Extent {
  std::uint32_t count;
  std::uint32_t last_frame;
  std::uint32_t first_label, last_label;  // as given by ordered_label()
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

// Returns the rows that take part, sorted by label (unless `class_agnostic`), frame and left edge.
template <typename Machine>
auto sorted_rows(Machine& machine, const Columns& columns, const TakesPart& takes_part, const Extent& extent,
                 const GraphOptions& options) {
  auto rows = machine.template array<std::uint32_t>(extent.count);
  auto keys = machine.template array<std::uint32_t>(extent.count);
  machine.select(columns.size, takes_part, rows.data());
  // Sort by the least significant key first: each sort is stable.
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

}  // namespace trajtrack::passes
