#include "flow/motion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "block_search.h"
#include "flow/elementary.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

// Approximate number of nodes at which noise is measured, if there are as many.
constexpr Node kSample = 8192;

double variance(std::vector<double>& differences) {
  for (double& value : differences) value = std::abs(value);
  const double deviation = quantile(differences, 9, 10) / 1.645;
  return deviation * deviation;
}

TRAJTRACK_CLONES
void measure_sides(const Box* __restrict boxes, std::size_t begin, std::size_t end, double* __restrict size,
                   double* __restrict log_w, double* __restrict log_h) {
  for (std::size_t node = begin; node < end; ++node) {
    const CentredBox own = centred(boxes[node]);
    size[node] = std::sqrt(own.w * own.h);
    log_w[node] = log(own.w);
    log_h[node] = log(own.h);
  }
}

double shrunk(double variance, std::size_t count, double prior, double least, double prior_weight) {
  const double share = static_cast<double>(count) / (static_cast<double>(count) + prior_weight);
  return exp(share * log(std::max(variance, least)) + (1.0 - share) * log(prior));
}

}  // namespace

Noise prior_noise(const Constants& c) {
  return {c.position_noise * c.position_noise, c.acceleration * c.acceleration, c.speed * c.speed,
          c.size_noise * c.size_noise, c.size_drift * c.size_drift};
}

Tracks tracks_of(std::span<const Node> next) {
  std::vector<std::uint8_t> has_previous(next.size(), 0);
  for (const Node node : next) {
    if (node != kNone) has_previous[node] = 1;
  }
  Tracks tracks;
  tracks.nodes.reserve(next.size());
  for (Node start = 0; start < next.size(); ++start) {
    if (has_previous[start]) continue;
    for (Node node = start; node != kNone; node = next[node]) tracks.nodes.push_back(node);
    tracks.offsets.push_back(tracks.nodes.size());
  }
  return tracks;
}

BoxModel::BoxModel(const Frames& frames, std::vector<Box> boxes, const Constants& constants, int num_threads)
    : given(std::move(boxes)),
      size(given.size()),
      log_w(given.size()),
      log_h(given.size()),
      camera_x(frames.size(), 0),
      camera_y(frames.size(), 0),
      noise(prior_noise(constants)),
      prior(noise) {
  parallel_ranges(given.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    measure_sides(given.data(), begin, end, size.data(), log_w.data(), log_h.data());
  });
}

void BoxModel::estimate(const Frames& frames, std::span<const Node> next, const Constants& constants, int num_threads) {
  estimate_camera(frames, next, constants, num_threads);
  estimate_noise(frames, next, constants, num_threads);
}

void BoxModel::estimate_camera(const Frames& frames, std::span<const Node> next, const Constants& constants,
                               int num_threads) {
  struct Shift {
    double x = 0, y = 0;
  };
  std::vector<Shift> shift(frames.size());  // to the next frame
  parallel_ranges(frames.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> dx, dy, h;
    for (std::size_t frame = begin; frame < end; ++frame) {
      poll();
      dx.clear();
      dy.clear();
      h.clear();
      for (Node node = frames.begin[frame]; node < frames.begin[frame + 1]; ++node) {
        const Node head = next[node];
        if (head == kNone || frames.time(head) - frames.time(node) != 1) continue;
        const CentredBox from = centred(given[node]), to = centred(given[head]);
        dx.push_back(to.x - from.x);
        dy.push_back(to.y - from.y);
        h.push_back(from.h);
      }
      if (dx.empty() || static_cast<double>(dx.size()) < constants.camera_links) continue;
      const double limit = constants.camera_spread * quantile(h, 1, 2);
      const Quartiles x = quartiles(dx);
      if (x.third - x.first > limit) continue;
      const Quartiles y = quartiles(dy);
      if (y.third - y.first > limit) continue;
      shift[frame] = {x.second, y.second};
    }
  });
  Shift total;
  for (std::size_t frame = 0; frame < frames.size(); ++frame) {
    camera_x[frame] = total.x;
    camera_y[frame] = total.y;
    total.x += shift[frame].x;
    total.y += shift[frame].y;
  }
}

