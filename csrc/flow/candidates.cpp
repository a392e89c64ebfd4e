#include "flow/candidates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "block_search.h"
#include "flow/elementary.h"
#include "interruption.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

// Pairs of a tail and a head in a later frame, whose gains are computed together, by tail.
struct Pairs {
  struct Range {
    std::size_t begin, end;
  };

  std::vector<std::uint32_t> tails, heads;  // indices; both arrays have room for a block past the end
  std::vector<double> distances;            // in frames
  std::vector<double> gains;                // in multiples of 1 / kOne
  std::vector<Range> crowds;                // of pairs of one tail and one frame, where there are many
  std::size_t size = 0;

  // The size in whole blocks, so that no pair is left over when blocks are computed.
  std::size_t padded_size() const { return (size + kBlock - 1) / kBlock * kBlock; }

  // Appends pairs of one tail and one frame: find(heads) writes at most `most_found` heads and returns their number.
  template <typename Find>
  void append(std::size_t most_found, double distance, std::size_t many, const Find& find) {
    if (size + most_found + kBlock > tails.size()) {
      tails.resize(2 * (size + most_found) + kBlock, 0);
      heads.resize(tails.size(), 0);
      distances.resize(tails.size(), 0);
      gains.resize(tails.size(), 0);
    }
    const std::size_t begin = size;
    size += find(heads.data() + begin);
    fill_blocks(distances, begin, distance);
    if (size - begin > many) crowds.push_back({begin, size});
  }

  // Sets the tail of the pairs from `begin` on.
  void set_tail(std::size_t begin, std::uint32_t tail) { fill_blocks(tails, begin, tail); }

  // Of the pairs of each tail and frame, keeps the `most` greatest positive gains, then the first heads; sets the
  // others' to 0.
  void keep_best(std::size_t most) {
    std::vector<std::size_t> order;
    for (const Range& crowd : crowds) {
      order.clear();
      for (std::size_t k = crowd.begin; k < crowd.end; ++k) {
        if (gains[k] > 0) order.push_back(k);
      }
      if (order.size() <= most) continue;
      const auto end = order.begin() + static_cast<std::ptrdiff_t>(most);
      std::nth_element(order.begin(), end, order.end(), [&](std::size_t a, std::size_t b) {
        return gains[a] != gains[b] ? gains[a] > gains[b] : heads[a] < heads[b];
      });
      std::for_each(end, order.end(), [&](std::size_t k) { gains[k] = 0; });
    }
  }

 private:
  // Sets the values of the pairs from `begin` on, and some beyond: whole blocks need no loop for what is left over.
  template <typename T>
  void fill_blocks(std::vector<T>& values, std::size_t begin, T value) {
    for (std::size_t block = begin; block < size; block += kBlock) {
      for (std::size_t k = 0; k < kBlock; ++k) values[block + k] = value;
    }
  }
};

// Sorts the links of a tail by head; most are sorted already.
void sort_links(std::span<Node> heads, std::span<std::int64_t> gains) {
  for (std::size_t k = 1; k < heads.size(); ++k) {
    for (std::size_t place = k; place > 0 && heads[place - 1] > heads[place]; --place) {
      std::swap(heads[place - 1], heads[place]);
      std::swap(gains[place - 1], gains[place]);
    }
  }
}

