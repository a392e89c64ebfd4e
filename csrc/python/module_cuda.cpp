// The Python interface of the GPU.
#include <pybind11/stl.h>

#include <stdexcept>
#include <string_view>

#include "cuda/device.h"
#include "cuda/device_link_graph.h"
#include "python/arrays.h"
#include "python/device_array.h"
#include "python/unlocked.h"

namespace trajtrack {

namespace {

// Returns the data of a column after checking its dtype, shape, layout and device.
template <typename T>
const T* column(const char* name, const DeviceArray& array, std::string_view dtype, std::vector<py::ssize_t> shape,
                int device) {
  if (array.dtype != dtype || array.shape != shape || !array.contiguous() || array.device != device) {
    throw std::invalid_argument(
        std::string(name) +
        ": found a column of another dtype, shape, layout or device, expected a contiguous column of " +
        std::string(dtype) + " with one row for each box, on the device of the boxes");
  }
  return static_cast<const T*>(array.data);
}

cuda::DeviceColumns view_columns(const DeviceArray& boxes, const DeviceArray& scores, const DeviceArray& frames,
                                 const DeviceArray& labels) {
  const py::ssize_t size = boxes.shape.empty() ? 0 : boxes.shape[0];
  return {column<Box>("boxes", boxes, "<f4", {size, 4}, boxes.device),
          column<float>("scores", scores, "<f4", {size}, boxes.device),
          column<std::int32_t>("frames", frames, "<i4", {size}, boxes.device),
          column<std::int32_t>("labels", labels, "<i4", {size}, boxes.device), static_cast<std::size_t>(size)};
}

py::tuple check_columns(const DeviceArray& boxes, const DeviceArray& scores, const DeviceArray& frames,
                        const DeviceArray& labels) {
  const cuda::DeviceColumns columns = view_columns(boxes, scores, frames, labels);
  cuda::DeviceCheckResult result =
      unlocked([&] { return cuda::check_columns(columns, cuda::own_stream(boxes.device)); });
  py::object row = py::none();
  if (result.faulty_row) row = py::int_(*result.faulty_row);
  return py::make_tuple(row, result.last_frame);
}

py::tuple link_graph_of(const DeviceArray& boxes, const DeviceArray& scores, const DeviceArray& frames,
                        const DeviceArray& labels, const py::object& options) {
  const cuda::DeviceColumns columns = view_columns(boxes, scores, frames, labels);
  const LinkOptions link_options = to_link_options(options);
  cuda::DeviceGraph graph = unlocked([&] {
    return cuda::build_link_graph(columns, link_options.min_score, link_options.graph, false,
                                  cuda::own_stream(boxes.device));
  });
  const auto num_offsets = static_cast<py::ssize_t>(columns.size) + 1;
  const auto num_targets = static_cast<py::ssize_t>(graph.links.num_targets);
  return py::make_tuple(to_device_array(std::move(graph.links.offsets), "<i8", {num_offsets}, boxes.device),
                        to_device_array(std::move(graph.links.targets), "<i8", {num_targets}, boxes.device));
}

NodeLists to_host(const cuda::DeviceLists& lists, const FrameOrder& order, std::size_t num_rows, cuda::Stream stream,
                  bool forward) {
  RowGraph rows;
  rows.offsets.resize(num_rows + 1);
  rows.targets.resize(lists.num_targets);
  cuda::copy_to_host(rows.offsets.data(), lists.offsets.data(), rows.offsets.size() * sizeof(std::int64_t), stream);
  cuda::copy_to_host(rows.targets.data(), lists.targets.data(), rows.targets.size() * sizeof(std::int64_t), stream);
  return to_node_lists(rows, order, forward);
}

// Builds the graph on the device and extracts paths from it on the host, using copies of all columns but the boxes.
py::tuple link_detections(const DeviceArray& boxes, const DeviceArray& scores, const DeviceArray& frames,
                          const DeviceArray& labels, const Array<float>& host_scores,
                          const Array<std::int32_t>& host_frames, const Array<std::int32_t>& host_labels,
                          const py::object& options, int num_threads) {
  const cuda::DeviceColumns columns = view_columns(boxes, scores, frames, labels);
  const DetectionsView detections{{}, view(host_scores), view(host_frames), view(host_labels)};
  if (detections.scores.size() != columns.size || detections.frames.size() != columns.size ||
      detections.labels.size() != columns.size) {
    throw std::invalid_argument("detections: found host columns of another length, expected one row for each box");
  }
  const LinkOptions link_options = to_link_options(options);
  Trajectories found = unlocked([&] {
    const cuda::Stream stream = cuda::own_stream(boxes.device);
    const auto build_graph = [&](const FrameOrder& order) {
      const cuda::DeviceGraph graph =
          cuda::build_link_graph(columns, link_options.min_score, link_options.graph, true, stream);
      return LinkGraph{to_host(graph.links, order, columns.size, stream, true),
                       to_host(graph.suppressed, order, columns.size, stream, false),
                       {}};
    };
    return link(detections, link_options, build_graph, num_threads);
  });
  return to_tuple(std::move(found));
}

}  // namespace

std::string describe_cuda() { return cuda::describe(); }

void add_cuda(py::module_& module) {
  py::class_<DeviceArray>(module, "DeviceArray")
      .def_static("view", &view_on_device)
      .def_static("upload", &upload)
      .def_readonly("dtype", &DeviceArray::dtype)
      .def_property_readonly("shape", [](const DeviceArray& array) { return py::tuple(py::cast(array.shape)); })
      .def_readonly("device", &DeviceArray::device)
      .def_property_readonly("contiguous", &DeviceArray::contiguous)
      .def_property_readonly("__cuda_array_interface__", &interface_of)
      .def("to_host", &download)
      .def("__len__", [](const DeviceArray& array) { return array.shape.at(0); });
  module.def("cuda_problem", [] {
    const std::string problem = cuda::problem();
    return problem.empty() ? py::object(py::none()) : py::object(py::str(problem));
  });
  module.def("num_cuda_devices", &cuda::num_devices);
  module.def("current_cuda_device", &cuda::current_device);
  module.def("check_cuda_columns", &check_columns);
  module.def("link_graph_cuda", &link_graph_of);
  module.def("link_cuda", &link_detections);
}

}  // namespace trajtrack
