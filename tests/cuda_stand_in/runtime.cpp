// The CUDA runtime on the CPU. The work of a stream is done as late as possible: when something waits for it. Code that
// reads a result too early, or forgets to wait for another stream, therefore gets a wrong result.
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cuda_runtime.h"
#include "memory.h"

struct cudaStream {
  int device;
  std::deque<std::function<void()>> work;
  std::uint64_t done = 0;

  std::uint64_t given() const { return done + work.size(); }
};

struct cudaEvent {
  int device;
  cudaStream* stream;  // null until it is recorded
  std::uint64_t reached;
};

struct cudaMemPool {
  int device;
};

namespace {

using stand_in::kDevices;

struct Runtime {
  std::recursive_mutex lock;
  cudaStream defaults[kDevices] = {{0, {}}, {1, {}}};
  std::set<cudaStream*> streams;
  std::int64_t calls = 0;
  std::int64_t failing = -1;
};

Runtime& runtime() {
  static auto* const the_runtime = new Runtime;  // never destroyed: arrays may be freed while the process ends
  return *the_runtime;
}

thread_local int current = 0;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t said(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

bool valid(int device) { return device >= 0 && device < kDevices; }

bool has_pools(int device) { return device == 0; }

// Whether this call is the one that must fail.
bool fails() {
  Runtime& here = runtime();
  return here.calls++ == here.failing;
}

// Runs a call with the runtime locked; it may be made to fail, and its error is remembered.
template <typename Work>
cudaError_t call(cudaError_t failure, const Work& work) {
  const std::lock_guard guard(runtime().lock);
  return said(fails() ? failure : work());
}

// The stream of a handle; 0, 1 and 2 are the default streams of the current device.
cudaStream* stream_of(cudaStream_t handle) {
  Runtime& here = runtime();
  if (reinterpret_cast<std::uintptr_t>(handle) <= 2) return &here.defaults[current];
  return here.streams.contains(handle) ? handle : nullptr;
}

void drain(cudaStream& stream, std::uint64_t until) {
  while (stream.done < until) {
    const auto next = std::move(stream.work.front());
    stream.work.pop_front();
    ++stream.done;
    next();
  }
}

void drain_device(int device) {
  Runtime& here = runtime();
  drain(here.defaults[device], here.defaults[device].given());
  for (cudaStream* stream : here.streams) {
    if (stream->device == device) drain(*stream, stream->given());
  }
}

void give(cudaStream& stream, int device, std::function<void()> work) {
  stream.work.push_back([device, work = std::move(work)] {
    const stand_in::Opened opened(device);
    work();
  });
}

cudaError_t allocate(void** data, std::size_t bytes, cudaStream* stream) {
  const bool from_pool = stream != nullptr;
  *data = stand_in::allocate(bytes, current, from_pool);
  if (*data == nullptr && from_pool) {  // memory freed in this stream becomes available
    drain(*stream, stream->given());
    *data = stand_in::allocate(bytes, current, from_pool);
  }
  return *data == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

}  // namespace

namespace stand_in {

bool on_current_device(const void* data, std::size_t bytes) {
  const auto place = find(data, bytes);
  return place && place->device == current;
}

cudaError_t enqueue(cudaStream_t stream, std::function<void()> work) {
  return call(cudaErrorLaunchFailure, [&] {
    cudaStream* const found = stream_of(stream);
    if (found == nullptr || found->device != current) return cudaErrorInvalidResourceHandle;
    give(*found, current, std::move(work));
    return cudaSuccess;
  });
}

cudaError_t enqueue_launch(const cudaLaunchConfig_t& config, std::function<void()> kernel) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  const bool flat = grid.y == 1 && grid.z == 1 && block.y == 1 && block.z == 1;
  if (!flat || grid.x == 0 || grid.x > 0x7FFFFFFFu || block.x == 0 || block.x > 1024) {
    return said(cudaErrorInvalidConfiguration);
  }
  return enqueue(config.stream, [=] { run_grid(grid.x, block.x, kernel); });
}

}  // namespace stand_in

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorNotSupported:
      return "cudaErrorNotSupported";
    default:
      return "unrecognized error code";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : cudaGetErrorName(error);
}

cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = kDevices, cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = current, cudaSuccess; }

cudaError_t cudaSetDevice(int device) {
  if (!valid(device)) return said(cudaErrorInvalidDevice);
  current = device;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (!valid(device)) return said(cudaErrorInvalidDevice);
  *properties = {"stand-in for a GPU", stand_in::kMemory, 0, 0};
  return cudaSuccess;
}

