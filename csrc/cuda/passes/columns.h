// What the passes read: the columns of the caller, and boxes by position.
#pragma once

#include <cstdint>

#include "node.h"
#include "overlap.h"

namespace trajtrack::passes {

// Index of a detection in the order by label, frame and left edge, among those that take part.
using Position = Node;

struct Range {
  Position begin, end;
};

// A box that is loaded by one instruction.
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

}  // namespace trajtrack::passes
