// The linking graph, built on a GPU from columns in its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cuda/device.h"
#include "link_graph.h"

namespace trajtrack::cuda {

// Columns in the memory of one device, as in DetectionsView.
struct DeviceColumns {
  const Box* boxes;
  const float* scores;
  const std::int32_t* frames;
  const std::int32_t* labels;
  std::size_t size;
};

// Lists of input rows in compressed sparse row form, ascending, of int64.
struct DeviceLists {
  Memory offsets;  // one more than there are rows
  Memory targets;
  std::size_t num_targets = 0;
};

struct DeviceGraph {
  DeviceLists links;
  DeviceLists suppressed;  // empty unless asked for
};

// What first_fault() and the greatest frame say of all rows; labels are not read.
struct DeviceRowCheck {
  std::optional<std::size_t> faulty_row;
  std::int32_t last_frame;  // -1 where there are no rows
};

DeviceRowCheck check_columns(const DeviceColumns& columns, Stream stream);

// The same graph as on the CPU, bit for bit; it is complete when this returns.
DeviceGraph build_link_graph(const DeviceColumns& columns, float min_score, const GraphOptions& options,
                             bool with_suppression, Stream stream);

}  // namespace trajtrack::cuda
