// Runs the passes of csrc/cuda/passes one index after another, for the GPU's results without a GPU.
// Compiled and loaded by emulation.py; not part of the package.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "cuda/passes/build_graph.h"
#include "cuda/passes/check_rows.h"

namespace {

using namespace trajtrack;
using namespace trajtrack::passes;

// Memory that is not zero by accident.
template <typename T>
class Poisoned {
 public:
  Poisoned() = default;
  explicit Poisoned(std::size_t count) : values_(count) {
    if (count > 0) std::memset(static_cast<void*>(values_.data()), 0xA5, count * sizeof(T));
  }

  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }

 private:
  std::vector<T> values_;
};

class Emulation {
 public:
  // Few threads and small tiles, so that small scenes reach the boundaries of both.
  static constexpr std::size_t kThreads = 4;
  static constexpr Position kTile = 3;

  template <typename T>
  using Array = Poisoned<T>;

  template <typename T>
  Array<T> array(std::size_t count) {
    return Array<T>(count);
  }

  template <typename T>
  void fill_bytes(T* data, int byte, std::size_t count) {
    if (count > 0) std::memset(data, byte, count * sizeof(T));
  }

  template <typename T>
  T read(const T* data) {
    return *data;
  }

  template <typename Pass>
  void for_each(std::size_t count, const Pass& pass) {
    for (std::size_t i = count; i-- > 0;) pass(static_cast<std::uint32_t>(i));
  }

  template <typename Values, typename Join, typename T>
  T reduce(std::size_t count, const Values& values, const Join& join, T first) {
    for (std::size_t i = 0; i < count; ++i) first = join(first, values(static_cast<std::uint32_t>(i)));
    return first;
  }

  template <typename Wanted>
  Array<std::uint32_t> select(std::size_t count, const Wanted& wanted, std::uint32_t* found) {
    Array<std::uint32_t> number(1);
    *number.data() = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (wanted(i)) found[(*number.data())++] = i;
    }
    return number;
  }

  void sort(Array<std::uint32_t>& keys, Array<std::uint32_t>& values, std::size_t count, int bits) {
    const auto low = [&](std::uint32_t key) { return bits == 32 ? key : key & ((1u << bits) - 1); };
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return low(keys.data()[a]) < low(keys.data()[b]); });
    Array<std::uint32_t> sorted_keys(count), sorted_values(count);
    for (std::size_t i = 0; i < count; ++i) {
      sorted_keys.data()[i] = keys.data()[order[i]];
      sorted_values.data()[i] = values.data()[order[i]];
    }
    std::swap(keys, sorted_keys);
    std::swap(values, sorted_values);
  }

  template <typename Values, typename T>
  void inclusive_sum(std::size_t count, const Values& values, T* sums) {
    T sum{};
    for (std::uint32_t i = 0; i < count; ++i) sums[i] = sum += values(i);
  }

  template <typename Values, typename T>
  void exclusive_sum(std::size_t count, const Values& values, T* sums) {
    T sum{};
    for (std::uint32_t i = 0; i < count; ++i) {
      sums[i] = sum;
      sum += values(i);
    }
  }

  template <typename Values>
  void running_maximum(std::size_t count, const std::uint32_t* groups, const Values& values, float* maxima) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool opens = i == 0 || groups[i] != groups[i - 1];
      maxima[i] = opens ? values(i) : maximum(maxima[i - 1], values(i));
    }
  }

  // Like a block of threads: each tile begins at the first position that any of them needs next.
  template <typename Pass>
  void for_each_window(std::size_t count, const Pass& pass) {
    const auto size = static_cast<Position>(count);
    for (std::size_t block = 0; block < count; block += kThreads) {
      std::vector<WindowWalk> walks;
      std::vector<typename Pass::Visitor> visitors;
      for (std::size_t i = block; i < std::min(block + kThreads, count); ++i) {
        walks.push_back(WindowWalk::through(pass.search, static_cast<Position>(i)));
        visitors.push_back(pass.start(static_cast<Position>(i)));
      }
      for (;;) {
        Position first = kNone;
        for (const WindowWalk& walk : walks) first = std::min(first, walk.next());
        if (first == kNone) break;
        const Position last = size - first < kTile ? size : first + kTile;
        const std::vector<SortedBox> tile(pass.search.boxes + first, pass.search.boxes + last);
        for (std::size_t i = 0; i < walks.size(); ++i) walks[i].visit(tile.data(), first, last, visitors[i]);
      }
      for (std::size_t i = 0; i < walks.size(); ++i) {
        pass.finish(static_cast<Position>(block + i), visitors[i]);
      }
    }
  }
};

Columns to_columns(const float* boxes, const float* scores, const std::int32_t* frames, const std::int32_t* labels,
                   std::uint32_t size) {
  return {reinterpret_cast<const Box*>(boxes), scores, frames, labels, size};
}

struct Result {
  passes::RowGraph<Emulation> graph;
};

}  // namespace

extern "C" {

// Builds the graph and returns it; the caller must pass it to free_graph().
Result* build(const float* boxes, const float* scores, const std::int32_t* frames, const std::int32_t* labels,
              std::uint32_t size, float min_score, float iou_threshold, float buffer, std::int64_t max_gap,
              float gap_iou_threshold, std::int64_t motion_frames, float max_shape_change, float nms_threshold,
              bool class_agnostic) {
  const GraphOptions options{iou_threshold, buffer,           max_gap,       gap_iou_threshold,
                             motion_frames, max_shape_change, nms_threshold, class_agnostic};
  Emulation machine;
  auto result = std::make_unique<Result>();
  result->graph = build_graph(machine, to_columns(boxes, scores, frames, labels, size), min_score, options, true);
  return result.release();
}

std::int64_t num_targets(const Result* result, bool suppressed) {
  return (suppressed ? result->graph.suppressed : result->graph.links).num_targets;
}

void copy_lists(const Result* result, bool suppressed, std::uint32_t size, std::int64_t* offsets,
                std::int64_t* targets) {
  const auto& lists = suppressed ? result->graph.suppressed : result->graph.links;
  std::copy_n(lists.offsets.data(), std::size_t{size} + 1, offsets);
  std::copy_n(lists.targets.data(), lists.num_targets, targets);
}

void free_graph(Result* result) { delete result; }

// Returns the first invalid row, or the number of rows; sets the last frame.
std::uint32_t check(const float* boxes, const float* scores, const std::int32_t* frames, std::uint32_t size,
                    std::int32_t* last_frame) {
  Emulation machine;
  const CheckResult result = check_columns(machine, to_columns(boxes, scores, frames, nullptr, size));
  *last_frame = result.last_frame;
  return result.first_fault == kNone ? size : result.first_fault;
}

void sort_list(std::int64_t* values, std::int64_t count) { sort_ascending(values, count); }
}
