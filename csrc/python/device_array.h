// Arrays in the memory of a GPU: from any library, by DLPack or the CUDA array interface, and for any library.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuda/device.h"
#include "python/arrays.h"

namespace trajtrack {

// An array in the memory of a device, trajtrack's or another library's.
struct DeviceArray {
  std::string dtype;  // as in __cuda_array_interface__, for example "<f4"
  std::vector<py::ssize_t> shape;
  std::vector<py::ssize_t> strides;  // in bytes
  const void* data;
  int device;
  std::shared_ptr<void> owner;
  std::atomic<bool>* lent = nullptr;  // of trajtrack's own memory: whether another library was told where it is

  py::ssize_t item_size() const { return py::dtype(dtype).itemsize(); }

  // Whether it can be read item by item: a device cannot load what lies across the items' borders.
  bool contiguous() const {
    py::ssize_t expected = item_size();
    if (reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(expected) != 0) return false;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (shape[axis] == 0) return true;
      if (shape[axis] > 1 && strides[axis] != expected) return false;
      expected *= shape[axis];
    }
    return true;
  }
};

// An array that owns device memory.
DeviceArray to_device_array(cuda::Memory&& memory, std::string dtype, std::vector<py::ssize_t> shape, int device);

// An array of any library that lies on a GPU, after the work that its producer has queued on it.
DeviceArray view_on_device(const py::object& values);

// A contiguous copy of a host array on a device.
DeviceArray upload(const py::array& values, int device);

// A copy in host memory with the same layout: all bytes from the first to the last of the array.
py::array download(const DeviceArray& array);

// The CUDA array interface, version 3.
py::dict interface_of(const DeviceArray& array);

}  // namespace trajtrack
