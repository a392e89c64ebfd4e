// The part of the CUDA runtime that trajtrack uses, declared as in CUDA's documentation and implemented by runtime.cpp
// on the CPU: a stand-in for a machine with two GPUs. Its names are CUDA's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "block.h"

#define __host__
#define __device__
#define __global__
#define __launch_bounds__(threads)
#define __shared__ static  // blocks run one after another

using cudaError_t = int;
inline constexpr cudaError_t cudaSuccess = 0;
inline constexpr cudaError_t cudaErrorInvalidValue = 1;
inline constexpr cudaError_t cudaErrorMemoryAllocation = 2;
inline constexpr cudaError_t cudaErrorInvalidConfiguration = 9;
inline constexpr cudaError_t cudaErrorInvalidDevice = 101;
inline constexpr cudaError_t cudaErrorInvalidResourceHandle = 400;
inline constexpr cudaError_t cudaErrorLaunchFailure = 719;
inline constexpr cudaError_t cudaErrorNotSupported = 801;

struct cudaStream;
struct cudaEvent;
struct cudaMemPool;
using cudaStream_t = cudaStream*;
using cudaEvent_t = cudaEvent*;
using cudaMemPool_t = cudaMemPool*;

inline constexpr unsigned cudaStreamNonBlocking = 1;
inline constexpr unsigned cudaEventDisableTiming = 2;

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeHost, cudaMemoryTypeDevice, cudaMemoryTypeManaged };
enum cudaDeviceAttr { cudaDevAttrMemoryPoolsSupported = 115 };
enum cudaMemAllocationType { cudaMemAllocationTypePinned = 1 };
enum cudaMemLocationType { cudaMemLocationTypeDevice = 1 };
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold = 4 };

struct dim3 {
  unsigned x = 1, y = 1, z = 1;

  dim3() = default;
  explicit dim3(unsigned count) : x(count) {}
};

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
};

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int major, minor;
};

struct cudaPointerAttributes {
  cudaMemoryType type;
  int device;
};

struct cudaMemPoolProps {
  cudaMemAllocationType allocType;
  struct {
    cudaMemLocationType type;
    int id;
  } location;
};

// Exported, so that tests can act as another library that uses the same devices.
#define STAND_IN_API extern "C" __attribute__((visibility("default")))

STAND_IN_API cudaError_t cudaGetLastError();
STAND_IN_API const char* cudaGetErrorName(cudaError_t error);
STAND_IN_API const char* cudaGetErrorString(cudaError_t error);
STAND_IN_API cudaError_t cudaDriverGetVersion(int* version);
STAND_IN_API cudaError_t cudaRuntimeGetVersion(int* version);
STAND_IN_API cudaError_t cudaGetDeviceCount(int* count);
STAND_IN_API cudaError_t cudaGetDevice(int* device);
STAND_IN_API cudaError_t cudaSetDevice(int device);
STAND_IN_API cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
STAND_IN_API cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
STAND_IN_API cudaError_t cudaDeviceSynchronize();
STAND_IN_API cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* data);
STAND_IN_API cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
STAND_IN_API cudaError_t cudaStreamSynchronize(cudaStream_t stream);
STAND_IN_API cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
STAND_IN_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
STAND_IN_API cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
STAND_IN_API cudaError_t cudaEventDestroy(cudaEvent_t event);
STAND_IN_API cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties);
STAND_IN_API cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
STAND_IN_API cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total);
STAND_IN_API cudaError_t cudaMalloc(void** data, std::size_t bytes);
STAND_IN_API cudaError_t cudaMallocFromPoolAsync(void** data, std::size_t bytes, cudaMemPool_t pool,
                                                 cudaStream_t stream);
STAND_IN_API cudaError_t cudaFree(void* data);
STAND_IN_API cudaError_t cudaFreeAsync(void* data, cudaStream_t stream);
STAND_IN_API cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                                         cudaStream_t stream);
STAND_IN_API cudaError_t cudaMemsetAsync(void* data, int byte, std::size_t bytes, cudaStream_t stream);

// Not CUDA's: makes the call with this index, counted from now on, fail like a call of its kind; -1 ends that.
STAND_IN_API void standInFail(std::int64_t call);
// Not CUDA's: the number of calls since standInFail() that could have failed.
STAND_IN_API std::int64_t standInCalls();

namespace stand_in {

// Checks a launch or a library call, and keeps it until something waits for the stream.
cudaError_t enqueue(cudaStream_t stream, std::function<void()> work);
cudaError_t enqueue_launch(const cudaLaunchConfig_t& config, std::function<void()> thread);

// Whether all these bytes lie in one allocation of the current device.
bool on_current_device(const void* data, std::size_t bytes);

}  // namespace stand_in

template <typename... Expected, typename... Actual>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Expected...), Actual&&... arguments) {
  static_assert((std::is_trivially_copyable_v<Expected> && ...), "arguments of a kernel are copied as bytes");
  return stand_in::enqueue_launch(
      *config, [kernel, copies = std::tuple<Expected...>(arguments...)] { std::apply(kernel, copies); });
}

// --- device code -----------------------------------------------------------------------------------------------

#define threadIdx (stand_in::thread_index())
#define blockIdx (stand_in::block_index())

inline void __syncthreads() { stand_in::wait_for_block(); }

template <typename T>
T __shfl_xor_sync(unsigned lanes, T value, int distance) {
  static_assert(sizeof(T) == sizeof(std::uint32_t));
  std::uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  bits = stand_in::exchange_in_warp(lanes, bits, static_cast<unsigned>(distance));
  __builtin_memcpy(&value, &bits, sizeof bits);
  return value;
}

// Threads of a block switch only where they wait, so these are atomic.
inline unsigned atomicExch(unsigned* place, unsigned value) { return std::exchange(*place, value); }
inline unsigned atomicCAS(unsigned* place, unsigned expected, unsigned value) {
  return *place == expected ? std::exchange(*place, value) : *place;
}

using std::min;
