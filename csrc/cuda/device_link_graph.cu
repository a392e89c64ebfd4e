#include <cuda_runtime.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_select.cuh>
#include <limits>
#include <string>
#include <utility>

#include "cuda/device_link_graph.h"
#include "cuda/passes/build_graph.h"
#include "cuda/passes/check_rows.h"

namespace trajtrack::cuda {

namespace {

using passes::Position;
using passes::SortedBox;
using passes::WindowWalk;

constexpr unsigned kThreads = 128;
constexpr unsigned kWarp = 32;
constexpr Position kTile = 256;  // boxes per tile: 4 KiB

struct Sum {
  template <typename T>
  TRAJTRACK_HOST_DEVICE T operator()(T a, T b) const {
    return a + b;
  }
};

struct Maximum {
  TRAJTRACK_HOST_DEVICE float operator()(float a, float b) const { return maximum(a, b); }
};

struct Equal {
  TRAJTRACK_HOST_DEVICE bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
};

template <typename Pass>
__global__ void __launch_bounds__(kThreads) run_pass(std::uint32_t count, Pass pass) {
  const std::uint32_t i = blockIdx.x * kThreads + threadIdx.x;
  if (i < count) pass(i);
}

// Returns the minimum over the block's threads. `of_warps` may be written again after the next barrier.
__device__ Position block_minimum(Position value, Position* of_warps) {
  for (unsigned distance = kWarp / 2; distance > 0; distance /= 2) {
    value = min(value, __shfl_xor_sync(0xFFFFFFFFu, value, distance));
  }
  if (threadIdx.x % kWarp == 0) of_warps[threadIdx.x / kWarp] = value;
  __syncthreads();
  for (unsigned warp = 0; warp < kThreads / kWarp; ++warp) value = min(value, of_warps[warp]);
  return value;
}

// Runs one thread per position. Neighbouring positions have neighbouring windows, so the block walks through the boxes
// of all its windows one tile at a time, each from the first position that any of its threads needs next.
template <typename Pass>
__global__ void __launch_bounds__(kThreads) run_windows(Position count, Pass pass) {
  __shared__ SortedBox tile[kTile];
  __shared__ Position of_warps[kThreads / kWarp];
  const Position position = blockIdx.x * kThreads + threadIdx.x;
  const bool inside = position < count;  // threads outside still take part in the barriers
  WindowWalk walk = inside ? WindowWalk::through(pass.search, position) : WindowWalk::none();
  auto visitor = pass.start(inside ? position : 0);
  for (;;) {
    // The barrier in here also protects the last tile until every thread is done with it.
    const Position first = block_minimum(walk.next(), of_warps);
    if (first == kNone) break;
    const Position last = count - first < kTile ? count : first + kTile;
    for (Position i = first + threadIdx.x; i < last; i += kThreads) tile[i - first] = pass.search.boxes[i];
    __syncthreads();
    walk.visit(tile, first, last, visitor);
  }
  if (inside) pass.finish(position, visitor);
}

// The machine of passes/build_graph.h on a GPU, whose device must be current.
class Device {
 public:
  template <typename T>
  class Array {
   public:
    Array() = default;
    Array(std::size_t count, Stream stream) : memory_(count * sizeof(T), stream) {}

    T* data() { return static_cast<T*>(memory_.data()); }
    const T* data() const { return static_cast<const T*>(memory_.data()); }
    Memory take() { return std::move(memory_); }

   private:
    Memory memory_;
  };

  explicit Device(Stream stream) : where_(stream), stream_(static_cast<cudaStream_t>(stream.handle)) {}

  template <typename T>
  Array<T> array(std::size_t count) {
    return Array<T>(count, where_);
  }

  template <typename T>
  void fill_bytes(T* data, int byte, std::size_t count) {
    check(cudaMemsetAsync(data, byte, count * sizeof(T), stream_), "cudaMemsetAsync");
  }

  template <typename T>
  T read(const T* data) {
    T value;
    copy_to_host(&value, data, sizeof value, where_);
    return value;
  }

  template <typename Pass>
  void for_each(std::size_t count, const Pass& pass) {
    launch(run_pass<Pass>, count, pass);
  }

  template <typename Pass>
  void for_each_window(std::size_t count, const Pass& pass) {
    launch(run_windows<Pass>, count, pass);
  }

  template <typename Values, typename Join, typename T>
  T reduce(std::size_t count, const Values& values, const Join& join, T first) {
    if (count == 0) return first;
    Array<T> result = array<T>(1);
    with_storage("cub::DeviceReduce::Reduce", [&](void* storage, std::size_t& bytes) {
      return cub::DeviceReduce::Reduce(storage, bytes, over(values), result.data(), items(count), join, first, stream_);
    });
    return read(result.data());
  }

  template <typename Wanted>
  Array<std::uint32_t> select(std::size_t count, const Wanted& wanted, std::uint32_t* found) {
    Array<std::uint32_t> number = array<std::uint32_t>(1);
    with_storage("cub::DeviceSelect::If", [&](void* storage, std::size_t& bytes) {
      return cub::DeviceSelect::If(storage, bytes, thrust::counting_iterator<std::uint32_t>(0), found, number.data(),
                                   items(count), wanted, stream_);
    });
    return number;
  }

