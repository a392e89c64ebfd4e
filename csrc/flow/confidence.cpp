#include "flow/confidence.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "interruption.h"
#include "parallel.h"
#include "radix_sort.h"

namespace trajtrack::flow {

namespace {

// Chains of boxes that are mutual best matches, first in neighbouring frames, then across gaps.
class Chains {
 public:
  Chains(const Frames& frames, std::span<const Box> boxes, std::span<const std::int32_t> labels,
         const Constants& constants, int num_threads)
      : frames_(frames),
        boxes_(boxes),
        labels_(labels),
        constants_(constants),
        num_threads_(num_threads),
        next_(boxes.size(), kNone),
        previous_(boxes.size(), kNone),
        tails_(boxes.size()) {
    std::iota(tails_.begin(), tails_.end(), Node{0});
    heads_ = tails_;
    const auto longest = static_cast<std::int64_t>(constants.chain_distance);
    for (std::int64_t distance = 1; distance <= longest; ++distance) extend(distance);
  }

  // The number of boxes of each node's chain in the frames up to `window` away.
  Buffer<std::uint32_t> count_in_window(std::int64_t window) const {
    Buffer<std::uint32_t> count(next_.size());
    const std::size_t parts = num_parts(num_threads_);
    parallel_for(parts, num_threads_, [&](std::size_t part) {
      std::vector<Node> nodes;
      std::vector<std::int64_t> times;
      const std::size_t last = next_.size() * (part + 1) / parts;
      for (std::size_t start = next_.size() * part / parts; start < last; ++start) {
        if (previous_[start] != kNone) continue;
        nodes.clear();
        times.clear();
        for (auto node = static_cast<Node>(start); node != kNone; node = next_[node]) {
          nodes.push_back(node);
          times.push_back(frames_.time(node));
        }
        std::size_t begin = 0, end = 0;
        for (std::size_t k = 0; k < nodes.size(); ++k) {
          while (times[begin] < times[k] - window) ++begin;
          while (end < nodes.size() && times[end] <= times[k] + window) ++end;
          count[nodes[k]] = static_cast<std::uint32_t>(end - begin);
        }
      }
    });
    return count;
  }

 private:
  // The best match of a box: an index among the tails or heads.
  struct Best {
    double value = 0;
    std::uint32_t index = kNone;

    void improve(double other, std::uint32_t candidate) {
      if (other > value || (other == value && candidate < index)) *this = {other, candidate};
    }
  };

  // Chains ends of chains with starts that many frames later.
  void extend(std::int64_t distance) {
    const auto box_of_nth = [&](std::size_t k) { return boxes_[heads_[k]]; };
    const auto edges_of_nth = [&](std::size_t k) { return edges_of(centred(box_of_nth(k))); };
    const SortedNodes sorted(frames_, labels_, heads_, edges_of_nth, 1, box_of_nth, num_threads_);
    std::vector<Best> best_head(tails_.size()), best_tail(heads_.size());
    // Tails of a frame, and all tails with heads in the same frame, belong to one task.
    const std::size_t parts = num_parts(num_threads_);
    parallel_for(parts, num_threads_, [&](std::size_t part) {
      std::vector<std::uint32_t> room;
      const std::size_t first = frames_.size() * part / parts, last = frames_.size() * (part + 1) / parts;
      const auto begin = std::lower_bound(tails_.begin(), tails_.end(), frames_.begin[first]);
      auto tail = static_cast<std::uint32_t>(begin - tails_.begin());
      for (std::size_t frame = first; frame < last; ++frame) {
        poll();
        std::size_t later = frame + 1;
        while (later < frames_.size() && frames_.number[later] - std::int64_t{frames_.number[frame]} < distance) {
          ++later;
        }
        const bool exists =
            later < frames_.size() && frames_.number[later] - std::int64_t{frames_.number[frame]} == distance;
        for (; tail < tails_.size() && tails_[tail] < frames_.begin[frame + 1]; ++tail) {
          const auto* const group = exists ? sorted.find(later, labels_[tails_[tail]]) : nullptr;
          if (!group) continue;
          const CentredBox expected = expected_after(tails_[tail], distance);
          const Edges here = edges_of(expected);
          const double area = expected.w * expected.h;
          for (const std::uint32_t head :
               sorted.intersecting(*group, region_of(here, constants_.chain_overlap), room)) {
            const CentredBox other = centred(boxes_[heads_[head]]);
            const double value = overlap(here, area, edges_of(other), other.w * other.h);
            if (!(value > constants_.chain_overlap)) continue;
            best_head[tail].improve(value, head);
            best_tail[head].improve(value, tail);
          }
        }
      }
    });
    for (std::uint32_t tail = 0; tail < tails_.size(); ++tail) {
      const std::uint32_t head = best_head[tail].index;
      if (head == kNone || best_tail[head].index != tail) continue;
      next_[tails_[tail]] = heads_[head];
      previous_[heads_[head]] = tails_[tail];
    }
    std::erase_if(tails_, [&](Node node) { return next_[node] != kNone; });
    std::erase_if(heads_, [&](Node node) { return previous_[node] != kNone; });
  }

