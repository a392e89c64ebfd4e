#include "flow/candidates.h"

#include <algorithm>
#include <cmath>

#include "flow/elementary.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

struct Candidate {
  Node head;
  std::int64_t gain;
};

// Calls search(tail, found, room) for every tail, which appends the candidates of the tail in any order; `room` is for
// searches.
template <typename Search>
Links collect(std::size_t num_nodes, std::span<const Node> tails, int num_threads, const Search& search) {
  struct Part {
    std::vector<std::uint32_t> counts;
    std::vector<Candidate> found;
  };
  const std::size_t num_parts = num_threads <= 1 ? 1 : 8 * static_cast<std::size_t>(num_threads);
  std::vector<Part> parts(num_parts);
  parallel_for(num_parts, num_threads, [&](std::size_t number) {
    Part& part = parts[number];
    std::vector<std::uint32_t> room;
    const std::size_t end = tails.size() * (number + 1) / num_parts;
    const std::size_t start = tails.size() * number / num_parts;
    part.counts.reserve(end - start);
    part.found.reserve(2 * (end - start));
    for (std::size_t k = start; k < end; ++k) {
      const std::size_t begin = part.found.size();
      search(tails[k], part.found, room);
      const auto first = part.found.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto less = [](const Candidate& a, const Candidate& b) { return a.head < b.head; };
      if (!std::is_sorted(first, part.found.end(), less)) std::sort(first, part.found.end(), less);
      part.counts.push_back(static_cast<std::uint32_t>(part.found.size() - begin));
    }
  });
  Links links;
  links.offsets.assign(num_nodes + 1, 0);
  auto tail = tails.begin();
  for (const Part& part : parts) {
    for (const std::uint32_t count : part.counts) links.offsets[*tail++ + 1] = count;
  }
  for (std::size_t node = 0; node < num_nodes; ++node) links.offsets[node + 1] += links.offsets[node];
  links.heads.reserve(links.offsets.back());
  links.gains.reserve(links.offsets.back());
  for (const Part& part : parts) {
    for (const Candidate& candidate : part.found) {
      links.heads.push_back(candidate.head);
      links.gains.push_back(candidate.gain);
    }
  }
  return links;
}

// Calls visit(distance, group) for the groups of the tail's label in the next `longest` frames, and keeps at most
// `most` of the candidates that each call appends to `found`: those of the greatest gains, then the first heads.
template <typename Visit>
void visit_groups(const Frames& frames, std::span<const std::int32_t> labels, const SortedNodes& heads, Node tail,
                  std::int64_t longest, std::size_t most, std::vector<Candidate>& found, const Visit& visit) {
  for (std::size_t frame = frames.frame_of[tail] + std::size_t{1}; frame < frames.size(); ++frame) {
    const std::int64_t distance = frames.number[frame] - frames.time(tail);
    if (distance > longest) return;
    const auto* const group = heads.find(frame, labels[tail]);
    if (!group) continue;
    const std::size_t before = found.size();
    visit(static_cast<double>(distance), *group);
    if (found.size() - before <= most) continue;
    const auto begin = found.begin() + static_cast<std::ptrdiff_t>(before);
    const auto end = begin + static_cast<std::ptrdiff_t>(most);
    std::nth_element(begin, end, found.end(), [](const Candidate& a, const Candidate& b) {
      return a.gain != b.gain ? a.gain > b.gain : a.head < b.head;
    });
    found.erase(end, found.end());
  }
}

}  // namespace

Links links_by_likelihood(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                          const States& states, std::span<const Node> tails, std::span<const Node> heads,
                          std::int64_t longest, const Constants& c, int num_threads) {
  // The greatest variance and size among all heads, for the regions.
  double most = 0, largest = 0;
  std::vector<Edges> centres;
  centres.reserve(heads.size());
  for (const Node head : heads) {
    const State& state = states.future[head];
    centres.push_back({state.x, state.y, state.x, state.y});
    most = std::max(most, state.pp);
    largest = std::max(largest, model.size[head]);
  }
  const SortedNodes sorted(frames, labels, heads, centres);
  const Noise& noise = model.noise;
  const auto most_links = static_cast<std::size_t>(c.candidates);
  return collect(frames.num_nodes(), tails, num_threads, [&](Node tail, auto& found, auto& room) {
    const State& i = states.past[tail];
    visit_groups(
        frames, labels, sorted, tail, longest, most_links, found, [&](double d, const SortedNodes::Group& group) {
          const double own = i.pp + 2.0 * d * i.pv + d * d * i.vv + noise.acceleration * d * d * d / 3.0;
          const double farthest = c.gate * std::sqrt((own + most) * (model.size[tail] * largest)) * 1.000001;
          const double x = i.x + i.vx * d, y = i.y + i.vy * d;
          for (const std::uint32_t position :
               sorted.intersecting(group, {x - farthest, y - farthest, x + farthest, y + farthest}, room)) {
            const Node head = sorted.node(position);
            const State& j = states.future[head];
            const double area = model.size[tail] * model.size[head];
            const double pp = own + j.pp;
            const double dx = j.x - i.x - i.vx * d, dy = j.y - i.y - i.vy * d;
            const double limit = c.gate * c.gate * pp * area;
            if (!(dx * dx <= limit) || !(dy * dy <= limit)) continue;
            const double pv = i.pv + d * i.vv + noise.acceleration * d * d / 2.0 + j.pv;
            const double vv = i.vv + noise.acceleration * d + j.vv;
            const double det = pp * vv - pv * pv;
            const double wx = j.vx - i.vx, wy = j.vy - i.vy;
            double deviation = vv * (dx * dx + dy * dy) - 2.0 * pv * (dx * wx + dy * wy) + pp * (wx * wx + wy * wy);
            deviation = deviation / (det * area);
            const double ss = i.ss + j.ss + noise.size_drift * d;
            const double dw = i.w - j.w, dh = i.h - j.h;
            deviation = deviation + (dw * dw + dh * dh) / ss;
            const double speed = (j.vx * j.vx + j.vy * j.vy) / area;
            const double speed_variance = noise.speed + j.vv;
            const double ratio = speed_variance * (0.25 + j.ss) / (det * ss);
            double gain = log(ratio) - 0.5 * (c.tail + 6.0) * log(1.0 + deviation / c.tail);
            gain = gain + 0.5 * speed / speed_variance + (1.0 - c.chance) - c.skip_cost * (d - 1.0);
            gain = gain + 2.0 * c.end_cost;
            const std::int64_t rounded = rounded_gain(gain);
            if (rounded > 0) found.push_back({head, rounded});
          }
        });
  });
}

