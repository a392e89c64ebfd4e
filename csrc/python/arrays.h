// The files that know Python, bindings*.cpp, share this: arrays in, arrays out, the interpreter lock released while
// the core works.
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

// An array that takes over the memory of `values`.
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

// The fields of trajtrack.LinkOptions, which has checked them; thresholds are rounded to float32 here.
LinkOptions to_link_options(const py::object& options);

// The columns of trajtrack.Trajectories.
py::tuple to_tuple(Trajectories&& found);

#ifdef TRAJTRACK_CUDA
// What is there of CUDA, in one line.
std::string describe_cuda();

// Adds what needs a GPU.
void add_cuda(py::module_& module);
#endif

}  // namespace trajtrack
