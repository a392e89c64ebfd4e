// The pass that checks whether every row is a valid detection.
#pragma once

#include <cstdint>

#include "cuda/passes/columns.h"

namespace trajtrack::passes {

// The result of checking rows: the first row that is not a valid detection, as in first_fault(), and the last frame.
struct CheckResult {
  std::uint32_t first_fault;  // kNone if all rows are valid
  std::int32_t last_frame;
};

struct JoinCheckResults {
  TRAJTRACK_HOST_DEVICE CheckResult operator()(CheckResult a, CheckResult b) const {
    return {a.first_fault < b.first_fault ? a.first_fault : b.first_fault,
            a.last_frame < b.last_frame ? b.last_frame : a.last_frame};
  }
};

struct CheckRow {
  Columns columns;

  // Comparisons with NaN are false, so NaN is a fault.
  TRAJTRACK_HOST_DEVICE static bool in_range(float value, float largest) {
    return (value >= -largest) & (value <= largest);
  }

  TRAJTRACK_HOST_DEVICE CheckResult operator()(std::uint32_t row) const {
    const Box box = columns.boxes[row];
    const bool good = in_range(box.x1, kLargestCoordinate) & in_range(box.y1, kLargestCoordinate) &
                      in_range(box.x2, kLargestCoordinate) & in_range(box.y2, kLargestCoordinate) & (box.x1 <= box.x2) &
                      (box.y1 <= box.y2) & in_range(columns.scores[row], kLargestFloat) & (columns.frames[row] >= 0);
    return {good ? kNone : row, columns.frames[row]};
  }
};

template <typename Machine>
CheckResult check_columns(Machine& machine, const Columns& columns) {
  return machine.reduce(columns.size, CheckRow{columns}, JoinCheckResults{}, CheckResult{kNone, -1});
}

}  // namespace trajtrack::passes