Links links_by_overlap(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                       const States& states, std::span<const Node> nodes, const Constants& c, int num_threads) {
  // The heads in sorted order, to be read one after the other.
  struct Head {
    CentredBox box;
    double vx, vy, pp, behind, size;  // `behind` is the variance of the position one frame earlier
  };
  const double growth = model.noise.acceleration / 3.0;
  std::vector<Head> heads(nodes.size());
  double most = 0, largest = 0;
  const SortedNodes sorted = [&] {
    std::vector<CentredBox> backward(nodes.size());
    std::vector<Edges> edges(nodes.size());
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const State& future = states.future[nodes[k]];
      backward[k] = {future.x, future.y, exp(future.w), exp(future.h)};
      edges[k] = edges_of(backward[k]);
      most = std::max(most, future.pp);
      largest = std::max(largest, model.size[nodes[k]]);
    }
    SortedNodes result(frames, labels, nodes, edges);
    for (std::size_t position = 0; position < nodes.size(); ++position) {
      const Node node = result.node(position);
      const State& f = states.future[node];
      const double behind = f.pp - 2.0 * f.pv + f.vv + growth;
      heads[position] = {backward[result.index(position)], f.vx, f.vy, f.pp, behind, model.size[node]};
    }
    return result;
  }();
  const auto enlarged = [](const CentredBox& box, double by) {
    return CentredBox{box.x, box.y, box.w + 2.0 * by, box.h + 2.0 * by};
  };
  const auto overlap_of = [](const CentredBox& a, const CentredBox& b) {
    return overlap(edges_of(a), a.w * a.h, edges_of(b), b.w * b.h);
  };
  const auto most_links = static_cast<std::size_t>(c.candidates);
  return collect(frames.num_nodes(), nodes, num_threads, [&](Node tail, auto& found, auto& room) {
    const State& past = states.past[tail];
    const CentredBox own{past.x, past.y, exp(past.w), exp(past.h)};
    const double ahead = past.pp + 2.0 * past.pv + past.vv + growth, size = model.size[tail];
    visit_groups(
        frames, labels, sorted, tail, static_cast<std::int64_t>(c.distance), most_links, found,
        [&](double d, const SortedNodes::Group& group) {
          const bool next = d == 1;
          const CentredBox later{own.x + past.vx * d, own.y + past.vy * d, own.w, own.h};
          const double farthest = next ? c.buffer * std::sqrt(ahead + most) * (size + largest) * 1.000001 : 0.0;
          for (const std::uint32_t position : sorted.intersecting(group, edges_of(enlarged(later, farthest)), room)) {
            const Head& head = heads[position];
            const double by = next ? c.buffer * std::sqrt(ahead + head.pp) : 0.0;
            const double there = overlap_of(enlarged(later, by * size), enlarged(head.box, by * head.size));
            if (!(there > 0)) continue;
            const double back_by = next ? c.buffer * std::sqrt(head.behind + past.pp) : 0.0;
            const CentredBox earlier{head.box.x - head.vx * d, head.box.y - head.vy * d, head.box.w, head.box.h};
            const double back = overlap_of(enlarged(own, back_by * size), enlarged(earlier, back_by * head.size));
            const double gain =
                c.overlap_gain * ((there + back) * 0.5 - c.min_overlap) - c.overlap_skip_cost * (d - 1.0);
            const std::int64_t rounded = rounded_gain(gain);
            if (rounded > 0) found.push_back({sorted.node(position), rounded});
          }
        });
  });
}

}  // namespace trajtrack::flow
