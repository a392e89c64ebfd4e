// The Python interface of the core.
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "flow/link.h"
#include "number_table.h"
#include "python/arrays.h"
#include "python/unlocked.h"
#include "streaming.h"

namespace trajtrack {

namespace {

Rescore to_rescore(const py::object& options) {
  const auto rescore = options.attr("rescore").cast<std::string>();
  return rescore == "mean" ? Rescore::mean : rescore == "max" ? Rescore::max : Rescore::sum;
}

std::span<const Box> view_boxes(const Array<float>& array) {
  // A box must have the layout of a row: four floats without padding.
  static_assert(sizeof(Box) == 4 * sizeof(float));
  return {reinterpret_cast<const Box*>(array.data()), static_cast<std::size_t>(array.size()) / 4};
}

py::object first_fault_of(const Array<float>& boxes, const Array<float>& scores, const Array<std::int32_t>& frames) {
  const auto fault = first_fault(view_boxes(boxes), view(scores), view(frames));
  if (!fault) return py::none();
  const char* kind = "";
  switch (fault->kind) {
    case FaultKind::box_range:
      kind = "box_range";
      break;
    case FaultKind::box_order:
      kind = "box_order";
      break;
    case FaultKind::score:
      kind = "score";
      break;
    case FaultKind::frame:
      kind = "frame";
      break;
  }
  return py::make_tuple(kind, fault->row);
}

// The columns of trajtrack.Detections, which has checked them.
DetectionsView view_detections(const Array<float>& boxes, const Array<float>& scores, const Array<std::int32_t>& frames,
                               const Array<std::int32_t>& labels) {
  return {view_boxes(boxes), view(scores), view(frames), view(labels)};
}

py::tuple link_detections(const Array<float>& boxes, const Array<float>& scores, const Array<std::int32_t>& frames,
                          const Array<std::int32_t>& labels, const py::object& options, int num_threads) {
  const DetectionsView detections = view_detections(boxes, scores, frames, labels);
  const LinkOptions link_options = to_link_options(options);
  Trajectories found = unlocked([&] { return link(detections, link_options, num_threads); });
  return to_tuple(std::move(found));
}

flow::Options to_flow_options(const py::object& options, const py::object& constants) {
  flow::Options result{};
  result.min_score = static_cast<float>(options.attr("min_score").cast<double>());
  result.calibrate = options.attr("calibrate").cast<bool>();
  result.class_agnostic = options.attr("class_agnostic").cast<bool>();
  result.smooth = options.attr("smooth").cast<bool>();
  result.min_length = options.attr("min_length").cast<std::uint64_t>();
  result.rescore = to_rescore(options);
#define TRAJTRACK_READ(name) result.constants.name = constants.attr(#name).cast<double>();
  TRAJTRACK_FLOW_CONSTANTS(TRAJTRACK_READ)
#undef TRAJTRACK_READ
  return result;
}

py::tuple link_flow(const Array<float>& boxes, const Array<float>& scores, const Array<std::int32_t>& frames,
                    const Array<std::int32_t>& labels, const py::object& options, const py::object& constants,
                    int num_threads) {
  const DetectionsView detections = view_detections(boxes, scores, frames, labels);
  const flow::Options flow_options = to_flow_options(options, constants);
  flow::SmoothTrajectories found = unlocked([&] { return flow::link(detections, flow_options, num_threads); });
  return py::make_tuple(to_tuple(std::move(found.trajectories)), to_array(std::move(found.smoothed)), found.calibrated);
}

py::tuple link_graph_of(const Array<float>& boxes, const Array<float>& scores, const Array<std::int32_t>& frames,
                        const Array<std::int32_t>& labels, const py::object& options, int num_threads) {
  const DetectionsView detections = view_detections(boxes, scores, frames, labels);
  const LinkOptions link_options = to_link_options(options);
  RowGraph graph = unlocked([&] { return link_graph(detections, link_options, num_threads); });
  return py::make_tuple(to_array(std::move(graph.offsets)), to_array(std::move(graph.targets)));
}

py::tuple to_tuple(StreamRows&& rows) {
  return py::make_tuple(to_array(std::move(rows.boxes)), to_array(std::move(rows.scores)),
                        to_array(std::move(rows.frames)), to_array(std::move(rows.labels)),
                        to_array(std::move(rows.rows)));
}

// Links the detections of a stream frame by frame.
class Stream {
 public:
  Stream(const py::object& options, std::optional<std::int64_t> max_open_frames)
      : options_(to_link_options(options)), components_(options_.graph, options_.min_score, max_open_frames) {}

