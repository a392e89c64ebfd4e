// Tracks of nodes, the motion of objects along them, and the noise and the camera of a video.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "flow/buffer.h"
#include "flow/nodes.h"
#include "flow/options.h"
#include "interruption.h"

namespace trajtrack::flow {

// Variances in units of a box's area, per frame where they grow.
struct Noise {
  double position, acceleration, speed, size, size_drift;
};

Noise prior_noise(const Constants& constants);

// The nodes by track and frame; tracks are ordered by their first node.
struct Tracks {
  std::vector<Node> nodes;
  std::vector<std::size_t> offsets{0};

  std::size_t size() const { return offsets.size() - 1; }
  std::span<const Node> operator[](std::size_t track) const {
    return {nodes.data() + offsets[track], offsets[track + 1] - offsets[track]};
  }
};

Tracks tracks_of(std::span<const Node> next);

// The state of an object at a node, estimated from the boxes of its track up to the node or from it on. Positions and
// velocities in pixels; variances in units of the box's area; logarithms of the sides.
struct State {
  double x, y, vx, vy, pp, pv, vv, w, h, ss;
};

// What is known of each node's box.
struct BoxModel {
  std::vector<Box> given;  // as they were detected
  Buffer<double> size, log_w, log_h;
  std::vector<double> camera_x, camera_y;  // of each frame
  Noise noise, prior;
  struct Measured {
    double position, acceleration;
  };
  std::optional<Measured> measured;  // variances without factors, if there were enough links

  BoxModel(const Frames& frames, std::vector<Box> boxes, const Constants& constants, int num_threads);

  // The box of a node of this frame, without the shift of the camera.
  CentredBox box(Node node, std::size_t frame) const {
    CentredBox box = centred(given[node]);
    box.x -= camera_x[frame];
    box.y -= camera_y[frame];
    return box;
  }

  // The state of an object of which nothing but the box of this node is known.
  State first_state(Node node, std::size_t frame) const {
    const CentredBox own = box(node, frame);
    return {own.x, own.y, 0, 0, noise.position, 0, noise.speed, log_w[node], log_h[node], noise.size};
  }

  // Estimates the shift of the camera, then the noise of the stabilised boxes.
  void estimate(const Frames& frames, std::span<const Node> next, const Constants& constants, int num_threads);

  // The maximum number of frames of a long link.
  std::int64_t longest_link(const Constants& constants) const;

 private:
  void estimate_camera(const Frames& frames, std::span<const Node> next, const Constants& constants, int num_threads);
  void estimate_noise(const Frames& frames, std::span<const Node> next, const Constants& constants, int num_threads);
};

// The state after the next box of a track, `d` frames later; `ratio` is the old area over the new one.
inline State observe_next(const State& before, double ratio, double d, const CentredBox& box, double log_w,
                          double log_h, const Noise& noise) {
  const double pp0 = before.pp * ratio, pv0 = before.pv * ratio, vv0 = before.vv * ratio;
  const double x = before.x + before.vx * d, y = before.y + before.vy * d;
  const double pp = pp0 + 2.0 * d * pv0 + d * d * vv0 + noise.acceleration / 3.0 * (d * d * d);
  const double pv = pv0 + d * vv0 + noise.acceleration / 2.0 * (d * d);
  const double vv = vv0 + noise.acceleration * d;
  const double share = 1.0 / (pp + noise.position);
  const double k0 = pp * share, k1 = pv * share;
  const double ex = box.x - x, ey = box.y - y;
  const double ss = before.ss + noise.size_drift * d;
  const double k = ss / (ss + noise.size);
  return {x + k0 * ex,
          y + k0 * ey,
          before.vx + k1 * ex,
          before.vy + k1 * ey,
          pp - k0 * pp,
          pv - k0 * pv,
          vv - k1 * pv,
          before.w + k * (log_w - before.w),
          before.h + k * (log_h - before.h),
          ss - k * ss};
}

std::vector<Node> previous_of(std::span<const Node> next);

// Runs a Kalman filter along each track: constant velocity for the centre, a random walk for log width and height.
// Calls visit(node, state) for every node. With `forwards`, states are estimated from the past, nodes ascend and
// `after` holds the next node of each node; otherwise states are estimated from the future, nodes descend and `after`
// holds the previous node of each node.
//
// All tracks advance together, because the boxes of a track lie far apart in memory.
template <typename Visit>
void filter(const Frames& frames, const BoxModel& model, std::span<const Node> after, bool forwards,
            const Visit& visit) {
  struct Active {
    State state;
    double area;
    std::int64_t time;
  };
  std::vector<Active> active;
  std::vector<std::uint32_t> unused;
  constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> slot_of(after.size(), kNoSlot);
  const auto visit_node = [&](Node node, std::size_t frame) {
    State state = model.first_state(node, frame);
    std::uint32_t slot = slot_of[node];
    const double area = model.size[node] * model.size[node];
    const std::int64_t time = frames.number[frame];
    if (slot != kNoSlot) {
      const Active& before = active[slot];
      const auto d = static_cast<double>(std::abs(time - before.time));
      state = observe_next(before.state, before.area / area, d, model.box(node, frame), state.w, state.h, model.noise);
    }
    if (const Node later = after[node]; later != kNone) {
      if (slot == kNoSlot) {
        if (unused.empty()) {
          unused.push_back(static_cast<std::uint32_t>(active.size()));
          active.emplace_back();
        }
        slot = unused.back();
        unused.pop_back();
      }
      active[slot] = {state, area, time};
      slot_of[later] = slot;
    } else if (slot != kNoSlot) {
      unused.push_back(slot);
    }
    if (!forwards) {  // in reversed time, velocities are turned around
      state.vx = -state.vx;
      state.vy = -state.vy;
      state.pv = -state.pv;
    }
    visit(node, state);
  };
  if (forwards) {
    for (std::size_t frame = 0; frame < frames.size(); ++frame) {
      poll();
      for (Node node = frames.begin[frame]; node < frames.begin[frame + 1]; ++node) visit_node(node, frame);
    }
  } else {
    for (std::size_t frame = frames.size(); frame-- > 0;) {
      poll();
      for (Node node = frames.begin[frame + 1]; node-- > frames.begin[frame];) visit_node(node, frame);
    }
  }
}

}  // namespace trajtrack::flow
