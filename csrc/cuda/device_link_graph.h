// Builds the linking graph on a GPU from columns in its memory.
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

// Ascending lists of input rows, int64, in compressed sparse row form.
struct DeviceLists {
  Memory offsets;  // one more than there are rows
  Memory targets;
  std::size_t num_targets = 0;
};

struct DeviceGraph {
  DeviceLists links;
  DeviceLists suppressed;  // empty unless requested
};

// The row of first_fault() and the greatest frame; labels are not read.
struct DeviceCheckResult {
  std::optional<std::size_t> faulty_row;
  std::int32_t last_frame;  // -1 if there are no rows
};

DeviceCheckResult check_columns(const DeviceColumns& columns, Stream stream);

// Builds the same graph as on the CPU, bit for bit. It is complete on return.
DeviceGraph build_link_graph(const DeviceColumns& columns, float min_score, const GraphOptions& options,
                             bool with_suppression, Stream stream);

}  // namespace trajtrack::cuda
