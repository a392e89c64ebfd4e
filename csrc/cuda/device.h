// The GPU as the rest of the core sees it: devices, streams, memory, errors. Needs no CUDA header.
#pragma once

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace trajtrack::cuda {

// A call of CUDA failed; the message holds CUDA's own text.
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

// Throws unless `error`, a cudaError_t, is success. `call` names what was called.
void check(int error, const char* call);

// Why no GPU can be used; empty where one can.
std::string problem();

// Run time, driver and devices, or what is missing, in one line.
std::string describe();

int num_devices();

// The device that the calling thread uses.
int current_device();

// The device in whose memory an array lies. Throws std::invalid_argument for memory of the host.
int device_of(const void* data);

// Makes a device current for as long as this lives.
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

// The stream on which trajtrack works on a device: one of its own, so that nobody else's work is waited for.
Stream own_stream(int device);

// What `stream` is given from now on waits for what `other` was given until now.
void follow(Stream stream, void* other);

// Waits until all that the stream was given is done, and throws where any of it failed.
void wait(Stream stream);

// Waits for everything on the device.
void wait_for_device(int device);

// Memory of a device, from a pool that keeps a little of what was given back. It is given back in the order of
// its stream: so it may be given up while that stream still uses it.
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

// Copies bytes and waits for them.
void copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream);
void copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream);

}  // namespace trajtrack::cuda