  // The box that is expected after the end of a chain; it moves on across gaps.
  CentredBox expected_after(Node tail, std::int64_t distance) const {
    CentredBox expected = centred(boxes_[tail]);
    if (distance == 1) return expected;
    const auto steps = static_cast<int>(constants_.chain_motion);
    Node first = tail;
    for (int k = 0; k < steps && previous_[first] != kNone; ++k) first = previous_[first];
    const auto time = static_cast<double>(std::max<std::int64_t>(frames_.time(tail) - frames_.time(first), 1));
    const auto moving = static_cast<double>(distance);
    const CentredBox own = expected, from = centred(boxes_[first]);
    expected.x += (own.x - from.x) / time * moving;
    expected.y += (own.y - from.y) / time * moving;
    return expected;
  }

  const Frames& frames_;
  std::span<const Box> boxes_;
  std::span<const std::int32_t> labels_;
  const Constants& constants_;
  int num_threads_;
  std::vector<Node> next_, previous_;
  std::vector<Node> tails_, heads_;  // nodes without a next and without a previous one
};

// Half the width of the window in which the boxes of a chain are counted.
std::int64_t window_of(std::int64_t duration, const Constants& c) {
  const auto longest = static_cast<std::int64_t>(c.window), least = static_cast<std::int64_t>(c.least_window);
  return std::max<std::int64_t>(1, std::min({longest, std::max(duration / 15, least), duration / 3}));
}

// Nodes by ascending score.
class Ranking {
 public:
  Ranking() = default;
  Ranking(std::span<const float> scores, std::span<const std::int32_t> labels) : labels_(labels) {
    struct Scored {
      std::uint32_t key;
      Node node;
    };
    Buffer<Scored> scored(scores.size());
    for (Node node = 0; node < scores.size(); ++node) scored[node] = {ordered_bits(scores[node]), node};
    sort_by_key(scored, [](const Scored& one) { return one.key; });
    all.reserve(scored.size());
    for (const Scored& one : scored) all.push_back(one.node);
    if (std::adjacent_find(labels.begin(), labels.end(), std::not_equal_to<>()) == labels.end()) return;
    by_label_ = all;
    std::stable_sort(by_label_.begin(), by_label_.end(), [&](Node a, Node b) { return labels[a] < labels[b]; });
  }

  std::vector<Node> all;

  // If there are several labels, calls use(nodes, shrink) for the nodes of each, in the same order; `shrink` moves a
  // value of the label towards the value of all nodes.
  template <typename Use>
  void for_each_label(const Use& use) const {
    for (std::size_t begin = 0, end = 0; begin < by_label_.size(); begin = end) {
      while (end < by_label_.size() && labels_[by_label_[end]] == labels_[by_label_[begin]]) ++end;
      const std::span<const Node> own(by_label_.data() + begin, end - begin);
      const auto size = static_cast<double>(own.size());
      use(own, [size](double value, double of_all, double weight) {
        return (size * value + weight * of_all) / (size + weight);
      });
    }
  }

