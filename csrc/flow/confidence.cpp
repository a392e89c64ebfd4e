#include "flow/confidence.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "flow/elementary.h"
#include "flow/motion.h"
#include "parallel.h"
#include "radix_sort.h"

namespace trajtrack::flow {

namespace {

std::vector<Node> nodes_without(std::span<const Node> other) {
  std::vector<Node> nodes;
  for (Node node = 0; node < other.size(); ++node) {
    if (other[node] == kNone) nodes.push_back(node);
  }
  return nodes;
}

// Chains boxes that are mutual best matches, first in neighbouring frames, then across gaps. Returns the next node of
// each node's chain.
std::vector<Node> chain(const Frames& frames, std::span<const Box> boxes, std::span<const std::int32_t> labels,
                        const Constants& constants, int num_threads) {
  struct Best {
    double value = 0;
    Node node = kNone;
    void improve(double other, Node candidate) {
      if (other > value || (other == value && candidate < node)) *this = {other, candidate};
    }
  };
  std::vector<Node> next(boxes.size(), kNone), previous(boxes.size(), kNone);
  std::vector<Best> best_next(boxes.size()), best_previous(boxes.size());
  const auto longest = static_cast<std::int64_t>(constants.chain_distance);
  const auto steps = static_cast<int>(constants.chain_motion);
  for (std::int64_t distance = 1; distance <= longest; ++distance) {
    const std::vector<Node> tails = nodes_without(next), heads = nodes_without(previous);
    for (const Node node : tails) best_next[node] = {};
    for (const Node node : heads) best_previous[node] = {};
    const auto box_of_nth = [&](std::size_t k) { return boxes[heads[k]]; };
    const auto edges_of_nth = [&](std::size_t k) { return edges_of(centred(box_of_nth(k))); };
    const SortedNodes sorted(frames, labels, heads, edges_of_nth, 1, box_of_nth, num_threads);
    // Tails of a frame, and all tails with heads in the same frame, belong to one task.
    const std::size_t parts = num_parts(num_threads);
    parallel_for(parts, num_threads, [&](std::size_t part) {
      std::vector<std::uint32_t> room;
      const std::size_t end = frames.size() * (part + 1) / parts;
      for (std::size_t frame = frames.size() * part / parts; frame < end; ++frame) {
        std::size_t later = frame + 1;
        while (later < frames.size() && frames.number[later] - std::int64_t{frames.number[frame]} < distance) ++later;
        if (later == frames.size() || frames.number[later] - std::int64_t{frames.number[frame]} != distance) continue;
        auto tail = std::lower_bound(tails.begin(), tails.end(), frames.begin[frame]);
        for (; tail != tails.end() && *tail < frames.begin[frame + 1]; ++tail) {
          const auto* const group = sorted.find(later, labels[*tail]);
          if (!group) continue;
          CentredBox expected = centred(boxes[*tail]);
          if (distance > 1) {
            Node first = *tail;
            for (int k = 0; k < steps && previous[first] != kNone; ++k) first = previous[first];
            const auto time = static_cast<double>(std::max<std::int64_t>(frames.time(*tail) - frames.time(first), 1));
            const auto moving = static_cast<double>(distance);
            const CentredBox own = expected, from = centred(boxes[first]);
            expected.x += (own.x - from.x) / time * moving;
            expected.y += (own.y - from.y) / time * moving;
          }
          const Edges here = edges_of(expected);
          const double area = expected.w * expected.h;
          for (const std::uint32_t index :
               sorted.intersecting(*group, region_of(here, constants.chain_overlap), room)) {
            const Node head = heads[index];
            const CentredBox other = centred(boxes[head]);
            const double value = overlap(here, area, edges_of(other), other.w * other.h);
            if (!(value > constants.chain_overlap)) continue;
            best_next[*tail].improve(value, head);
            best_previous[head].improve(value, *tail);
          }
        }
      }
    });
    for (const Node tail : tails) {
      const Node head = best_next[tail].node;
      if (head == kNone || best_previous[head].node != tail) continue;
      next[tail] = head;
      previous[head] = tail;
    }
  }
  return next;
}

// The number of boxes of each node's chain in the frames up to `window` away.
std::vector<std::uint32_t> count_in_window(const Frames& frames, std::span<const Node> next, std::int64_t window) {
  std::vector<std::uint32_t> count(next.size());
  std::vector<std::int64_t> times;
  const Tracks chains = tracks_of(next);
  for (std::size_t number = 0; number < chains.size(); ++number) {
    const std::span<const Node> nodes = chains[number];
    times.clear();
    for (const Node node : nodes) times.push_back(frames.time(node));
    std::size_t begin = 0, end = 0;
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      while (times[begin] < times[k] - window) ++begin;
      while (end < nodes.size() && times[end] <= times[k] + window) ++end;
      count[nodes[k]] = static_cast<std::uint32_t>(end - begin);
    }
  }
  return count;
}

// Nodes by ascending score.
std::vector<Node> by_score(std::span<const float> scores) {
  std::vector<Node> nodes(scores.size());
  std::iota(nodes.begin(), nodes.end(), Node{0});
  sort_by_key(nodes, [&](Node node) { return ordered_bits(scores[node]); });
  return nodes;
}

// The isotonic regression of `persists` on the scores, at each of `nodes`, which ascend by score.
template <typename Persists, typename Set>
void fit_rising(std::span<const Node> nodes, std::span<const float> scores, const Persists& persists, const Set& set) {
  struct Block {
    std::int64_t hits, size;
  };
  std::vector<Block> blocks;
  for (std::size_t begin = 0; begin < nodes.size();) {
    Block block{0, 0};
    const float score = scores[nodes[begin]];
    for (; begin < nodes.size() && scores[nodes[begin]] == score; ++begin) {
      block.hits += persists(nodes[begin]);
      ++block.size;
    }
    while (!blocks.empty() && blocks.back().hits * block.size >= block.hits * blocks.back().size) {
      block.hits += blocks.back().hits;
      block.size += blocks.back().size;
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::size_t k = 0;
  for (const Block& block : blocks) {
    const double fit = static_cast<double>(block.hits) / static_cast<double>(block.size);
    for (const std::size_t end = k + static_cast<std::size_t>(block.size); k < end; ++k) set(nodes[k], fit);
  }
}

}  // namespace

Confidence calibrate(const Frames& frames, std::span<const Box> boxes, std::span<const float> scores,
                     std::span<const std::int32_t> labels, const Constants& constants, int num_threads) {
  const std::size_t count = scores.size();
  Confidence result{std::vector<double>(count, 1.0)};
  std::vector<double>& confidence = result.of;
  if (count == 0) return result;
  const auto [lowest, highest] = std::minmax_element(scores.begin(), scores.end());
  if (*lowest == *highest) return result;
  const bool probabilities = *lowest >= 0 && *highest <= 1;
  const std::int64_t duration = frames.duration();
  const std::int64_t least = static_cast<std::int64_t>(constants.least_window);
  const std::int64_t window = std::max<std::int64_t>(
      1, std::min({static_cast<std::int64_t>(constants.window), std::max(duration / 15, least), duration / 3}));
  const std::vector<std::uint32_t> persistence =
      count_in_window(frames, chain(frames, boxes, labels, constants, num_threads), window);

  // The smallest sufficient set of the highest scores; equal scores are not separated.
  const std::vector<Node> order = by_score(scores);
  const auto number = static_cast<double>(count);
  const double needed = std::max(constants.top_share * number, std::min(constants.top_count, number));
  const std::size_t enough = std::min(static_cast<std::size_t>(std::ceil(needed)), count);
  std::size_t first = count - enough;
  while (first > 0 && scores[order[first - 1]] == scores[order[first]]) --first;
  std::vector<std::uint32_t> ranked;
  for (std::size_t k = first; k < count; ++k) ranked.push_back(persistence[order[k]]);
  const auto rank = static_cast<std::ptrdiff_t>(constants.top_failures * static_cast<double>(ranked.size() - 1));
  std::nth_element(ranked.begin(), ranked.begin() + rank, ranked.end());
  const auto required = static_cast<double>(ranked[static_cast<std::size_t>(rank)]);
  const double enough_boxes = constants.occupied * static_cast<double>(2 * window + 1);
  const bool certain = required >= enough_boxes;
  // Nothing can persist over so few frames, and probabilities can be used as they are.
  result.certain = certain || (probabilities && duration <= 2 * least);

  // Nodes by label, if there are several, and ascending score.
  const bool one_label = std::adjacent_find(labels.begin(), labels.end(), std::not_equal_to<>()) == labels.end();
  std::vector<Node> by_label = one_label ? std::vector<Node>{} : order;
  std::stable_sort(by_label.begin(), by_label.end(), [&](Node a, Node b) { return labels[a] < labels[b]; });
  const auto for_each_label = [&](const auto& use) {
    for (std::size_t begin = 0, end = 0; begin < by_label.size(); begin = end) {
      while (end < count && labels[by_label[end]] == labels[by_label[begin]]) ++end;
      const std::span<const Node> own(by_label.data() + begin, end - begin);
      const auto size = static_cast<double>(own.size());
      use(own, [size](double value, double of_all, double weight) {
        return (size * value + weight * of_all) / (size + weight);
      });
    }
  };

  // Detectors whose highest scores are low are as certain as others.
  std::vector<double> relative;
  if (probabilities) {
    const auto typical = [&](std::span<const Node> nodes) {
      const double above = 0.5 * constants.top_share * static_cast<double>(nodes.size());
      return static_cast<double>(scores[nodes[nodes.size() - 1 - static_cast<std::size_t>(above)]]);
    };
    relative.resize(count);
    const double least_top = certain ? constants.top_score : constants.top_score_alone;
    const auto rescale = [&](std::span<const Node> nodes, double top) {
      const double factor = top > 0 && top < least_top ? least_top / top : 1.0;
      for (const Node node : nodes) relative[node] = std::min(static_cast<double>(scores[node]) * factor, 1.0);
    };
    const double of_all = typical(order);
    rescale(order, of_all);
    for_each_label([&](std::span<const Node> own, const auto& shrink) {
      rescale(own, shrink(typical(own), of_all, constants.score_weight));
    });
    if (!certain) {
      confidence = std::move(relative);
      return result;
    }
  }

  const double limit = certain ? required : enough_boxes;
  const auto persists = [&](Node node) { return static_cast<double>(persistence[node]) >= limit; };
  double plateau = 1.0;
  if (certain) {
    const auto hits = std::count_if(ranked.begin(), ranked.end(),
                                    [&](std::uint32_t value) { return static_cast<double>(value) >= limit; });
    plateau = std::max(static_cast<double>(hits) / static_cast<double>(ranked.size()), constants.plateau);
  }
  fit_rising(order, scores, persists, [&](Node node, double fit) { confidence[node] = fit; });

  for_each_label([&](std::span<const Node> own, const auto& shrink) {
    fit_rising(own, scores, persists, [&](Node node, double fit) {
      confidence[node] = shrink(fit, confidence[node], constants.label_weight);
    });
  });
  double share = constants.score_share;
  share += (1.0 - share) * constants.score_weight / (number + constants.score_weight);
  for (std::size_t node = 0; node < count; ++node) {
    confidence[node] = std::min(confidence[node] / plateau, 1.0);
    if (probabilities) confidence[node] = (1.0 - share) * confidence[node] + share * relative[node];
  }
  return result;
}

}  // namespace trajtrack::flow