// Moves a column of consecutive parts into one.
template <typename Part, typename Column>
Column joined(std::vector<Part>& parts, Column Part::* column) {
  if (parts.size() == 1) return std::move(parts.front().*column);
  std::size_t size = 0;
  for (const Part& part : parts) size += (part.*column).size();
  Column all;
  all.reserve(size);
  for (Part& part : parts) {
    const Column own = std::move(part.*column);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

// Calls search(k, pairs) for the index k of every tail, which appends pairs, and evaluate(pairs) for many tails at
// once, which sets their gains; may set those of the block after the last pair. Returns the pairs of positive gain, at
// most `most` for each tail and frame.
template <typename Search, typename Evaluate>
Links collect(std::size_t num_nodes, std::span<const Node> tails, std::span<const Node> heads, std::size_t most,
              int num_threads, const Search& search, const Evaluate& evaluate) {
  constexpr std::size_t kBatch = 1024;
  Links links;
  links.offsets.assign(num_nodes + 1, 0);
  struct Part {
    Buffer<Node> heads;
    Buffer<std::int64_t> gains;
  };
  std::vector<Part> parts(num_parts(num_threads));
  parallel_for(parts.size(), num_threads, [&](std::size_t number) {
    Part& part = parts[number];
    Pairs pairs;
    const std::size_t begin = tails.size() * number / parts.size(), end = tails.size() * (number + 1) / parts.size();
    std::size_t flushed = begin;
    const auto flush = [&](std::size_t next) {
      poll();
      evaluate(pairs);
      pairs.keep_best(most);
      std::size_t row = part.heads.size(), size = row;
      const std::size_t needed = size + pairs.size;
      if (needed > part.heads.capacity()) {
        const std::size_t expected = needed * (end - begin) / (next - begin);
        part.heads.reserve(expected + expected / 16);
        part.gains.reserve(expected + expected / 16);
      }
      part.heads.resize(needed);
      part.gains.resize(needed);
      for (std::size_t k = 0; k < pairs.size; ++k) {
        const bool positive = pairs.gains[k] > 0;
        part.heads[size] = heads[pairs.heads[k]];
        part.gains[size] = static_cast<std::int64_t>(pairs.gains[k]);
        links.offsets[tails[pairs.tails[k]] + 1] += positive;
        size += positive;
      }
      part.heads.resize(size);
      part.gains.resize(size);
      for (; flushed < next; ++flushed) {
        const std::size_t count = links.offsets[tails[flushed] + 1];
        sort_links({part.heads.data() + row, count}, {part.gains.data() + row, count});
        row += count;
      }
      pairs.size = 0;
      pairs.crowds.clear();
    };
    for (std::size_t k = begin; k < end; ++k) {
      const std::size_t first = pairs.size;
      search(static_cast<std::uint32_t>(k), pairs);
      pairs.set_tail(first, static_cast<std::uint32_t>(k));
      if (pairs.size >= kBatch || k + 1 == end) flush(k + 1);
    }
  });
  std::partial_sum(links.offsets.begin(), links.offsets.end(), links.offsets.begin());
  links.heads = joined(parts, &Part::heads);
  links.gains = joined(parts, &Part::gains);
  return links;
}

// Calls visit(distance, frame, group) for the groups of the tail's label in the next `longest` frames.
template <typename Visit>
void visit_groups(const Frames& frames, std::span<const std::int32_t> labels, const SortedNodes& heads, Node tail,
                  std::int64_t longest, const Visit& visit) {
  const std::int64_t time = frames.time(tail);
  for (std::size_t frame = frames.frame_of[tail] + std::size_t{1}; frame < frames.size(); ++frame) {
    const std::int64_t distance = frames.number[frame] - time;
    if (distance > longest) return;
    if (const auto* const group = heads.find(frame, labels[tail])) visit(static_cast<double>(distance), frame, *group);
  }
}

// The variance of a position that is predicted from a state, in units of the box's area.
double predicted_variance(const State& i, double d, const Noise& noise) {
  return i.pp + 2.0 * d * i.pv + d * d * i.vv + noise.acceleration * d * d * d / 3.0;
}

// The gain in multiples of 1 / kOne, if it is positive.
TRAJTRACK_INLINE double rounded_positive(double gain) { return nearest(std::min(gain, 1e6) * kOne); }

// The value or 0, without a branch.
TRAJTRACK_INLINE double value_if(bool condition, double value) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) & -std::uint64_t{condition});
}

// The gain of a link in multiples of 1 / kOne, if it is positive; 0 if the head is too far away. `own` is the predicted
// variance, `area` the product of the sizes.
TRAJTRACK_INLINE double likelihood_gain(const State& i, const State& j, double own, double area, double d,
                                        const Noise& noise, const Constants& c) {
  const double pp = own + j.pp;
  const double dx = j.x - i.x - i.vx * d, dy = j.y - i.y - i.vy * d;
  const double limit = c.gate * c.gate * pp * area;
  const bool near = (dx * dx <= limit) & (dy * dy <= limit);
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
  return value_if(near, rounded_positive(gain));
}

// The state of an object before it is linked, but for its box.
State unlinked_state(const Noise& noise) { return {0, 0, 0, 0, noise.position, 0, noise.speed, 0, 0, noise.size}; }

Buffer<Unlinked> unlinked_nodes(const Frames& frames, const BoxModel& model, std::span<const Node> nodes,
                                int num_threads) {
  Buffer<Unlinked> unlinked(nodes.size());
  parallel_ranges(nodes.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      const Node node = nodes[k];
      const CentredBox box = model.box(node, frames.frame_of[node]);
      unlinked[k] = {box.x, box.y, model.log_w[node], model.log_h[node], model.size[node]};
    }
  });
  return unlinked;
}

// A head is within reach of a tail if its distance is at most twice this times the geometric mean of both sizes. Their
// arithmetic mean, half of it around each, is little more.
double reach_of(const Noise& prior, const Constants& c) {
  const State known = unlinked_state(prior);
  return c.gate * std::sqrt(predicted_variance(known, 1.0, prior) + known.pp) * 0.5 * 1.000001;
}

