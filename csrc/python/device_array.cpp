#include "python/device_array.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace trajtrack {

namespace {

// The structures of DLPack that are read here, https://dmlc.github.io/dlpack.
namespace dlpack {

constexpr std::int32_t kCuda = 2;
constexpr std::int32_t kCudaManaged = 13;

struct Device {
  std::int32_t type;
  std::int32_t id;
};

struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t ndim;
  DataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // in items; null for a contiguous tensor
  std::uint64_t byte_offset;
};

struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};

}  // namespace dlpack

std::vector<py::ssize_t> contiguous_strides(const std::vector<py::ssize_t>& shape, py::ssize_t item_size) {
  std::vector<py::ssize_t> strides(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = item_size;
    item_size *= shape[axis];
  }
  return strides;
}

// The memory of an array. If it was lent, others may still be reading it on their own streams when it is freed.
struct Shared {
  cuda::Memory memory;
  int device;
  std::atomic<bool> lent = false;

  ~Shared() {
    if (!lent) return;
    const py::gil_scoped_release unlocked;  // pending work may call Python
    try {
      cuda::wait_for_device(device);
    } catch (const std::exception&) {
      // CUDA is shutting down, or its next call reports the error.
    }
  }
};

std::string dtype_of(const dlpack::DataType& type) {
  constexpr std::string_view kKinds = "iuf";  // indexed by DLPack type code
  const bool known = type.code < kKinds.size() && type.lanes == 1 && type.bits % 8 == 0;
  if (!known) {
    throw py::type_error("found an array of DLPack type code " + std::to_string(type.code) + " with " +
                         std::to_string(type.bits) + " bits, expected integers or real numbers");
  }
  return (type.bits == 8 ? "|" : "<") + std::string(1, kKinds[type.code]) + std::to_string(type.bits / 8);
}

// Imports a tensor by DLPack. Its producer makes our stream wait for its pending work.
DeviceArray from_dlpack(const py::object& values, int device) {
  const cuda::CurrentDevice current(device);  // torch exports only tensors on the current device
  const auto stream = reinterpret_cast<std::uintptr_t>(cuda::own_stream(device).handle);
  const py::object capsule = values.attr("__dlpack__")(py::arg("stream") = stream);
  auto* const managed = static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  if (!managed) throw py::error_already_set();
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");  // takes ownership, as DLPack specifies
  std::shared_ptr<void> owner(managed, [](void* kept) {
    auto* const tensor = static_cast<dlpack::ManagedTensor*>(kept);
    if (tensor->deleter) tensor->deleter(tensor);
  });
  const dlpack::Tensor& tensor = managed->tensor;
  std::string dtype = dtype_of(tensor.dtype);
  const py::ssize_t item_size = tensor.dtype.bits / 8;
  std::vector<py::ssize_t> shape(tensor.shape, tensor.shape + tensor.ndim);
  std::vector<py::ssize_t> strides = contiguous_strides(shape, item_size);
  if (tensor.strides) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) strides[axis] = tensor.strides[axis] * item_size;
  }
  const void* const data = static_cast<const char*>(tensor.data) + tensor.byte_offset;
  return {std::move(dtype), std::move(shape), std::move(strides), data, device, std::move(owner)};
}

// Imports an array by version 2 or 3 of the CUDA array interface.
DeviceArray from_interface(const py::object& values) {
  const auto interface = values.attr("__cuda_array_interface__").cast<py::dict>();
  if (interface.contains("mask") && !interface["mask"].is_none()) {
    throw py::type_error("found an array with a mask, expected an array without one");
  }
  auto dtype = interface["typestr"].cast<std::string>();
  auto shape = interface["shape"].cast<std::vector<py::ssize_t>>();
  const auto address = interface["data"].cast<py::tuple>()[0];
  const void* const data = address.is_none() ? nullptr : reinterpret_cast<const void*>(address.cast<std::uintptr_t>());
  auto strides = interface.contains("strides") && !interface["strides"].is_none()
                     ? interface["strides"].cast<std::vector<py::ssize_t>>()
                     : contiguous_strides(shape, py::dtype(dtype).itemsize());
  if (strides.size() != shape.size()) {
    throw py::value_error("found " + std::to_string(strides.size()) + " strides, expected " +
                          std::to_string(shape.size()) + ", one for each axis");
  }
  const int device = data ? cuda::device_of(data) : cuda::current_device();
  if (interface.contains("stream")) {
    const py::object stream = interface["stream"];
    if (!stream.is_none()) {
      cuda::follow(cuda::own_stream(device), reinterpret_cast<void*>(stream.cast<std::uintptr_t>()));
    }
  } else {  // before version 3, the stream of pending work is unknown
    const py::gil_scoped_release unlocked;
    cuda::wait_for_device(device);
  }
  auto owner = std::shared_ptr<void>(new py::object(values), [](void* kept) { delete static_cast<py::object*>(kept); });
  return {std::move(dtype), std::move(shape), std::move(strides), data, device, std::move(owner)};
}

}  // namespace

