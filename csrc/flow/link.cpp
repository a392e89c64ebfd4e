#include "flow/link.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "block_search.h"
#include "flow/assignment.h"
#include "flow/candidates.h"
#include "flow/confidence.h"
#include "flow/elementary.h"
#include "flow/filling.h"
#include "flow/motion.h"
#include "flow/smoothing.h"
#include "flow/suppression.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

// How often the prior motion is reduced or increased at most.
constexpr int kScaleSteps = 2;

// The nodes that take part, by frame.
struct Columns {
  std::vector<std::uint32_t> rows;
  std::vector<std::int32_t> labels;
  std::vector<double> confidence;
  Frames frames;
  std::vector<Box> boxes;
  std::int64_t duration = 0;  // in frames, of all rows of sufficient score
  bool calibrated = true;
};

// The distance of the frames with boxes, such as 12 if every twelfth frame of a video was given to the detector.
std::int32_t step_of(std::span<const FrameNodes> frames) {
  std::int32_t step = 0;
  for (std::size_t k = 1; k < frames.size() && step != 1; ++k) {
    step = std::gcd(step, frames[k].frame - frames[k - 1].frame);
  }
  return frames.size() > 2 ? step : 1;
}

// Keeps the nodes that satisfy a condition; `values` is a further column.
template <typename Value, typename Condition>
void keep(Columns& columns, std::vector<Value>& values, const Condition& is_kept) {
  Frames frames;
  frames.frame_of.reserve(columns.rows.size());
  Node kept = 0;
  for (std::size_t frame = 0; frame < columns.frames.size(); ++frame) {
    const Node first = kept;
    for (Node node = columns.frames.begin[frame]; node < columns.frames.begin[frame + 1]; ++node) {
      if (!is_kept(node)) continue;
      columns.rows[kept] = columns.rows[node];
      columns.labels[kept] = columns.labels[node];
      columns.boxes[kept] = columns.boxes[node];
      values[kept++] = values[node];
    }
    if (kept > first) frames.add(columns.frames.number[frame], kept - first);
  }
  columns.rows.resize(kept);
  columns.labels.resize(kept);
  columns.boxes.resize(kept);
  values.resize(kept);
  columns.frames = std::move(frames);
}

// Suppresses proposals, if the detections are proposals.
void suppress_proposals(Columns& columns, std::vector<float>& scores, const Constants& c, int num_threads,
                        Trajectories& result) {
  const std::vector<Node> by = suppressors(columns.frames, columns.boxes, scores, columns.labels, c, num_threads);
  if (by.empty()) return;
  for (Node node = 0; node < by.size(); ++node) {
    if (by[node] == node) continue;
    const std::uint32_t row = columns.rows[node];
    result.reasons[row] = static_cast<std::int8_t>(Reason::suppressed);
    result.suppressed_by[row] = columns.rows[by[node]];
  }
  keep(columns, scores, [&](Node node) { return by[node] == node; });
}

// The rows of sufficient score and confidence.
Columns choose_rows(const DetectionsView& detections, const Options& options, int num_threads, Trajectories& result) {
  Columns columns;
  {
    FrameOrder order = order_by_frame(detections, options.min_score);
    NodeColumns given = columns_of_nodes(detections, order, options.class_agnostic, num_threads);
    const std::int32_t step = step_of(order.frames);
    columns.frames.frame_of.reserve(order.size());
    for (const FrameNodes& frame : order.frames) {
      columns.frames.add((frame.frame - order.frames.front().frame) / step, frame.end - frame.begin);
    }
    columns.boxes = std::move(given.boxes);
    columns.labels = std::move(given.labels);
    columns.rows = std::move(order.rows);
  }
  columns.duration = columns.frames.duration();
  std::vector<float> scores(columns.rows.size());
  parallel_ranges(scores.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t node = begin; node < end; ++node) {
      const std::uint32_t row = columns.rows[node];
      result.reasons[row] = static_cast<std::int8_t>(Reason::low_confidence);
      scores[node] = finite_or_zero(detections.scores[row]);
    }
  });
  suppress_proposals(columns, scores, options.constants, num_threads, result);
  if (options.calibrate) {
    Confidence estimated =
        calibrate(columns.frames, columns.boxes, scores, columns.labels, options.constants, num_threads);
    columns.confidence = std::move(estimated.of);
    columns.calibrated = estimated.certain;
  } else {
    for (const float score : scores) {
      columns.confidence.push_back(std::min(std::max(static_cast<double>(score), 0.0), 1.0));
    }
  }
  keep(columns, columns.confidence, [&](Node node) { return columns.confidence[node] >= options.constants.low; });
  return columns;
}