// The second device has no pools, like some real devices.
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (!valid(device)) return said(cudaErrorInvalidDevice);
  if (attribute != cudaDevAttrMemoryPoolsSupported) return said(cudaErrorInvalidValue);
  *value = has_pools(device);
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  return call(cudaErrorLaunchFailure, [] {
    drain_device(current);
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* data) {
  return call(cudaErrorInvalidValue, [&] {
    const auto place = stand_in::find(data, 1);
    *attributes = place ? cudaPointerAttributes{cudaMemoryTypeDevice, place->device}
                        : cudaPointerAttributes{cudaMemoryTypeUnregistered, -1};
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return call(cudaErrorMemoryAllocation, [&] {
    *stream = new cudaStream{current, {}};
    runtime().streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call(cudaErrorLaunchFailure, [&] {
    cudaStream* const found = stream_of(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    drain(*found, found->given());
    return cudaSuccess;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return call(cudaErrorLaunchFailure, [&] {
    cudaStream* const found = stream_of(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (event->stream != nullptr) {
      found->work.push_back([other = event->stream, until = event->reached] { drain(*other, until); });
    }
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return call(cudaErrorMemoryAllocation, [&] {
    *event = new cudaEvent{current, nullptr, 0};
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call(cudaErrorLaunchFailure, [&] {
    cudaStream* const found = stream_of(stream);
    if (found == nullptr || found->device != event->device) return cudaErrorInvalidResourceHandle;
    event->stream = found;
    event->reached = found->given();
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
  return call(cudaErrorMemoryAllocation, [&] {
    if (!valid(properties->location.id) || !has_pools(properties->location.id)) return cudaErrorNotSupported;
    *pool = new cudaMemPool{properties->location.id};
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }

cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total) {
  const std::lock_guard guard(runtime().lock);
  *available = stand_in::available(current);
  *total = stand_in::kMemory;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** data, std::size_t bytes) {
  return call(cudaErrorMemoryAllocation, [&] { return allocate(data, bytes, nullptr); });
}

cudaError_t cudaMallocFromPoolAsync(void** data, std::size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  return call(cudaErrorMemoryAllocation, [&] {
    cudaStream* const found = stream_of(stream);
    if (found == nullptr || found->device != current || pool->device != current) return cudaErrorInvalidValue;
    return allocate(data, bytes, found);
  });
}

cudaError_t cudaFree(void* data) {
  const std::lock_guard guard(runtime().lock);
  const auto place = stand_in::find(data, 1);
  if (!place) return said(cudaErrorInvalidValue);
  drain_device(place->device);
  stand_in::release(data);
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* data, cudaStream_t stream) {
  const std::lock_guard guard(runtime().lock);
  const auto place = stand_in::find(data, 1);
  cudaStream* const found = stream_of(stream);
  if (!place || found == nullptr) return said(cudaErrorInvalidValue);
  if (!place->from_pool) return said(cudaErrorNotSupported);
  found->work.push_back([data] { stand_in::release(data); });
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return call(cudaErrorLaunchFailure, [&] {
    cudaStream* const found = stream_of(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    const auto there = stand_in::find(to, bytes), here = stand_in::find(from, bytes);
    // As documented for pageable host memory: it has been read or written when the call returns.
    if (kind == cudaMemcpyHostToDevice && there && !here) {
      const auto* const first = static_cast<const char*>(from);
      give(*found, there->device,
           [to, read = std::vector<char>(first, first + bytes)] { std::memcpy(to, read.data(), read.size()); });
      return cudaSuccess;
    }
    if (kind == cudaMemcpyDeviceToHost && here && !there) {
      give(*found, here->device, [=] { std::memcpy(to, from, bytes); });
      drain(*found, found->given());
      return cudaSuccess;
    }
    if (kind == cudaMemcpyDeviceToDevice && here && there && here->device == there->device) {
      give(*found, here->device, [=] { std::memmove(to, from, bytes); });
      return cudaSuccess;
    }
    return cudaErrorInvalidValue;
  });
}

cudaError_t cudaMemsetAsync(void* data, int byte, std::size_t bytes, cudaStream_t stream) {
  return call(cudaErrorLaunchFailure, [&] {
    cudaStream* const found = stream_of(stream);
    const auto place = stand_in::find(data, bytes);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (!place || place->device != found->device) return cudaErrorInvalidValue;
    give(*found, place->device, [=] { std::memset(data, byte, bytes); });
    return cudaSuccess;
  });
}

void standInFail(std::int64_t call) {
  const std::lock_guard guard(runtime().lock);
  runtime().calls = 0;
  runtime().failing = call;
}

std::int64_t standInCalls() {
  const std::lock_guard guard(runtime().lock);
  return runtime().calls;
}