// Sets the gains of links between unlinked nodes that are one frame apart.
TRAJTRACK_CLONES
void first_gains(const Unlinked* __restrict nodes, const Noise& prior, const Constants& constants, Pairs& pairs) {
  const std::uint32_t* __restrict tails = pairs.tails.data();
  const std::uint32_t* __restrict heads = pairs.heads.data();
  double* __restrict gains = pairs.gains.data();
  const Noise noise = prior;
  const Constants c = constants;
  State i = unlinked_state(noise), j = i;
  const double own = predicted_variance(i, 1.0, noise);
  const std::size_t end = pairs.padded_size();
  for (std::size_t k = 0; k < end; ++k) {
    const Unlinked &tail = nodes[tails[k]], &head = nodes[heads[k]];
    i.x = tail.x;
    i.y = tail.y;
    i.w = tail.log_w;
    i.h = tail.log_h;
    j.x = head.x;
    j.y = head.y;
    j.w = head.log_w;
    j.h = head.log_h;
    gains[k] = likelihood_gain(i, j, own, tail.size * head.size, 1.0, noise, c);
  }
}

TRAJTRACK_INLINE CentredBox enlarged(const CentredBox& box, double by) {
  return {box.x, box.y, box.w + 2.0 * by, box.h + 2.0 * by};
}

TRAJTRACK_INLINE double overlap_of(const CentredBox& a, const CentredBox& b) {
  return overlap(edges_of(a), a.w * a.h, edges_of(b), b.w * b.h);
}

// Sets the gains of links by overlap.
TRAJTRACK_CLONES
void overlap_gains(const MovingBox* __restrict past, const MovingBox* __restrict future, const Node* __restrict nodes,
                   const double* __restrict sizes, const Constants& constants, Pairs& pairs) {
  const std::uint32_t* __restrict tails = pairs.tails.data();
  const std::uint32_t* __restrict heads = pairs.heads.data();
  const double* __restrict distances = pairs.distances.data();
  double* __restrict gains = pairs.gains.data();
  const Constants c = constants;
  const std::size_t end = pairs.padded_size();
  for (std::size_t k = 0; k < end; ++k) {
    const MovingBox &own = past[tails[k]], &other = future[heads[k]];
    const CentredBox a = own.box, b = other.box;
    const double d = distances[k], own_size = sizes[nodes[tails[k]]], other_size = sizes[nodes[heads[k]]];
    const double by = value_if(d == 1, c.buffer * std::sqrt(own.predicted + other.variance));
    const double back_by = value_if(d == 1, c.buffer * std::sqrt(other.predicted + own.variance));
    const double there = overlap_of(enlarged({a.x + own.vx * d, a.y + own.vy * d, a.w, a.h}, by * own_size),
                                    enlarged(b, by * other_size));
    const double back = overlap_of(enlarged(a, back_by * own_size),
                                   enlarged({b.x - other.vx * d, b.y - other.vy * d, b.w, b.h}, back_by * other_size));
    const double gain = c.overlap_gain * ((there + back) * 0.5 - c.min_overlap) - c.overlap_skip_cost * (d - 1.0);
    gains[k] = value_if(there > 0, rounded_positive(gain));
  }
}

}  // namespace

Links links_by_likelihood(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                          const NodeStates& tails, const NodeStates& heads, std::int64_t longest, const Constants& c,
                          int num_threads) {
  // The greatest variance and size among the heads of each frame, for the regions.
  std::vector<double> variance(frames.size(), 0), size(frames.size(), 0);
  for (std::size_t k = 0; k < heads.nodes.size(); ++k) {
    const std::uint32_t frame = frames.frame_of[heads.nodes[k]];
    variance[frame] = std::max(variance[frame], heads.states[k].pp);
    size[frame] = std::max(size[frame], model.size[heads.nodes[k]]);
  }
  const auto centre = [&](std::size_t k) {
    const State& state = heads.states[k];
    return Edges{state.x, state.y, state.x, state.y};
  };
  // What decides the gains of a head.
  struct Sized {
    State state;
    double size;
  };
  const auto sized = [&](std::size_t k) { return Sized{heads.states[k], model.size[heads.nodes[k]]}; };
  const auto most = static_cast<std::size_t>(c.candidates);
  const SortedNodes sorted(frames, labels, heads.nodes, centre, most, sized, num_threads);
  const Noise& noise = model.noise;
  const auto search = [&](std::uint32_t tail, Pairs& pairs) {
    const State& i = tails.states[tail];
    const Node node = tails.nodes[tail];
    visit_groups(frames, labels, sorted, node, longest, [&](double d, std::size_t frame, const auto& group) {
      const double own = predicted_variance(i, d, noise) + variance[frame];
      const double farthest = c.gate * std::sqrt(own * (model.size[node] * size[frame])) * 1.000001;
      const double x = i.x + i.vx * d, y = i.y + i.vy * d;
      const Edges region{x - farthest, y - farthest, x + farthest, y + farthest};
      pairs.append(sorted.largest_group(), d, most,
                   [&](std::uint32_t* found) { return sorted.intersecting(group, region, found); });
    });
  };
  const auto evaluate = [&](Pairs& pairs) {
    for (std::size_t k = 0; k < pairs.size; ++k) {
      const State &i = tails.states[pairs.tails[k]], &j = heads.states[pairs.heads[k]];
      const double area = model.size[tails.nodes[pairs.tails[k]]] * model.size[heads.nodes[pairs.heads[k]]];
      const double d = pairs.distances[k];
      pairs.gains[k] = likelihood_gain(i, j, predicted_variance(i, d, noise), area, d, noise, c);
    }
  };
  return collect(frames.num_nodes(), tails.nodes, heads.nodes, most, num_threads, search, evaluate);
}