  void sort(Array<std::uint32_t>& keys, Array<std::uint32_t>& values, std::size_t count, int bits) {
    Array<std::uint32_t> sorted_keys = array<std::uint32_t>(count), sorted_values = array<std::uint32_t>(count);
    with_storage("cub::DeviceRadixSort::SortPairs", [&](void* storage, std::size_t& bytes) {
      return cub::DeviceRadixSort::SortPairs(storage, bytes, keys.data(), sorted_keys.data(), values.data(),
                                             sorted_values.data(), items(count), 0, bits, stream_);
    });
    std::swap(keys, sorted_keys);
    std::swap(values, sorted_values);
  }

  template <typename Values, typename T>
  void inclusive_sum(std::size_t count, const Values& values, T* sums) {
    with_storage("cub::DeviceScan::InclusiveScan", [&](void* storage, std::size_t& bytes) {
      return cub::DeviceScan::InclusiveScan(storage, bytes, over(values), sums, Sum{}, items(count), stream_);
    });
  }

  template <typename Values, typename T>
  void exclusive_sum(std::size_t count, const Values& values, T* sums) {
    with_storage("cub::DeviceScan::ExclusiveScan", [&](void* storage, std::size_t& bytes) {
      return cub::DeviceScan::ExclusiveScan(storage, bytes, over(values), sums, Sum{}, T{0}, items(count), stream_);
    });
  }

  template <typename Values>
  void running_maximum(std::size_t count, const std::uint32_t* groups, const Values& values, float* maxima) {
    with_storage("cub::DeviceScan::InclusiveScanByKey", [&](void* storage, std::size_t& bytes) {
      return cub::DeviceScan::InclusiveScanByKey(storage, bytes, groups, over(values), maxima, Maximum{}, items(count),
                                                 Equal{}, stream_);
    });
  }

 private:
  template <typename Values>
  static auto over(const Values& values) {
    return thrust::make_transform_iterator(thrust::counting_iterator<std::uint32_t>(0), values);
  }

  static int items(std::size_t count) { return static_cast<int>(count); }

  template <typename Pass>
  void launch(void (*kernel)(std::uint32_t, Pass), std::size_t count, const Pass& pass) {
    if (count == 0) return;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(static_cast<unsigned>((count + kThreads - 1) / kThreads));
    config.blockDim = dim3(kThreads);
    config.stream = stream_;
    check(cudaLaunchKernelEx(&config, kernel, static_cast<std::uint32_t>(count), pass), "cudaLaunchKernelEx");
  }

  // Calls a CUB function twice, as CUB requires: to learn how much memory it needs, then with that memory.
  template <typename Call>
  void with_storage(const char* name, const Call& call) {
    std::size_t bytes = 0;
    check(call(nullptr, bytes), name);
    const Memory storage(bytes > 0 ? bytes : 1, where_);
    check(call(storage.data(), bytes), name);
  }

  Stream where_;
  cudaStream_t stream_;
};

passes::Columns to_columns(const DeviceColumns& columns) {
  // One less than the largest int: passes count one item more than there are rows.
  constexpr std::size_t kLargest = std::numeric_limits<std::int32_t>::max() - 1;
  if (columns.size > kLargest) {
    throw std::length_error("detections: found " + std::to_string(columns.size) + " rows, expected at most " +
                            std::to_string(kLargest) + " in one video on a GPU");
  }
  return {columns.boxes, columns.scores, columns.frames, columns.labels, static_cast<std::uint32_t>(columns.size)};
}

// Runs `work` and waits, also after an exception, until the stream is done with the caller's columns.
template <typename Work>
auto run_to_completion(Stream stream, const Work& work) {
  const CurrentDevice current(stream.device);
  try {
    auto result = work();
    wait(stream);
    return result;
  } catch (...) {
    cudaStreamSynchronize(static_cast<cudaStream_t>(stream.handle));
    throw;
  }
}

DeviceLists to_lists(passes::RowLists<Device>&& lists) {
  return {lists.offsets.take(), lists.targets.take(), static_cast<std::size_t>(lists.num_targets)};
}

}  // namespace

DeviceCheckResult check_columns(const DeviceColumns& columns, Stream stream) {
  const passes::CheckResult checked = run_to_completion(stream, [&] {
    Device device(stream);
    return passes::check_columns(device, to_columns(columns));
  });
  DeviceCheckResult result{std::nullopt, checked.last_frame};
  if (checked.first_fault != kNone) result.faulty_row = checked.first_fault;
  return result;
}

DeviceGraph build_link_graph(const DeviceColumns& columns, float min_score, const GraphOptions& options,
                             bool with_suppression, Stream stream) {
  return run_to_completion(stream, [&]() -> DeviceGraph {
    Device device(stream);
    auto graph = passes::build_graph(device, to_columns(columns), min_score, options, with_suppression);
    return {to_lists(std::move(graph.links)), to_lists(std::move(graph.suppressed))};
  });
}

}  // namespace trajtrack::cuda
