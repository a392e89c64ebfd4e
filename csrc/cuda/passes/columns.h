// The columns that the passes read, and positions in the order in which they sort them.
#pragma once

#include <cstdint>

#include "node.h"
#include "overlap.h"

namespace trajtrack::passes {

// Index of a detection among those that take part, ordered by label, frame and left edge.
using Position = Node;

struct Range {
  Position begin, end;
};

// A box that can be loaded in one instruction.
struct alignas(16) SortedBox {
  float x1, y1, x2, y2;

  TRAJTRACK_HOST_DEVICE Box box() const { return {x1, y1, x2, y2}; }
};

TRAJTRACK_HOST_DEVICE inline SortedBox to_sorted(Box box) { return {box.x1, box.y1, box.x2, box.y2}; }

// The columns of the caller, by input row.
struct Columns {
  const Box* boxes;
  const float* scores;
  const std::int32_t* frames;
  const std::int32_t* labels;
  std::uint32_t size;
};

}  // namespace trajtrack::passes
