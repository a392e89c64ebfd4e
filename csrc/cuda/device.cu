#include <cuda_runtime.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <sstream>

#include "cuda/device.h"

namespace trajtrack::cuda {

namespace {

// Bytes that a pool keeps between calls, so that calls of usual sizes need not wait for an allocation.
constexpr std::uint64_t kKept = std::uint64_t{256} << 20;

// What trajtrack holds on a device for the lifetime of the process.
struct DeviceState {
  cudaStream_t stream;
  cudaMemPool_t pool;  // null if the device does not support pools
};

DeviceState make_state(int device) {
  const CurrentDevice current(device);
  DeviceState state{};
  int has_pools = 0;
  check(cudaDeviceGetAttribute(&has_pools, cudaDevAttrMemoryPoolsSupported, device), "cudaDeviceGetAttribute");
  if (has_pools) {
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location.type = cudaMemLocationTypeDevice;
    properties.location.id = device;
    check(cudaMemPoolCreate(&state.pool, &properties), "cudaMemPoolCreate");
    std::uint64_t kept = kKept;
    check(cudaMemPoolSetAttribute(state.pool, cudaMemPoolAttrReleaseThreshold, &kept), "cudaMemPoolSetAttribute");
  }
  check(cudaStreamCreateWithFlags(&state.stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return state;
}

DeviceState state_of(int device) {
  static std::mutex lock;
  // Never destroyed: at process exit, CUDA may be shut down first.
  static auto* const states = new std::map<int, DeviceState>;
  const std::lock_guard guard(lock);
  const auto found = states->find(device);
  if (found != states->end()) return found->second;
  return states->emplace(device, make_state(device)).first->second;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

void check(int error, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears the error, so that the next call does not report it again
  const auto code = static_cast<cudaError_t>(error);
  const std::string message =
      std::string("CUDA: ") + call + ": " + cudaGetErrorString(code) + " (" + cudaGetErrorName(code) + ")";
  if (code == cudaErrorMemoryAllocation) throw OutOfMemory(message);
  throw Error(message);
}

std::string problem() {
  int driver = 0;
  cudaError_t error = cudaDriverGetVersion(&driver);
  if (error == cudaSuccess && driver == 0) return "no NVIDIA driver was found";
  int count = 0;
  if (error == cudaSuccess) error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return "";
  cudaGetLastError();
  if (error == cudaSuccess) return "no CUDA device was found";
  return std::string("CUDA reports: ") + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
}

std::string describe() {
  int runtime = 0, driver = 0;
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  std::ostringstream text;
  text << "runtime " << version_text(runtime);
  if (cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0) text << ", driver for " << version_text(driver);
  const std::string missing = problem();
  if (!missing.empty()) {
    text << "; not usable: " << missing;
    return text.str();
  }
  for (int device = 0; device < num_devices(); ++device) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
    text << "; cuda:" << device << " " << properties.name << " (compute capability " << properties.major << "."
         << properties.minor << ", " << (properties.totalGlobalMem >> 20) << " MiB)";
  }
  return text.str();
}

int num_devices() {
  int count = 0;
  check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  return count;
}

int current_device() {
  int device = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  return device;
}

int device_of(const void* data) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, data), "cudaPointerGetAttributes");
  if (attributes.type != cudaMemoryTypeDevice && attributes.type != cudaMemoryTypeManaged) {
    throw std::invalid_argument("found host memory, expected memory of a CUDA device");
  }
  return attributes.device;
}

CurrentDevice::CurrentDevice(int device) : before_(current_device()), current_(device) {
  if (current_ != before_) check(cudaSetDevice(current_), "cudaSetDevice");
}

CurrentDevice::~CurrentDevice() {
  if (current_ != before_) cudaSetDevice(before_);
}

Stream own_stream(int device) { return {device, state_of(device).stream}; }

void follow(Stream stream, void* other) {
  const CurrentDevice current(stream.device);
  cudaEvent_t reached = nullptr;
  check(cudaEventCreateWithFlags(&reached, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  const cudaError_t recorded = cudaEventRecord(reached, static_cast<cudaStream_t>(other));
  cudaError_t awaited = cudaSuccess;
  if (recorded == cudaSuccess) awaited = cudaStreamWaitEvent(static_cast<cudaStream_t>(stream.handle), reached, 0);
  cudaEventDestroy(reached);  // takes effect once it is no longer needed
  check(recorded, "cudaEventRecord");
  check(awaited, "cudaStreamWaitEvent");
}

void wait(Stream stream) {
  check(cudaStreamSynchronize(static_cast<cudaStream_t>(stream.handle)), "cudaStreamSynchronize");
}

void wait_for_device(int device) {
  const CurrentDevice current(device);
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

Memory::Memory(std::size_t bytes, Stream stream) : stream_(stream) {
  if (bytes == 0) return;
  const CurrentDevice current(stream.device);
  const DeviceState state = state_of(stream.device);
  const cudaError_t error =
      state.pool ? cudaMallocFromPoolAsync(&data_, bytes, state.pool, static_cast<cudaStream_t>(stream.handle))
                 : cudaMalloc(&data_, bytes);
  check(error,
        ("allocation of " + std::to_string(bytes) + " bytes on device " + std::to_string(stream.device)).c_str());
}

void Memory::release() noexcept {
  if (!data_) return;
  // Nothing can be done about an error here: CUDA is shutting down or has failed before.
  int before = 0;
  cudaGetDevice(&before);
  if (before != stream_.device) cudaSetDevice(stream_.device);
  if (cudaFreeAsync(data_, static_cast<cudaStream_t>(stream_.handle)) != cudaSuccess) {
    cudaGetLastError();
    cudaFree(data_);  // the device does not support pools
  }
  if (before != stream_.device) cudaSetDevice(before);
  cudaGetLastError();
  data_ = nullptr;
}

void copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) {
  if (bytes == 0) return;
  const CurrentDevice current(stream.device);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, static_cast<cudaStream_t>(stream.handle)),
        "cudaMemcpyAsync");
  wait(stream);
}

void copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) {
  if (bytes == 0) return;
  const CurrentDevice current(stream.device);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, static_cast<cudaStream_t>(stream.handle)),
        "cudaMemcpyAsync");
  wait(stream);
}

}  // namespace trajtrack::cuda
