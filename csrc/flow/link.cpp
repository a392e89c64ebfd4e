#include "flow/link.h"

#include <algorithm>

#include "flow/assignment.h"
#include "flow/candidates.h"
#include "flow/confidence.h"
#include "flow/elementary.h"
#include "flow/filling.h"
#include "flow/motion.h"
#include "flow/smoothing.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

// The nodes that take part, by frame.
struct Columns {
  std::vector<std::uint32_t> rows;
  std::vector<std::int32_t> labels;
  std::vector<double> confidence;
  Frames frames;
  std::vector<CentredBox> boxes;
  std::int64_t duration = 0;  // in frames, of all rows of sufficient score
  bool calibrated = true;
};

// The rows of sufficient score and confidence.
Columns choose_rows(const DetectionsView& detections, const Options& options, int num_threads,
                    std::vector<std::int8_t>& reasons) {
  Columns columns;
  std::vector<std::int32_t> numbers;
  {
    FrameOrder order = order_by_frame(detections, options.min_score);
    NodeColumns given = columns_of_nodes(detections, order, options.class_agnostic, num_threads);
    for (const FrameNodes& frame : order.frames) numbers.insert(numbers.end(), frame.end - frame.begin, frame.frame);
    columns.boxes.reserve(order.size());
    for (const Box box : given.boxes) columns.boxes.push_back(centred(box));
    columns.labels = std::move(given.labels);
    columns.rows = std::move(order.rows);
  }
  columns.frames = Frames::of(numbers);
  columns.duration = columns.frames.duration();
  std::vector<float> scores;
  scores.reserve(columns.rows.size());
  for (const std::uint32_t row : columns.rows) {
    reasons[row] = static_cast<std::int8_t>(Reason::low_confidence);
    scores.push_back(finite_or_zero(detections.scores[row]));
  }
  std::vector<double> confidence;
  if (options.calibrate) {
    Confidence estimated =
        calibrate(columns.frames, columns.boxes, scores, columns.labels, options.constants, num_threads);
    confidence = std::move(estimated.of);
    columns.calibrated = estimated.certain;
  } else {
    for (const float score : scores) confidence.push_back(std::min(std::max(static_cast<double>(score), 0.0), 1.0));
  }
  std::size_t kept = 0;
  for (std::size_t node = 0; node < confidence.size(); ++node) {
    if (!(confidence[node] >= options.constants.low)) continue;
    columns.rows[kept] = columns.rows[node];
    columns.labels[kept] = columns.labels[node];
    columns.boxes[kept] = columns.boxes[node];
    numbers[kept++] = numbers[node];
    columns.confidence.push_back(confidence[node]);
  }
  if (kept < columns.rows.size()) {
    columns.rows.resize(kept);
    columns.labels.resize(kept);
    columns.boxes.resize(kept);
    numbers.resize(kept);
    columns.frames = Frames::of(numbers);
  }
  return columns;
}

// The value of each node on a path: its log odds; 0 for nodes of low confidence.
std::vector<std::int64_t> node_values(std::span<const double> confidence, const Constants& c) {
  std::vector<std::int64_t> values(confidence.size(), 0);
  for (std::size_t node = 0; node < confidence.size(); ++node) {
    if (!(confidence[node] >= c.high)) continue;
    const double odds = std::min(std::max(confidence[node], 1e-4), 1.0 - 1e-4);
    values[node] = rounded_gain(std::min(std::max(log(odds / (1.0 - odds)), -c.value_cap), c.value_cap));
  }
  return values;
}

// The minimum evidence of a trajectory; less in short videos.
std::int64_t required_evidence(const Columns& columns, const Constants& c) {
  const double share = c.evidence_share * static_cast<double>(columns.duration);
  return static_cast<std::int64_t>(nearest(std::min(c.evidence, share) * kOne));
}

// The next node of each node: two rounds of short links, then long links.
std::vector<Node> link_nodes(const Columns& columns, std::span<const std::int64_t> values, BoxModel& model,
                             States& states, const Constants& c, int num_threads) {
  const Frames& frames = columns.frames;
  const std::size_t count = columns.rows.size();
  std::vector<Node> nodes;
  std::vector<std::int64_t> path_values(count, kLeftOut);
  const auto ends = 2 * static_cast<std::int64_t>(nearest(c.end_cost * kOne));
  for (Node node = 0; node < count; ++node) {
    if (!(columns.confidence[node] >= c.high)) continue;
    nodes.push_back(node);
    path_values[node] = values[node] - ends;
  }
  std::vector<Node> next(count, kNone);
  for (const bool by_overlap : {false, true}) {
    states.run(frames, model, next, num_threads);
    const Links links =
        by_overlap ? links_by_overlap(frames, columns.labels, states, nodes, c, num_threads)
                   : links_by_likelihood(frames, columns.labels, model, states, nodes, nodes, 1, c, num_threads);
    next = choose_links(links, path_values, true, num_threads);
    model.estimate(frames, next, c);
  }

  std::vector<std::uint8_t> has_previous(count, 0);
  for (const Node node : next) {
    if (node != kNone) has_previous[node] = 1;
  }
  std::vector<Node> tails, heads;
  std::vector<std::int64_t> tail_values(count, kLeftOut);
  const std::int64_t required = required_evidence(columns, c);
  for (const Node node : nodes) {
    const bool is_end = next[node] == kNone, is_start = !has_previous[node];
    // In a short video, a single node may be a trajectory too.
    if (is_end && is_start && values[node] < required) continue;
    if (is_end) {
      tails.push_back(node);
      tail_values[node] = 0;
    }
    if (is_start) heads.push_back(node);
  }
  states.run(frames, model, next, num_threads);
  const Links links =
      links_by_likelihood(frames, columns.labels, model, states, tails, heads, model.longest_link(c), c, num_threads);
  const std::vector<Node> far = choose_links(links, tail_values, false, num_threads);
  const std::vector<Node> before = next;
  for (const Node tail : tails) next[tail] = far[tail];
  states.update(frames, model, before, next, num_threads);
  return next;
}

