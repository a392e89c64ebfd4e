#include "flow/suppression.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "interruption.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

// Approximate number of nodes at which redundancy is measured, if there are as many.
constexpr std::size_t kSample = 2048;

// Non-maximum suppression of the nodes of one frame and label. Kept boxes are in bins by the x coordinate of their
// centres, as wide as the widest box, so that a box overlaps boxes of its own and the neighbouring bins only.
class Group {
 public:
  Group(std::span<const Box> boxes, double threshold) : boxes_(boxes), threshold_(threshold) {}

  // Sets the suppressors of the nodes, which are in the order in which they are kept.
  void suppress(std::span<const Node> nodes, std::span<Node> suppressor) {
    double left = centred(boxes_[nodes.front()]).x, right = left, widest = 0;
    for (const Node node : nodes) {
      const CentredBox box = centred(boxes_[node]);
      left = std::min(left, box.x);
      right = std::max(right, box.x);
      widest = std::max(widest, box.w);
    }
    const double width = std::max(widest, (right - left) / static_cast<double>(nodes.size()));
    const auto num_bins = static_cast<std::size_t>((right - left) / width) + 3;
    if (bins_.size() < num_bins) bins_.resize(num_bins);
    std::for_each_n(bins_.begin(), num_bins, [](std::vector<std::size_t>& bin) { bin.clear(); });
    for (const Node node : nodes) {
      poll();
      const CentredBox box = centred(boxes_[node]);
      const auto bin = static_cast<std::size_t>((box.x - left) / width) + 1;
      const Kept found{edges_of(box), box.w * box.h, node};
      // The first that was kept, which is the best.
      std::size_t rank = kept_.size();
      for (std::size_t near = bin - 1; near <= bin + 1; ++near) {
        for (const std::size_t other : bins_[near]) {
          if (other >= rank) break;
          if (overlap(kept_[other].edges, kept_[other].area, found.edges, found.area) > threshold_) rank = other;
        }
      }
      if (rank < kept_.size()) {
        suppressor[node] = kept_[rank].node;
        continue;
      }
      suppressor[node] = node;
      bins_[bin].push_back(kept_.size());
      kept_.push_back(found);
    }
    kept_.clear();
  }

 private:
  struct Kept {
    Edges edges;
    double area;
    Node node;
  };

  std::span<const Box> boxes_;
  double threshold_;
  std::vector<Kept> kept_;
  std::vector<std::vector<std::size_t>> bins_;
};

// Sets the suppressors of the nodes of every `stride`-th frame.
void suppress(const Frames& frames, std::span<const Box> boxes, std::span<const float> scores,
              std::span<const std::int32_t> labels, double threshold, std::size_t stride, int num_threads,
              std::span<Node> suppressor) {
  const std::size_t num_frames = (frames.size() + stride - 1) / stride;
  const std::size_t parts = num_parts(num_threads);
  parallel_for(parts, num_threads, [&](std::size_t part) {
    Group group(boxes, threshold);
    std::vector<Node> nodes;
    for (std::size_t k = num_frames * part / parts; k < num_frames * (part + 1) / parts; ++k) {
      nodes.resize(frames.begin[k * stride + 1] - frames.begin[k * stride]);
      std::iota(nodes.begin(), nodes.end(), frames.begin[k * stride]);
      std::sort(nodes.begin(), nodes.end(), [&](Node a, Node b) {
        if (labels[a] != labels[b]) return labels[a] < labels[b];
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
      });
      for (auto begin = nodes.begin(); begin != nodes.end();) {
        const auto end = std::find_if(begin, nodes.end(), [&](Node node) { return labels[node] != labels[*begin]; });
        group.suppress({begin, end}, suppressor);
        begin = end;
      }
    }
  });
}

}  // namespace

std::vector<Node> suppressors(const Frames& frames, std::span<const Box> boxes, std::span<const float> scores,
                              std::span<const std::int32_t> labels, const Constants& c, int num_threads) {
  std::vector<Node> suppressor(boxes.size(), kNone);
  const std::size_t stride = std::max<std::size_t>(1, boxes.size() / kSample);
  suppress(frames, boxes, scores, labels, c.proposal_overlap, stride, num_threads, suppressor);
  std::size_t sampled = 0, redundant = 0;
  for (Node node = 0; node < suppressor.size(); ++node) {
    sampled += suppressor[node] != kNone;
    redundant += suppressor[node] != kNone && suppressor[node] != node;
  }
  if (static_cast<double>(redundant) <= c.proposal_share * (static_cast<double>(sampled) + c.proposal_weight)) {
    return {};
  }
  suppress(frames, boxes, scores, labels, c.suppression_overlap, 1, num_threads, suppressor);
  return suppressor;
}

}  // namespace trajtrack::flow
