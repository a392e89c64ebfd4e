// Arrays in GPU memory, exchanged with any library.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "cuda/device.h"

namespace py = pybind11;

namespace trajtrack {

// An array in device memory that is owned by trajtrack or another library.
struct DeviceArray {
  std::string dtype;  // as in __cuda_array_interface__, for example "<f4"
  std::vector<py::ssize_t> shape;
  std::vector<py::ssize_t> strides;  // in bytes
  const void* data;
  int device;
  std::shared_ptr<void> owner;
  std::atomic<bool>* lent = nullptr;  // for trajtrack's own memory: whether another library has its address

  py::ssize_t item_size() const { return py::dtype(dtype).itemsize(); }

  // Returns whether the array is C-contiguous and aligned to its item size, which device loads require.
  bool contiguous() const;
};

// Returns a contiguous array that takes ownership of `memory`.
DeviceArray to_device_array(cuda::Memory&& memory, std::string dtype, std::vector<py::ssize_t> shape, int device);

// Returns a view of another library's array on a GPU, ordered after the pending work of its producer. Throws
// py::type_error or std::invalid_argument for any other array.
DeviceArray view_on_device(const py::object& values);

// Returns a contiguous copy of a host array on a device. Throws std::invalid_argument unless it is C-contiguous.
DeviceArray upload(const py::array& values, int device);

// Returns a copy in host memory with the same strides: all bytes from the array's first to its last.
py::array download(const DeviceArray& array);

// Returns the array's __cuda_array_interface__.
py::dict interface_of(const DeviceArray& array);

}  // namespace trajtrack