bool DeviceArray::contiguous() const {
  py::ssize_t expected = item_size();
  if (reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(expected) != 0) return false;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 0) return true;
    if (shape[axis] > 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

DeviceArray to_device_array(cuda::Memory&& memory, std::string dtype, std::vector<py::ssize_t> shape, int device) {
  auto owner = std::make_shared<Shared>(std::move(memory), device);
  auto strides = contiguous_strides(shape, py::dtype(dtype).itemsize());
  std::atomic<bool>* const lent = &owner->lent;
  const void* const data = owner->memory.data();
  return {std::move(dtype), std::move(shape), std::move(strides), data, device, std::move(owner), lent};
}

DeviceArray view_on_device(const py::object& values) {
  if (py::isinstance<DeviceArray>(values)) return values.cast<DeviceArray>();
  if (py::hasattr(values, "__dlpack_device__") && py::hasattr(values, "__dlpack__")) {
    const auto place = values.attr("__dlpack_device__")().cast<std::pair<std::int32_t, std::int32_t>>();
    if (place.first == dlpack::kCuda || place.first == dlpack::kCudaManaged) return from_dlpack(values, place.second);
    throw py::type_error("found memory of DLPack device type " + std::to_string(place.first) +
                         ", expected memory of a CUDA device");
  }
  return from_interface(values);
}

DeviceArray upload(const py::array& values, int device) {
  if (!(values.flags() & py::array::c_style)) {
    throw std::invalid_argument("values: found an array that is not C-contiguous, expected a C-contiguous array");
  }
  const auto bytes = static_cast<std::size_t>(values.nbytes());
  const void* const from = values.data();
  cuda::Memory memory;
  {
    const py::gil_scoped_release unlocked;
    const cuda::Stream stream = cuda::own_stream(device);
    memory = cuda::Memory(bytes, stream);
    cuda::copy_to_device(memory.data(), from, bytes, stream);
  }
  return to_device_array(std::move(memory), values.dtype().attr("str").cast<std::string>(),
                         {values.shape(), values.shape() + values.ndim()}, device);
}

py::array download(const DeviceArray& array) {
  py::ssize_t before = 0, behind = array.item_size();
  bool empty = false;
  for (std::size_t axis = 0; axis < array.shape.size(); ++axis) {
    empty |= array.shape[axis] == 0;
    const py::ssize_t reach = (array.shape[axis] - 1) * array.strides[axis];
    (reach < 0 ? before : behind) += reach;
  }
  const py::dtype dtype(array.dtype);
  if (empty) return py::array(dtype, array.shape);
  py::array_t<std::uint8_t> bytes(behind - before);
  std::uint8_t* const to = bytes.mutable_data();
  {
    const py::gil_scoped_release unlocked;
    cuda::copy_to_host(to, static_cast<const char*>(array.data) + before, static_cast<std::size_t>(behind - before),
                       cuda::own_stream(array.device));
  }
  return py::array(dtype, array.shape, array.strides, to - before, bytes);
}

py::dict interface_of(const DeviceArray& array) {
  if (array.lent) *array.lent = true;
  py::dict interface;
  interface["shape"] = py::tuple(py::cast(array.shape));
  interface["typestr"] = array.dtype;
  interface["data"] = py::make_tuple(reinterpret_cast<std::uintptr_t>(array.data), false);
  interface["strides"] = array.contiguous() ? py::object(py::none()) : py::object(py::tuple(py::cast(array.strides)));
  interface["version"] = 3;
  interface["stream"] = py::none();  // no work on it is pending
  return interface;
}

}  // namespace trajtrack
