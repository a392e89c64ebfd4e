// Checking the columns.
#pragma once

#include <cstdint>
#include <limits>

#include "cuda/passes/columns.h"

namespace trajtrack::passes {

// Result of checking rows: the first invalid one, as in first_fault(), and the last frame.
struct RowCheck {
  std::uint32_t first_fault;  // kNone if all rows are valid
  std::int32_t last_frame;
};

struct JoinRowChecks {
  TRAJTRACK_HOST_DEVICE RowCheck operator()(RowCheck a, RowCheck b) const {
    return {a.first_fault < b.first_fault ? a.first_fault : b.first_fault,
            a.last_frame < b.last_frame ? b.last_frame : a.last_frame};
  }
};

inline constexpr float kLargestFloat = std::numeric_limits<float>::max();

struct CheckRow {
  Columns columns;

  // Comparisons with NaN are false, so NaN is invalid.
  TRAJTRACK_HOST_DEVICE static bool in_range(float value, float largest) {
    return (value >= -largest) & (value <= largest);
  }

  TRAJTRACK_HOST_DEVICE RowCheck operator()(std::uint32_t row) const {
    const Box box = columns.boxes[row];
    const bool good = in_range(box.x1, kLargestCoordinate) & in_range(box.y1, kLargestCoordinate) &
                      in_range(box.x2, kLargestCoordinate) & in_range(box.y2, kLargestCoordinate) & (box.x1 <= box.x2) &
                      (box.y1 <= box.y2) & in_range(columns.scores[row], kLargestFloat) & (columns.frames[row] >= 0);
    return {good ? kNone : row, columns.frames[row]};
  }
};

template <typename Machine>
RowCheck check_columns(Machine& machine, const Columns& columns) {
  return machine.reduce(columns.size, CheckRow{columns}, JoinRowChecks{}, RowCheck{kNone, -1});
}

}  // namespace trajtrack::passes
