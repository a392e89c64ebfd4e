// Tracks of nodes, the motion of objects along them, and the noise and the camera of a video.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "flow/nodes.h"
#include "flow/options.h"

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
// velocities in // pixels; variances in units of the box's area; logarithms of the sides.
struct State {
  double x, y, vx, vy, pp, pv, vv, w, h, ss;
};

// What is known of each node's box.
struct BoxModel {
  struct Centre {
    double x, y;
  };
  std::vector<Centre> given;
  std::vector<CentredBox> boxes;  // without the shift of the camera
  std::vector<double> size, log_w, log_h;
  std::vector<double> camera_x, camera_y;  // of each frame
  Noise noise, prior;
  struct Measured {
    double position, acceleration;
  };
  std::optional<Measured> measured;  // variances without factors, if there were enough links

  BoxModel(const Frames& frames, std::vector<CentredBox> boxes, const Constants& constants);

  // Estimates the shift of the camera, then the noise of the stabilised boxes.
  void estimate(const Frames& frames, std::span<const Node> next, const Constants& constants);

  // The maximum number of frames of a long link.
  std::int64_t longest_link(const Constants& constants) const;

 private:
  void estimate_camera(const Frames& frames, std::span<const Node> next, const Constants& constants);
  void estimate_noise(const Frames& frames, std::span<const Node> next, const Constants& constants);
};

// A Kalman filter along each track: constant velocity for the centre, a random walk for log width and height. The
// states are estimated from the past and from the future of each node's track.
struct States {
  std::vector<State> past, future;

  void run(const Frames& frames, const BoxModel& model, std::span<const Node> next, int num_threads);

  // The same after some links have been added to `before`, which gave the present states.
  void update(const Frames& frames, const BoxModel& model, std::span<const Node> before, std::span<const Node> next,
              int num_threads);
};

}  // namespace trajtrack::flow
