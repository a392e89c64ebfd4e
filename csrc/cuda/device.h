// The interface of the core to the GPU: devices, streams, memory and errors. Needs no CUDA header.
#pragma once

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace trajtrack::cuda {

// A failed CUDA call; the message includes CUDA's own text.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// Throws unless `error`, a cudaError_t, is cudaSuccess. `call` is the name of the CUDA function.
void check(int error, const char* call);

// Returns why no GPU can be used; empty if one can.
std::string problem();

// Returns runtime, driver and devices, or what is missing, in one line.
std::string describe();

int num_devices();

// Returns the current device of the calling thread.
int current_device();

// Returns the device whose memory holds `data`. Throws std::invalid_argument for host memory.
int device_of(const void* data);

// Makes a device current for the lifetime of this object.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device);
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int before_, current_;
};

// A device and one of its streams, a cudaStream_t.
struct Stream {
  int device;
  void* handle;
};

// Returns the stream on which trajtrack works on a device: a stream of its own, so as not to wait for unrelated work.
Stream own_stream(int device);

// Makes future work on `stream` wait for all work enqueued on `other` so far.
void follow(Stream stream, void* other);

// Waits for all work on the stream. Throws if any of it failed.
void wait(Stream stream);

// Waits for all work on the device.
void wait_for_device(int device);

// Device memory from a pool that keeps some freed memory. It is freed in stream order, so it may be released while its
// stream still uses it.
class Memory {
 public:
  Memory() = default;
  Memory(std::size_t bytes, Stream stream);
  ~Memory() { release(); }
  Memory(Memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), stream_(other.stream_) {}
  Memory& operator=(Memory&& other) noexcept {
    if (this != &other) {
      release();
      data_ = std::exchange(other.data_, nullptr);
      stream_ = other.stream_;
    }
    return *this;
  }

  void* data() const { return data_; }

 private:
  void release() noexcept;

  void* data_ = nullptr;
  Stream stream_{0, nullptr};
};

// Copy bytes and wait until they are copied.
void copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream);
void copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream);

}  // namespace trajtrack::cuda