  // Returns the columns and trajectories of the components that the frame closes. Returns None, and changes nothing, if
  // a row is not a valid detection.
  py::object push(const Array<float>& boxes, const Array<float>& scores, const Array<std::int32_t>& labels,
                  const Array<std::int64_t>& rows, std::int32_t frame) {
    const DetectionsView detections{view_boxes(boxes), view(scores), {}, view(labels)};
    if (first_fault(detections.boxes, detections.scores, {})) return py::none();
    return link_closed([&] { return components_.push(detections, view(rows), frame); });
  }

  py::tuple flush() {
    return link_closed([&] { return components_.flush(); });
  }

  py::tuple open_rows() const { return to_tuple(components_.open_rows()); }
  std::size_t num_open_rows() const { return components_.num_open_rows(); }
  std::int64_t num_cut() const { return components_.num_cut(); }

 private:
  // An exception, such as for lack of memory, leaves the components half changed; they must not be used again.
  template <typename Close>
  py::tuple link_closed(const Close& close) {
    if (!usable_) {
      throw std::runtime_error("linker: found a linker that has failed, expected one restored from an earlier state");
    }
    usable_ = false;
    ClosedComponents closed = close();
    StreamRows& rows = closed.rows;
    Trajectories found = link(
        {rows.boxes, rows.scores, rows.frames, rows.labels}, options_,
        [&](const FrameOrder&) { return std::move(closed.graph); }, 1);
    py::tuple columns = py::make_tuple(to_tuple(std::move(rows)), to_tuple(std::move(found)));
    usable_ = true;
    return columns;
  }