 private:
  std::span<const std::int32_t> labels_;
  std::vector<Node> by_label_;  // empty if there is one label
};

// How long detections have to persist, as the highest scores show.
struct Requirement {
  bool certain;        // whether the highest scores persist
  double persistence;  // in boxes
  double plateau;      // the share of persistent detections that counts as certainty
  double top_score;    // the confidence of the highest scores where scores serve as confidences
};

Requirement requirement_of(std::span<const Node> ranked, std::span<const float> scores,
                           std::span<const std::uint32_t> persistence, std::int64_t window, bool is_brief,
                           const Constants& c) {
  // The smallest sufficient set of the highest scores; equal scores are not separated.
  const auto number = static_cast<double>(ranked.size());
  const double needed = std::max(c.top_share * number, std::min(c.top_count, number));
  const std::size_t enough = std::min(static_cast<std::size_t>(std::ceil(needed)), ranked.size());
  std::size_t first = ranked.size() - enough;
  while (first > 0 && scores[ranked[first - 1]] == scores[ranked[first]]) --first;
  std::vector<std::uint32_t> top;
  top.reserve(ranked.size() - first);
  for (const Node node : ranked.subspan(first)) top.push_back(persistence[node]);
  const auto rank = static_cast<std::ptrdiff_t>(c.top_failures * static_cast<double>(top.size() - 1));
  std::nth_element(top.begin(), top.begin() + rank, top.end());
  const auto required = static_cast<double>(top[static_cast<std::size_t>(rank)]);
  const double least = c.occupied * static_cast<double>(2 * window + 1);
  const auto share_of = [&](double boxes) {
    const auto hits =
        std::count_if(top.begin(), top.end(), [&](std::uint32_t value) { return static_cast<double>(value) >= boxes; });
    return static_cast<double>(hits) / static_cast<double>(top.size());
  };
  if (required >= least) return {true, required, std::max(share_of(required), c.plateau), c.top_score};
  const double persisting = std::max(share_of(least) / c.plateau, c.top_score_least);
  const double top_score = is_brief ? c.top_score_most : std::min(persisting, c.top_score_most);
  return {false, least, 1.0, top_score};
}

// The scores, raised if the highest of their label are below `least`: detectors whose highest scores are low are as
// certain as others.
std::vector<double> relative_scores(const Ranking& ranking, std::span<const float> scores, double least,
                                    const Constants& c) {
  const auto typical = [&](std::span<const Node> nodes) {
    const double above = 0.5 * c.top_share * static_cast<double>(nodes.size());
    return static_cast<double>(scores[nodes[nodes.size() - 1 - static_cast<std::size_t>(above)]]);
  };
  const auto factor_of = [&](double top) { return top > 0 && top < least ? least / top : 1.0; };
  const auto raised = [&](float score, double factor) { return std::min(static_cast<double>(score) * factor, 1.0); };
  std::vector<double> relative(scores.size());
  const double of_all = typical(ranking.all), factor_of_all = factor_of(of_all);
  for (std::size_t node = 0; node < scores.size(); ++node) relative[node] = raised(scores[node], factor_of_all);
  ranking.for_each_label([&](std::span<const Node> own, const auto& shrink) {
    const double factor = factor_of(shrink(typical(own), of_all, c.score_weight));
    for (const Node node : own) relative[node] = raised(scores[node], factor);
  });
  return relative;
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
                     std::span<const std::int32_t> labels, const Constants& c, int num_threads) {
  Confidence result{std::vector<double>(scores.size(), 1.0)};
  if (scores.empty()) return result;
  const auto [lowest, highest] = std::minmax_element(scores.begin(), scores.end());
  if (*lowest == *highest) return result;
  const bool probabilities = *lowest >= 0 && *highest <= 1;
  const std::int64_t duration = frames.duration(), window = window_of(duration, c);
  Buffer<std::uint32_t> persistence;
  Ranking ranking;
  parallel_for(2, num_threads, [&](std::size_t task) {
    if (task == 0) {
      persistence = Chains(frames, boxes, labels, c, num_threads).count_in_window(window);
    } else {
      ranking = Ranking(scores, labels);
    }
  });
  // Nothing can persist over so few frames, and probabilities can be used as they are.
  const bool is_brief = duration <= 2 * static_cast<std::int64_t>(c.least_window);
  const Requirement required = requirement_of(ranking.all, scores, persistence, window, is_brief, c);
  result.certain = required.certain || (probabilities && is_brief);
  std::vector<double> relative;
  if (probabilities) relative = relative_scores(ranking, scores, required.top_score, c);
  if (probabilities && !required.certain) {
    result.of = std::move(relative);
    return result;
  }

  std::vector<double>& confidence = result.of;
  const auto persists = [&](Node node) { return static_cast<double>(persistence[node]) >= required.persistence; };
  fit_rising(ranking.all, scores, persists, [&](Node node, double fit) { confidence[node] = fit; });
  ranking.for_each_label([&](std::span<const Node> own, const auto& shrink) {
    fit_rising(own, scores, persists,
               [&](Node node, double fit) { confidence[node] = shrink(fit, confidence[node], c.label_weight); });
  });
  const double share =
      c.score_share + (1.0 - c.score_share) * c.score_weight / (static_cast<double>(scores.size()) + c.score_weight);
  parallel_ranges(confidence.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t node = begin; node < end; ++node) {
      confidence[node] = std::min(confidence[node] / required.plateau, 1.0);
      if (probabilities) confidence[node] = (1.0 - share) * confidence[node] + share * relative[node];
    }
  });
  return result;
}

}  // namespace trajtrack::flow