void BoxModel::estimate_noise(const Frames& frames, std::span<const Node> next, const Constants& c, int num_threads) {
  const auto lag = static_cast<std::int64_t>(c.lag);
  noise = prior;
  measured.reset();
  // The node `steps` links and frames later, kNone for none.
  const auto after = [&](Node node, std::int64_t steps) {
    Node later = node;
    for (std::int64_t k = 0; k < steps && later != kNone; ++k) later = next[later];
    return later != kNone && frames.time(later) - frames.time(node) == steps ? later : kNone;
  };
  const Node step = std::max<Node>(1, static_cast<Node>(next.size()) / kSample);
  const auto box_of = [&](Node node) { return box(node, frames.frame_of[node]); };
  // Measures differences of the sampled nodes, of which add(node, values) appends two, if there are some.
  struct Spread {
    std::size_t count = 0;  // of nodes
    double variance = 0;
  };
  const auto spread_of = [&](const auto& add) {
    std::vector<double> values;
    for (Node node = 0; node < next.size(); node += step) add(node, values);
    return values.empty() ? Spread{} : Spread{values.size() / 2, variance(values)};
  };
  const auto second = [&](std::int64_t steps) {
    return spread_of([&](Node i, std::vector<double>& values) {
      const Node j = after(i, steps), k = j == kNone ? kNone : after(j, steps);
      if (k == kNone) return;
      const CentredBox a = box_of(i), b = box_of(j), d = box_of(k);
      values.push_back((a.x - 2.0 * b.x + d.x) / size[j]);
      values.push_back((a.y - 2.0 * b.y + d.y) / size[j]);
    });
  };
  const auto first_positions = [&](std::int64_t steps) {
    return spread_of([&](Node i, std::vector<double>& values) {
      const Node j = after(i, steps);
      if (j == kNone) return;
      const CentredBox a = box_of(i), b = box_of(j);
      values.push_back((b.x - a.x) / size[i] / static_cast<double>(steps));
      values.push_back((b.y - a.y) / size[i] / static_cast<double>(steps));
    });
  };
  const auto first_sides = [&](std::int64_t steps) {
    return spread_of([&](Node i, std::vector<double>& values) {
      const Node j = after(i, steps);
      if (j == kNone) return;
      values.push_back(log_w[j] - log_w[i]);
      values.push_back(log_h[j] - log_h[i]);
    });
  };
  const auto number = [&](double value, std::size_t count, double from, double least) {
    return shrunk(value, count, from, least, c.prior_weight);
  };

  Spread near, far, speed, sides, far_sides;
  const std::array<std::function<void()>, 5> measurements{[&] { near = second(1); }, [&] { far = second(lag); },
                                                          [&] {
                                                            speed = first_positions(lag);
                                                            if (speed.count < 5) speed = first_positions(1);
                                                          },
                                                          [&] { sides = first_sides(1); },
                                                          [&] { far_sides = first_sides(lag); }};
  parallel_for(measurements.size(), num_threads, [&](std::size_t task) { measurements[task](); });
  if (near.count >= 5) {
    const double a = near.variance;
    double q, r;
    if (far.count >= 5) {
      q = std::max((far.variance - a) / (2.0 / 3.0 * static_cast<double>(lag * lag * lag - 1)), 0.0);
      q = std::max(q, 0.1 * a / 6.0 * 0.01);
      r = std::max((a - 2.0 / 3.0 * q) / 6.0, 0.1 * a / 6.0);
    } else {
      q = prior.acceleration;
      r = std::max((a - 2.0 / 3.0 * q) / 6.0, 0.3 * a / 6.0);
    }
    const std::size_t few = std::min(near.count, far.count);
    measured = Measured{number(r, near.count, prior.position / c.position_factor, 1e-6),
                        number(q, few, prior.acceleration / c.acceleration_factor, 1e-8)};
    noise.position = c.position_factor * number(r, near.count, prior.position / c.position_factor, 1e-5);
    noise.acceleration = c.acceleration_factor * number(q, few, prior.acceleration / c.acceleration_factor, 1e-7);
    noise.speed = c.speed_factor * number(speed.variance, speed.count, prior.speed / c.speed_factor, 1e-5);
  }
  if (sides.count >= 5) {
    const double a = sides.variance;
    double drift, r;
    if (far_sides.count >= 5) {
      drift = std::max((far_sides.variance - a) / static_cast<double>(lag - 1), 0.02 * a);
      r = std::max((a - drift) / 2.0, 0.1 * a);
    } else {
      drift = prior.size_drift;
      r = std::max((a - drift) / 2.0, 0.3 * a);
    }
    noise.size = c.size_factor * number(r, sides.count, prior.size / c.size_factor, 1e-5);
    noise.size_drift = c.size_drift_factor * number(drift, sides.count, prior.size_drift / c.size_drift_factor, 1e-7);
  }
}

std::int64_t BoxModel::longest_link(const Constants& c) const {
  const double q = measured ? measured->acceleration : prior.acceleration;
  const auto longest = static_cast<std::int64_t>(c.longest), shortest = static_cast<std::int64_t>(c.distance);
  const double limit = 8.0 * 192.0 * c.long_deviation * c.long_deviation;
  std::int64_t length = 1;
  while (length < longest && static_cast<double>((length + 1) * (length + 1) * (length + 1)) * q <= limit) ++length;
  return std::min(std::max(length, shortest), longest);
}

std::vector<Node> previous_of(std::span<const Node> next) {
  std::vector<Node> previous(next.size(), kNone);
  for (Node node = 0; node < next.size(); ++node) {
    if (next[node] != kNone) previous[next[node]] = node;
  }
  return previous;
}

}  // namespace trajtrack::flow