FirstLinks::FirstLinks(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                       std::span<const Node> nodes, const Noise& fastest, const Constants& c, int num_threads)
    : frames_(frames),
      labels_(labels),
      nodes_(nodes),
      constants_(c),
      unlinked_(unlinked_nodes(frames, model, nodes, num_threads)),
      sorted_(
          frames, labels, nodes, [&, reach = reach_of(fastest, c)](std::size_t k) { return around(k, reach); },
          static_cast<std::size_t>(c.candidates), [&](std::size_t k) { return unlinked_[k]; }, num_threads) {}

Links FirstLinks::links(const Noise& prior, int num_threads) const {
  const auto most = static_cast<std::size_t>(constants_.candidates);
  const double reach = reach_of(prior, constants_);
  const auto search = [&](std::uint32_t tail, Pairs& pairs) {
    const Edges region = around(tail, reach);
    visit_groups(frames_, labels_, sorted_, nodes_[tail], 1, [&](double d, std::size_t, const auto& group) {
      pairs.append(sorted_.largest_group(), d, most,
                   [&](std::uint32_t* found) { return sorted_.intersecting(group, region, found); });
    });
  };
  const auto evaluate = [&](Pairs& pairs) { first_gains(unlinked_.data(), prior, constants_, pairs); };
  return collect(frames_.num_nodes(), nodes_, nodes_, most, num_threads, search, evaluate);
}

std::int64_t FirstLinks::greatest_gain(const Noise& prior, const Constants& c) {
  const State state = unlinked_state(prior);
  const double gain = likelihood_gain(state, state, predicted_variance(state, 1.0, prior), 1.0, 1.0, prior, c);
  return static_cast<std::int64_t>(std::max(gain, 0.0));
}

Links links_by_overlap(const Frames& frames, std::span<const std::int32_t> labels, const BoxModel& model,
                       std::span<const Node> nodes, std::span<const MovingBox> past, std::span<const MovingBox> future,
                       const Constants& c, int num_threads) {
  // The greatest variance and size in each frame, for the regions.
  std::vector<double> variance(frames.size(), 0), size(frames.size(), 0);
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const std::uint32_t frame = frames.frame_of[nodes[k]];
    variance[frame] = std::max(variance[frame], future[k].variance);
    size[frame] = std::max(size[frame], model.size[nodes[k]]);
  }
  const auto edges = [&](std::size_t k) { return edges_of(future[k].box); };
  const auto most = static_cast<std::size_t>(c.candidates);
  // What decides the gains of a head.
  struct Sized {
    MovingBox box;
    double size;
  };
  const auto sized = [&](std::size_t k) { return Sized{future[k], model.size[nodes[k]]}; };
  const SortedNodes sorted(frames, labels, nodes, edges, most, sized, num_threads);
  const auto longest = static_cast<std::int64_t>(c.distance);
  const auto search = [&](std::uint32_t tail, Pairs& pairs) {
    const MovingBox& own = past[tail];
    const CentredBox& box = own.box;
    visit_groups(frames, labels, sorted, nodes[tail], longest, [&](double d, std::size_t frame, const auto& group) {
      const double farthest = d == 1 ? c.buffer * std::sqrt(own.predicted + variance[frame]) *
                                           (model.size[nodes[tail]] + size[frame]) * 1.000001
                                     : 0.0;
      const Edges later = edges_of(enlarged({box.x + own.vx * d, box.y + own.vy * d, box.w, box.h}, farthest));
      pairs.append(sorted.largest_group(), d, most,
                   [&](std::uint32_t* found) { return sorted.intersecting(group, later, found); });
    });
  };
  const auto evaluate = [&](Pairs& pairs) {
    overlap_gains(past.data(), future.data(), nodes.data(), model.size.data(), c, pairs);
  };
  return collect(frames.num_nodes(), nodes, nodes, most, num_threads, search, evaluate);
}

}  // namespace trajtrack::flow
