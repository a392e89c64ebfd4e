#include "flow/smoothing.h"

#include <cmath>

#include "flow/elementary.h"

namespace trajtrack::flow {

std::vector<CentredBox> smooth(const Frames& frames, const BoxModel& model, std::span<const Node> nodes,
                               const Constants& constants) {
  // Copied first, because the boxes of a track lie far apart in memory.
  std::vector<CentredBox> boxes(nodes.size());
  std::vector<std::int64_t> times(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    boxes[i] = model.box(nodes[i], frames.frame_of[nodes[i]]);
    times[i] = frames.time(nodes[i]);
  }
  std::vector<CentredBox> result = boxes;
  if (model.measured) {
    const double bandwidth =
        constants.bandwidth * std::sqrt(std::sqrt(model.measured->position / model.measured->acceleration));
    const auto farthest = static_cast<std::int64_t>(std::ceil(2.5 * bandwidth));
    std::vector<double> weights;
    for (std::int64_t k = 0; k <= farthest; ++k) {
      const double x = static_cast<double>(k) / bandwidth;
      weights.push_back(exp(-0.5 * x * x));
    }
    std::size_t begin = 0, end = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      while (times[begin] < times[i] - farthest) ++begin;
      while (end < nodes.size() && times[end] <= times[i] + farthest) ++end;
      if (end - begin < 3) continue;
      const auto visit = [&](const auto& add) {
        for (std::size_t k = begin; k < end; ++k) {
          const std::int64_t away = times[k] - times[i];
          add(boxes[k], static_cast<double>(away), weights[static_cast<std::size_t>(std::abs(away))]);
        }
      };
      double s0 = 0, s1 = 0, s2 = 0;
      visit([&](const CentredBox&, double x, double weight) {
        s0 = s0 + weight;
        s1 = s1 + weight * x;
        s2 = s2 + weight * x * x;
      });
      const double det = s0 * s2 - s1 * s1;
      if (det < 1e-9) continue;
      CentredBox total{0, 0, 0, 0};
      visit([&](const CentredBox& box, double x, double weight) {
        const double share = weight * (s2 - s1 * x);
        total.x = total.x + share * box.x;
        total.y = total.y + share * box.y;
        total.w = total.w + share * box.w;
        total.h = total.h + share * box.h;
      });
      result[i] = {total.x / det, total.y / det, total.w / det, total.h / det};
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::uint32_t frame = frames.frame_of[nodes[i]];
    result[i].x += model.camera_x[frame];
    result[i].y += model.camera_y[frame];
  }
  return result;
}

}  // namespace trajtrack::flow
