#include "flow/filling.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>
#include <utility>

#include "interruption.h"
#include "parallel.h"

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
                 std::span<const Node> next, std::span<const std::span<const Node>> tracks, const Constants& constants,
                 std::vector<Node>& track_of, int num_threads) {
  std::vector<Node> free;
  for (Node node = 0; node < track_of.size(); ++node) {
    if (track_of[node] == kNone) free.push_back(node);
  }
  if (free.empty() || tracks.empty()) return;
  const auto box_of = [&](Node node) { return model.box(node, frames.frame_of[node]); };
  const SortedNodes sorted(frames, labels, free, [&](std::size_t k) { return edges_of(box_of(free[k])); }, num_threads);
  std::vector<std::uint32_t> room;
  const auto find = [&](const CentredBox& box, std::size_t frame, Node track, std::vector<Found>& found) {
    const auto* const group = sorted.find(frame, labels[track]);
    if (!group) return;
    const Edges here = edges_of(box);
    const double area = box.w * box.h;
    for (const std::uint32_t index : sorted.intersecting(*group, region_of(here, constants.fill_overlap), room)) {
      const Node node = free[index];
      if (track_of[node] != kNone) continue;
      const CentredBox other = box_of(node);
      const double value = overlap(here, area, edges_of(other), other.w * other.h);
      if (value >= constants.fill_overlap) found.push_back({value, track, node});
    }
  };

  std::vector<Found> found;
  for (const std::span<const Node> nodes : tracks) {
    poll();
    for (std::size_t k = 1; k < nodes.size(); ++k) {
      const Node i = nodes[k - 1], j = nodes[k];
      const auto gap = static_cast<double>(frames.time(j) - frames.time(i));
      const CentredBox a = box_of(i), b = box_of(j);
      for (std::size_t frame = frames.frame_of[i] + std::size_t{1}; frame < frames.frame_of[j]; ++frame) {
        const double share = static_cast<double>(frames.number[frame] - frames.time(i)) / gap;
        const CentredBox box{a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, a.w + (b.w - a.w) * share,
                             a.h + (b.h - a.h) * share};
        find(box, frame, nodes.front(), found);
      }
    }
  }
  choose(frames, found, track_of, [](Node, Node) {});

  // Extend tracks frame by frame, as long as a detection overlaps the predicted box.
  struct End {
    Node track;
    State state;
    double w, h;
  };
  // The ends of the tracks, or their starts, by frame.
  const auto ends_of = [&](std::span<const Node> after, bool forwards) {
    std::vector<std::vector<End>> ends(frames.size());
    std::vector<Node> track_at(track_of.size(), kNone);
    for (const std::span<const Node> nodes : tracks) track_at[forwards ? nodes.back() : nodes.front()] = nodes.front();
    filter(frames, model, after, forwards, [&](Node node, const State& state) {
      if (track_at[node] == kNone) return;
      const CentredBox box = box_of(node);
      ends[frames.frame_of[node]].push_back({track_at[node], state, box.w, box.h});
    });
    return ends;
  };
  std::vector<std::vector<End>> last, first;
  parallel_for(2, num_threads, [&](std::size_t direction) {
    if (direction == 0) {
      last = ends_of(next, true);
    } else {
      first = ends_of(previous_of(next), false);
    }
  });
  const Noise& noise = model.noise;
  const auto extend = [&](std::vector<std::vector<End>> ends, bool forwards) {
    const double d = forwards ? 1.0 : -1.0;
    for (std::size_t k = 1; k < frames.size(); ++k) {
      const std::size_t frame = forwards ? k : frames.size() - 1 - k;
      const std::size_t before = forwards ? frame - 1 : frame + 1;
      poll();
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
        const CentredBox box = box_of(node);
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
  extend(std::move(last), true);
  extend(std::move(first), false);
}

}  // namespace trajtrack::flow