  LinkOptions options_;
  OpenComponents components_;
  bool usable_ = true;
};

const char* vector_instructions() {
#ifdef TRAJTRACK_HAS_TARGET_CLONES
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return "AVX-512 (chosen at run time)";
  if (__builtin_cpu_supports("avx2")) return "AVX2 (chosen at run time)";
  return "SSE2 (chosen at run time)";
#else
  return "the compiler's baseline";
#endif
}

py::dict build_config() {
  py::dict config;
  config["compiler"] = TRAJTRACK_COMPILER;
  config["vector instructions"] = vector_instructions();
#ifdef TRAJTRACK_CUDA
  config["cuda"] = describe_cuda();
#else
  config["cuda"] = "not built: " TRAJTRACK_CUDA_MISSING;
#endif
  return config;
}

py::tuple parse_text(const py::bytes& text, std::size_t min_columns, std::size_t max_columns) {
  const auto view_of_text = static_cast<std::string_view>(text);
  NumberTable table = unlocked([&] { return parse_numbers(view_of_text, min_columns, max_columns); });
  const auto rows = static_cast<py::ssize_t>(table.lines.size());
  auto values = to_array(std::move(table.values));
  return py::make_tuple(values.reshape({rows, static_cast<py::ssize_t>(max_columns)}), to_array(std::move(table.lines)),
                        to_array(std::move(table.widths)));
}

py::bytes format_table(const std::vector<Array<double>>& blocks, char separator) {
  std::vector<NumberBlock> views;
  std::size_t rows = 0;
  for (const Array<double>& block : blocks) {
    if (block.ndim() != 1 && block.ndim() != 2) {
      throw std::invalid_argument("blocks: found " + std::to_string(block.ndim()) + " axes, expected one or two");
    }
    const auto columns = static_cast<std::size_t>(block.ndim() == 1 ? 1 : block.shape(1));
    const auto length = static_cast<std::size_t>(block.shape(0));
    if (!views.empty() && length != rows) {
      throw std::invalid_argument("blocks: found " + std::to_string(length) + " rows after a block of " +
                                  std::to_string(rows) + ", expected the same number of rows");
    }
    rows = length;
    views.push_back({view(block), columns});
  }
  std::string text = unlocked([&] { return format_numbers(views, rows, separator); });
  return text;
}

Array<double> short_decimals(const Array<float>& values) {
  Array<double> decimals(std::vector<py::ssize_t>(values.shape(), values.shape() + values.ndim()));
  to_short_decimals(view(values), {decimals.mutable_data(), static_cast<std::size_t>(decimals.size())});
  return decimals;
}

}  // namespace

py::tuple to_tuple(Trajectories&& found) {
  return py::make_tuple(to_array(std::move(found.track_ids)), to_array(std::move(found.reasons)),
                        to_array(std::move(found.suppressed_by)), to_array(std::move(found.offsets)),
                        to_array(std::move(found.rows)), to_array(std::move(found.labels)),
                        to_array(std::move(found.scores)));
}

LinkOptions to_link_options(const py::object& options) {
  const auto real = [&](const char* name) { return static_cast<float>(options.attr(name).cast<double>()); };
  LinkOptions result{};
  result.min_score = real("min_score");
  result.graph.iou_threshold = real("iou_threshold");
  result.graph.buffer = real("buffer");
  result.graph.max_gap = options.attr("max_gap").cast<std::int64_t>();
  result.graph.gap_iou_threshold = real("gap_iou_threshold");
  result.graph.motion_frames = options.attr("motion_frames").cast<std::int64_t>();
  result.graph.max_shape_change = real("max_shape_change");
  result.graph.nms_threshold = real("nms_threshold");
  result.graph.class_agnostic = options.attr("class_agnostic").cast<bool>();
  result.min_length = options.attr("min_length").cast<std::uint64_t>();
  result.rescore = to_rescore(options);
  return result;
}

}  // namespace trajtrack

PYBIND11_MODULE(_trajtrack_in_main, module, py::mod_gil_not_used()) {
  using namespace trajtrack;
  module.attr("__version__") = TRAJTRACK_VERSION;
  module.attr("source_hash") = TRAJTRACK_SOURCE_HASH;
  module.def("build_config", &build_config);
  module.def("first_fault", &first_fault_of);
  module.def("link", &link_detections);
  module.def("link_flow", &link_flow);
  module.def("link_graph", &link_graph_of);
  py::class_<Stream>(module, "Stream")
      .def(py::init<const py::object&, std::optional<std::int64_t>>())
      .def("push", &Stream::push)
      .def("flush", &Stream::flush)
      .def("open_rows", &Stream::open_rows)
      .def("num_open_rows", &Stream::num_open_rows)
      .def("num_cut", &Stream::num_cut);
  py::class_<StopFlag>(module, "StopFlag").def(py::init()).def("set", &StopFlag::set).def("watch", &StopFlag::watch);
  module.def("parse_numbers", &parse_text);
  module.def("format_numbers", &format_table);
  module.def("short_decimals", &short_decimals);
#ifdef TRAJTRACK_CUDA
  add_cuda(module);
#else
  module.def("cuda_problem", [] { return "this build of trajtrack has no CUDA: " TRAJTRACK_CUDA_MISSING; });
#endif
}

// In a subinterpreter, pybind11 would wait forever for the interpreter lock.
extern "C" PYBIND11_EXPORT PyObject* PyInit__trajtrack() {
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError, "trajtrack: found a subinterpreter, expected the main interpreter");
    return nullptr;
  }
  return PyInit__trajtrack_in_main();
}
