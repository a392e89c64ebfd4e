#include "flow/filling.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "flow/elementary.h"

namespace trajtrack::flow {

namespace {

struct Found {
  double overlap;
  Node track, node;
  bool operator<(const Found& other) const {
    if (overlap != other.overlap) return overlap > other.overlap;
    return track != other.track ? track < other.track : node < other.node;
  }
};

// Gives each track at most one node per frame, the greatest overlap first, then the first track and node. Calls
// take(track, node).
template <typename Take>
void choose(const Frames& frames, std::vector<Found>& found, std::vector<Node>& track_of, const Take& take) {
  std::sort(found.begin(), found.end());
  std::unordered_set<std::uint64_t> taken;
  for (const Found& one : found) {
    if (track_of[one.node] != kNone) continue;
    if (!taken.insert(std::uint64_t{one.track} << 32 | frames.frame_of[one.node]).second) continue;
    track_of[one.node] = one.track;
    take(one.track, one.node);
  }
}

}  // namespace

void fill_tracks(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                 const States& states, std::span<const std::span<const Node>> tracks, const Constants& constants,
                 std::vector<Node>& track_of) {
  std::vector<Node> free;
  for (Node node = 0; node < track_of.size(); ++node) {
    if (track_of[node] == kNone) free.push_back(node);
  }
  if (free.empty() || tracks.empty()) return;
  std::vector<Edges> edges;
  edges.reserve(free.size());
  for (const Node node : free) edges.push_back(edges_of(model.boxes[node]));
  const SortedNodes sorted(frames, labels, free, edges);
  std::vector<std::uint32_t> room;
  const auto find = [&](const CentredBox& box, std::size_t frame, Node track, std::vector<Found>& found) {
    const auto* const group = sorted.find(frame, labels[track]);
    if (!group) return;
    const Edges here = edges_of(box);
    const double area = box.w * box.h;
    for (const std::uint32_t position : sorted.meeting(*group, region_of(here, constants.fill_overlap), room)) {
      const Node node = sorted.node(position);
      if (track_of[node] != kNone) continue;
      const CentredBox& other = model.boxes[node];
      const double value = overlap(here, area, edges[sorted.index(position)], other.w * other.h);
      if (value >= constants.fill_overlap) found.push_back({value, track, node});
    }
  };

  std::vector<Found> found;
  for (const std::span<const Node> nodes : tracks) {
    for (std::size_t k = 1; k < nodes.size(); ++k) {
      const Node i = nodes[k - 1], j = nodes[k];
      const auto gap = static_cast<double>(frames.time(j) - frames.time(i));
      const CentredBox &a = model.boxes[i], &b = model.boxes[j];
      for (std::size_t frame = frames.frame_of[i] + std::size_t{1}; frame < frames.frame_of[j]; ++frame) {
        const double share = static_cast<double>(frames.number[frame] - frames.time(i)) / gap;
        const CentredBox box{a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, a.w + (b.w - a.w) * share,
                             a.h + (b.h - a.h) * share};
        find(box, frame, nodes.front(), found);
      }
    }
  }
  choose(frames, found, track_of, [](Node, Node) {});

  // Continue tracks frame by frame, as long as a detection lies where the track is expected.
  struct End {
    Node track;
    State state;
    double w, h;
  };
  const Noise& noise = model.noise;
  const auto extend = [&](bool forwards) {
    std::vector<std::vector<End>> ends(frames.size());
    for (const std::span<const Node> nodes : tracks) {
      const Node node = forwards ? nodes.back() : nodes.front();
      const State& state = forwards ? states.past[node] : states.future[node];
      ends[frames.frame_of[node]].push_back({nodes.front(), state, model.boxes[node].w, model.boxes[node].h});
    }
    const double d = forwards ? 1.0 : -1.0;
    for (std::size_t k = 1; k < frames.size(); ++k) {
      const std::size_t frame = forwards ? k : frames.size() - 1 - k;
      const std::size_t before = forwards ? frame - 1 : frame + 1;
      if (std::abs(std::int64_t{frames.number[frame]} - std::int64_t{frames.number[before]}) != 1) continue;
      std::vector<End> here = std::move(ends[before]);
      std::sort(here.begin(), here.end(), [](const End& a, const End& b) { return a.track < b.track; });
      found.clear();
      for (End& end : here) {
        end.state.x = end.state.x + end.state.vx * d;
        end.state.y = end.state.y + end.state.vy * d;
        find({end.state.x, end.state.y, end.w, end.h}, frame, end.track, found);
      }
      choose(frames, found, track_of, [&](Node track, Node node) {
        const auto which = std::lower_bound(here.begin(), here.end(), track,
                                            [](const End& end, Node value) { return end.track < value; });
        End end = *which;
        State& s = end.state;
        const double pp = s.pp + 2.0 * d * s.pv + s.vv + noise.acceleration / 3.0;
        const double pv = s.pv + d * s.vv + d * noise.acceleration / 2.0;
        const double vv = s.vv + noise.acceleration;
        const double k0 = pp / (pp + noise.position), k1 = pv / (pp + noise.position);
        const CentredBox& box = model.boxes[node];
        const double ex = box.x - s.x, ey = box.y - s.y, memory = constants.size_memory;
        s.x = s.x + k0 * ex;
        s.y = s.y + k0 * ey;
        s.vx = s.vx + k1 * ex;
        s.vy = s.vy + k1 * ey;
        s.pp = pp - k0 * pp;
        s.pv = pv - k0 * pv;
        s.vv = vv - k1 * pv;
        end.w = memory * end.w + (1.0 - memory) * box.w;
        end.h = memory * end.h + (1.0 - memory) * box.h;
        ends[frame].push_back(end);
      });
    }
  };
  extend(true);
  extend(false);
}

std::vector<CentredBox> smooth(const Frames& frames, const BoxModel& model, std::span<const Node> nodes,
                               const Constants& constants) {
  // Copied first, because the boxes of a track lie far apart in memory.
  std::vector<CentredBox> boxes(nodes.size());
  std::vector<std::int64_t> times(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    boxes[i] = model.boxes[nodes[i]];
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