TRAJTRACK_CLONES
void set_values(const double* __restrict confidence, std::size_t begin, std::size_t end, const Constants& constants,
                std::int64_t* __restrict values) {
  const double high = constants.high, cap = constants.value_cap;
  for (std::size_t node = begin; node < end; ++node) {
    const double odds = std::min(std::max(confidence[node], 1e-4), 1.0 - 1e-4);
    const std::int64_t value = rounded_gain(std::min(std::max(log(odds / (1.0 - odds)), -cap), cap));
    values[node] = confidence[node] >= high ? value : 0;
  }
}

// The value of each node on a path: its log odds; 0 for nodes of low confidence.
std::vector<std::int64_t> node_values(std::span<const double> confidence, const Constants& c, int num_threads) {
  std::vector<std::int64_t> values(confidence.size());
  parallel_ranges(values.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    set_values(confidence.data(), begin, end, c, values.data());
  });
  return values;
}

// The nodes of high confidence, which are linked; the others only fill trajectories.
std::vector<Node> strong_nodes(const std::vector<double>& confidence, const Constants& c) {
  const auto strong = [&](double value) { return value >= c.high; };
  std::vector<Node> nodes;
  nodes.reserve(static_cast<std::size_t>(std::count_if(confidence.begin(), confidence.end(), strong)));
  for (Node node = 0; node < confidence.size(); ++node) {
    if (strong(confidence[node])) nodes.push_back(node);
  }
  return nodes;
}

// The minimum evidence of a trajectory; less in short videos.
std::int64_t required_evidence(const Columns& columns, const Constants& c) {
  const double share = c.evidence_share * static_cast<double>(columns.duration);
  return static_cast<std::int64_t>(nearest(std::min(c.evidence, share) * kOne));
}

// The nodes' boxes, estimated from the past and from the future of their tracks.
struct MovingBoxes {
  Buffer<MovingBox> past, future;

  MovingBoxes(const Frames& frames, const BoxModel& model, std::span<const Node> next, std::span<const Node> nodes,
              int num_threads)
      : past(nodes.size()), future(nodes.size()) {
    const auto moving = [&](const State& s, double direction) {
      const double predicted = s.pp + direction * s.pv + s.vv + model.noise.acceleration / 3.0;
      return MovingBox{{s.x, s.y, exp(s.w), exp(s.h)}, s.vx, s.vy, s.pp, predicted};
    };
    parallel_for(2, num_threads, [&](std::size_t direction) {
      if (direction == 0) {
        std::size_t k = 0;
        filter(frames, model, next, true, [&](Node node, const State& state) {
          if (k < nodes.size() && nodes[k] == node) past[k++] = moving(state, 2.0);
        });
      } else {
        std::size_t k = nodes.size();
        filter(frames, model, previous_of(next), false, [&](Node node, const State& state) {
          if (k > 0 && nodes[k - 1] == node) future[--k] = moving(state, -2.0);
        });
      }
    });
  }
};

// The ends of tracks, with their states from the past, and the starts, with their states from the future.
struct OpenEnds {
  NodeStates tails, heads;

