// Shared by the files that use Python: conversions of arrays and options.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "detections.h"
#include "trajectories.h"

namespace py = pybind11;

namespace trajtrack {

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

template <typename T>
std::span<const T> view(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

// Returns an array that takes ownership of the memory of `values`.
template <typename T>
py::array_t<T> to_array(std::vector<T>&& values) {
  auto owner = std::make_unique<std::vector<T>>(std::move(values));
  const auto size = static_cast<py::ssize_t>(owner->size());
  const T* const data = owner->data();
  const py::capsule keeper(owner.release(), [](void* vector) { delete static_cast<std::vector<T>*>(vector); });
  return py::array_t<T>(size, data, keeper);
}

inline py::array_t<float> to_array(std::vector<Box>&& boxes) {
  auto owner = std::make_unique<std::vector<Box>>(std::move(boxes));
  const std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(owner->size()), 4};
  const auto* const data = reinterpret_cast<const float*>(owner->data());
  const py::capsule keeper(owner.release(), [](void* vector) { delete static_cast<std::vector<Box>*>(vector); });
  return py::array_t<float>(shape, data, keeper);
}

// Converts a trajtrack.LinkOptions, which has checked its fields; thresholds are rounded to float32 here.
LinkOptions to_link_options(const py::object& options);

// Returns the columns of trajtrack.Trajectories.
py::tuple to_tuple(Trajectories&& found);

#ifdef TRAJTRACK_CUDA
// Returns a description of CUDA in one line.
std::string describe_cuda();

// Adds the functions and classes that need a GPU to the module.
void add_cuda(py::module_& module);
#endif

}  // namespace trajtrack