struct Path {
  Node first;  // the track, by its first node before it was extended
  std::int64_t evidence;
  std::vector<Node> nodes;
};

// The tracks with enough evidence, with the detections that fill and extend them.
std::vector<Path> find_paths(const Columns& columns, std::span<const std::int64_t> values, std::span<const Node> next,
                             const BoxModel& model, const States& states, const Constants& c) {
  const Frames& frames = columns.frames;
  const Tracks tracks = tracks_of(next);
  const std::int64_t required = required_evidence(columns, c);
  std::vector<Node> track_of(next.size(), kNone);
  std::vector<std::span<const Node>> kept;
  std::vector<Path> paths;
  for (std::size_t track = 0; track < tracks.size(); ++track) {
    const std::span<const Node> nodes = tracks[track];
    std::int64_t evidence = 0;
    for (const Node node : nodes) evidence += values[node];
    if (evidence < required) continue;
    for (const Node node : nodes) track_of[node] = nodes.front();
    kept.push_back(nodes);
    paths.push_back({nodes.front(), evidence, {}});
  }
  fill_tracks(frames, columns.labels, model, states, kept, c, track_of);
  std::vector<std::uint32_t> number(next.size(), 0);
  for (std::size_t k = 0; k < paths.size(); ++k) number[paths[k].first] = static_cast<std::uint32_t>(k);
  for (Node node = 0; node < track_of.size(); ++node) {
    if (track_of[node] != kNone) paths[number[track_of[node]]].nodes.push_back(node);
  }
  return paths;
}

}  // namespace

SmoothTrajectories link(const DetectionsView& detections, const Options& options, int num_threads) {
  const Constants& c = options.constants;
  num_threads = useful_threads(detections.size(), num_threads);
  SmoothTrajectories found;
  Trajectories& result = found.trajectories;
  result.track_ids.assign(detections.size(), -1);
  result.reasons.assign(detections.size(), static_cast<std::int8_t>(Reason::below_min_score));
  result.suppressed_by.assign(detections.size(), -1);
  const auto mark = [&](std::uint32_t row, Reason reason) { result.reasons[row] = static_cast<std::int8_t>(reason); };

  Columns columns = choose_rows(detections, options, num_threads, result.reasons);
  found.calibrated = columns.calibrated;
  const std::vector<std::int64_t> values = node_values(columns.confidence, c);
  BoxModel model(columns.frames, std::move(columns.boxes), c);
  States states;
  const std::vector<Node> next = link_nodes(columns, values, model, states, c, num_threads);
  std::vector<Path> paths = find_paths(columns, values, next, model, states, c);
  std::erase_if(paths, [&](const Path& path) {
    if (path.nodes.size() >= options.min_length) return false;
    for (const Node node : path.nodes) mark(columns.rows[node], Reason::too_short);
    return true;
  });
  std::sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) {
    return a.evidence != b.evidence ? a.evidence > b.evidence : a.nodes.front() < b.nodes.front();
  });

  result.offsets.push_back(0);
  for (const Path& path : paths) {
    result.offsets.push_back(result.offsets.back() + static_cast<std::int64_t>(path.nodes.size()));
  }
  const auto num_rows = static_cast<std::size_t>(result.offsets.back());
  result.rows.resize(num_rows);
  result.labels.resize(paths.size());
  result.scores.resize(paths.size());
  if (options.smooth) found.smoothed.resize(num_rows);
  parallel_for(paths.size(), num_threads, [&](std::size_t id) {
    const std::vector<Node>& nodes = paths[id].nodes;
    const auto begin = static_cast<std::size_t>(result.offsets[id]);
    double sum = 0;
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const std::uint32_t row = columns.rows[nodes[k]];
      result.rows[begin + k] = row;
      result.track_ids[row] = static_cast<std::int64_t>(id);
      mark(row, Reason::linked);
      sum += static_cast<double>(detections.scores[row]);
    }
    const std::span<const std::int64_t> rows(result.rows.data() + begin, nodes.size());
    result.labels[id] = options.class_agnostic ? majority_label(detections, rows)
                                               : detections.labels[static_cast<std::size_t>(rows.front())];
    result.scores[id] = rescored(detections, rows, sum, options.rescore);
    if (!options.smooth) return;
    const std::vector<CentredBox> boxes = smooth(columns.frames, model, nodes, c);
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      const CentredBox& box = boxes[k];
      found.smoothed[begin + k] = {static_cast<float>(box.x - box.w * 0.5), static_cast<float>(box.y - box.h * 0.5),
                                   static_cast<float>(box.x + box.w * 0.5), static_cast<float>(box.y + box.h * 0.5)};
    }
  });
  return found;
}

}  // namespace trajtrack::flow