  void estimate(const Frames& frames, const BoxModel& model, std::span<const Node> next, int num_threads) {
    tails.states.resize(tails.nodes.size());
    heads.states.resize(heads.nodes.size());
    parallel_for(2, num_threads, [&](std::size_t direction) {
      if (direction == 0) {
        std::size_t k = 0;
        filter(frames, model, next, true, [&](Node node, const State& state) {
          if (k < tails.nodes.size() && tails.nodes[k] == node) tails.states[k++] = state;
        });
      } else {
        std::size_t k = heads.nodes.size();
        filter(frames, model, previous_of(next), false, [&](Node node, const State& state) {
          if (k > 0 && heads.nodes[k - 1] == node) heads.states[--k] = state;
        });
      }
    });
  }
};

// The sum that the best paths maximise: the values of their nodes and the gains of their links.
std::int64_t total_of_paths(const Links& links, std::span<const std::int64_t> values, std::span<const Node> next) {
  std::int64_t total = 0;
  std::vector<std::uint8_t> has_previous(next.size(), 0);
  for (Node node = 0; node < next.size(); ++node) {
    const Node head = next[node];
    if (values[node] > 0 || head != kNone || has_previous[node]) total += values[node];
    if (head == kNone) continue;
    has_previous[head] = 1;
    std::size_t k = links.offsets[node];
    while (links.heads[k] != head) ++k;
    total += links.gains[k];
  }
  return total;
}

Noise scaled_prior(double scale, const Constants& c) {
  Noise prior = prior_noise(c);
  prior.acceleration *= scale * scale;
  prior.speed *= scale * scale;
  prior.size_drift *= scale * scale;
  return prior;
}

// Links neighbouring frames under the prior motion with which the best paths have the greatest sum. The prior motion is
// reduced as long as the sum grows; if it does not, the motion is increased.
std::vector<Node> first_paths(const Columns& columns, std::span<const Node> nodes,
                              const std::vector<std::int64_t>& values, BoxModel& model, const Constants& c,
                              int num_threads) {
  struct Trial {
    Noise prior;
    std::vector<Node> next;
    std::int64_t total;
  };
  const auto pairs_within = [&](const Noise& fastest) {
    return FirstLinks(columns.frames, columns.labels, model, nodes, fastest, c, num_threads);
  };
  const auto try_prior = [&](const Noise& prior, const FirstLinks& pairs, int threads) {
    const Links links = pairs.links(prior, threads);
    std::vector<Node> next = choose_links(links, values, true, threads);
    const std::int64_t total = total_of_paths(links, values, next);
    return Trial{prior, std::move(next), total};
  };
  // Returns the best trial among ever slower priors, and whether it is the first.
  const auto best_of_slow = [&] {
    const double factor = 1.0 / c.scale_step;
    const FirstLinks pairs = pairs_within(scaled_prior(1.0, c));
    std::array<Trial, 2> first;
    parallel_for(first.size(), num_threads, [&](std::size_t k) {
      first[k] = try_prior(scaled_prior(k == 0 ? 1.0 : factor, c), pairs, std::max(num_threads / 2, 1));
    });
    if (first[1].total <= first[0].total) return std::pair{std::move(first[0]), true};
    Trial best = std::move(first[1]);
    double scale = factor;
    for (int step = 1; step < kScaleSteps; ++step) {
      scale *= factor;
      Trial found = try_prior(scaled_prior(scale, c), pairs, num_threads);
      if (found.total <= best.total) break;
      best = std::move(found);
    }
    return std::pair{std::move(best), false};
  };
  // The sum if every node were linked as well as can be.
  const auto bound_of = [&](const Noise& prior) {
    const std::int64_t gain = FirstLinks::greatest_gain(prior, c);
    std::int64_t total = 0;
    for (const Node node : nodes) total += std::max<std::int64_t>(values[node] + gain, 0);
    return total;
  };
  auto [best, is_usual] = best_of_slow();
  double scale = c.scale_step;
  for (int step = 0; is_usual && step < kScaleSteps; ++step) {
    const Noise prior = scaled_prior(scale, c);
    if (bound_of(prior) <= best.total) break;
    Trial found = try_prior(prior, pairs_within(prior), num_threads);
    if (found.total <= best.total) break;
    best = std::move(found);
    scale *= c.scale_step;
  }
  model.prior = best.prior;
  return std::move(best.next);
}

// The next node of each node: two rounds of short links, then long links.
std::vector<Node> link_nodes(const Columns& columns, std::span<const Node> nodes, std::span<const std::int64_t> values,
                             BoxModel& model, const Constants& c, int num_threads) {
  const Frames& frames = columns.frames;
  const std::size_t count = columns.rows.size();
  std::vector<std::int64_t> path_values(count, kLeftOut);
  const auto ends = 2 * static_cast<std::int64_t>(nearest(c.end_cost * kOne));
  for (const Node node : nodes) path_values[node] = values[node] - ends;
  std::vector<Node> next = first_paths(columns, nodes, path_values, model, c, num_threads);
  model.estimate(frames, next, c, num_threads);
  next = [&] {
    const Links links = [&] {
      const MovingBoxes boxes(frames, model, std::exchange(next, {}), nodes, num_threads);
      return links_by_overlap(frames, columns.labels, model, nodes, boxes.past, boxes.future, c, num_threads);
    }();
    return choose_links(links, path_values, true, num_threads);
  }();
  model.estimate(frames, next, c, num_threads);

  std::vector<std::uint8_t> has_previous(count, 0);
  for (const Node node : next) {
    if (node != kNone) has_previous[node] = 1;
  }
  OpenEnds open;
  std::vector<std::int64_t> tail_values(count, kLeftOut);
  const std::int64_t required = required_evidence(columns, c);
  for (const Node node : nodes) {
    const bool is_end = next[node] == kNone, is_start = !has_previous[node];
    // In a short video, a single node may be a trajectory too.
    if (is_end && is_start && values[node] < required) continue;
    if (is_end) {
      open.tails.nodes.push_back(node);
      tail_values[node] = 0;
    }
    if (is_start) open.heads.nodes.push_back(node);
  }
  open.estimate(frames, model, next, num_threads);
  const Links links =
      links_by_likelihood(frames, columns.labels, model, open.tails, open.heads, model.longest_link(c), c, num_threads);
  const std::vector<Node> far = choose_links(links, tail_values, false, num_threads);
  for (const Node tail : open.tails.nodes) next[tail] = far[tail];
  return next;
}

struct Path {
  Node first;  // the track, by its first node before it was extended
  std::int64_t evidence;
  std::vector<Node> nodes;
};

// The tracks with enough evidence, with the detections that fill and extend them.
std::vector<Path> find_paths(const Columns& columns, std::span<const std::int64_t> values, std::span<const Node> next,
                             const BoxModel& model, const Constants& c, int num_threads) {
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
  fill_tracks(frames, columns.labels, model, next, kept, c, track_of, num_threads);
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
  result.reasons.assign(detections.size(), static_cast<std::int8_t>(Reason::below_min_score));
  const auto mark = [&](std::uint32_t row, Reason reason) { result.reasons[row] = static_cast<std::int8_t>(reason); };

  result.suppressed_by.assign(detections.size(), -1);
  Columns columns = choose_rows(detections, options, num_threads, result);
  found.calibrated = columns.calibrated;
  const std::vector<std::int64_t> values = node_values(columns.confidence, c, num_threads);
  const std::vector<Node> strong = strong_nodes(std::exchange(columns.confidence, {}), c);
  BoxModel model(columns.frames, std::move(columns.boxes), c, num_threads);
  const std::vector<Node> next = link_nodes(columns, strong, values, model, c, num_threads);
  std::vector<Path> paths = find_paths(columns, values, next, model, c, num_threads);
  std::erase_if(paths, [&](const Path& path) {
    if (path.nodes.size() >= options.min_length) return false;
    for (const Node node : path.nodes) mark(columns.rows[node], Reason::too_short);
    return true;
  });
  std::sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) {
    return a.evidence != b.evidence ? a.evidence > b.evidence : a.nodes.front() < b.nodes.front();
  });

  result.track_ids.assign(detections.size(), -1);
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
