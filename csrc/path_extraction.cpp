// The graph splits into connected components, and each is extracted on its own. Sorting the paths of all components by
// (sum, start) gives the order in which a search of the whole graph would find them, because the sums of successive
// paths never rise within a component.
#include "path_extraction.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "chains.h"
#include "crowd.h"
#include "interruption.h"
#include "parallel.h"

namespace trajtrack {

namespace {

// Extracts one component after another. Nodes are given by position throughout.
class Extractor {
 public:
  Extractor(const LinkGraph& graph, const ChainOrder& order, PathEntry* table)
      : graph_(graph), order_(order), table_(table) {}

  // Extracts the paths of the component at positions [begin, end).
  void extract(Node begin, Node end, std::span<const float> scores) {
    if (take_chain(begin, end, scores)) return;
    crowd_.reset();
    if (has_long_lists(begin, end)) crowd_.emplace(graph_, order_, begin, end);
    fill_table(begin, end, scores);
    starts_.clear();
    for (Node position = begin; position < end; ++position) push_start(position);
    while (!starts_.empty()) {
      poll_at(num_steps_++);
      std::pop_heap(starts_.begin(), starts_.end());
      const Start start = starts_.back();
      starts_.pop_back();
      const PathEntry& entry = table_[start.position];
      if (entry.state != NodeState::remaining) continue;
      if (start.best == entry.best) {
        take_path(start.position);
      } else {
        push_start(start.position);
      }
    }
  }

  std::vector<Path> take_paths() { return std::move(paths_); }

 private:
  struct Start {
    double best;
    Node node;
    Node position;

    // The order of a heap with the start to try first at its top.
    bool operator<(const Start& other) const { return best != other.best ? best < other.best : node > other.node; }
  };

  // Calls visit(position) for each node to which the node at `position` links, in the order of nodes.
  template <typename Visit>
  void visit_successors(Node position, const Visit& visit) const {
    if (order_.traits[position].continues_chain) {
      visit(position + 1);
    } else {
      for (const Node node : graph_.links[order_.nodes[position]]) visit(order_.positions[node]);
    }
  }

  // Extracts the component as one path if it is a chain of positive scores that suppresses nothing.
  bool take_chain(Node begin, Node end, std::span<const float> scores) {
    for (Node position = begin; position < end; ++position) {
      const ChainOrder::Traits traits = order_.traits[position];
      const bool last = position + 1 == end;
      if (traits.suppresses || traits.continues_chain == last || !(scores[order_.nodes[position]] > 0)) return false;
    }
    double sum = 0;
    for (Node position = end; position-- > begin;) {
      sum = static_cast<double>(scores[order_.nodes[position]]) + sum;
      table_[position].next = position + 1 == end ? kNone : position + 1;
      table_[position].state = NodeState::on_path;
    }
    paths_.push_back({sum, begin, end - begin});
    return true;
  }

  bool has_long_lists(Node begin, Node end) const {
    return !graph_.long_lists.empty() && std::any_of(order_.traits.begin() + begin, order_.traits.begin() + end,
                                                     [](ChainOrder::Traits traits) { return traits.has_long_list; });
  }

  // Every link leads to a greater position, so the table is filled from the last position to the first.
  void fill_table(Node begin, Node end, std::span<const float> scores) {
    for (Node position = end; position-- > begin;) {
      poll_at(num_steps_++);
      PathEntry& entry = table_[position];
      entry.first_follower = kNone;
      entry.predecessors = 0;
      entry.score = scores[order_.nodes[position]];
      entry.state = NodeState::remaining;
      choose(position);
      if (entry.score < 0) continue;
      visit_successors(position, [&](Node successor) { ++table_[successor].predecessors; });
    }
  }

  // best(i) = score(i) + max(0, max over links i -> j of best(j)), over those that remain; ties go to the
  // lower node.
  void choose(Node position) {
    PathEntry& entry = table_[position];
    const bool searched = crowd_ && crowd_->has_long_links(position);
    entry.next = searched ? crowd_->best_successor(position) : best_successor(position);
    entry.best = static_cast<double>(entry.score) + (entry.next == kNone ? 0.0 : table_[entry.next].best);
    if (entry.next != kNone) {
      entry.next_follower = std::exchange(table_[entry.next].first_follower, position);
    }
    if (crowd_) crowd_->set_sum(position, entry.best);
  }

  // Returns the best of the nodes in a list that is stored, or kNone.
  Node best_successor(Node position) const {
    double tail = 0;
    Node best = kNone;
    visit_successors(position, [&](Node successor) {
      const PathEntry& candidate = table_[successor];
      if (candidate.state == NodeState::remaining && candidate.best > tail) {
        tail = candidate.best;
        best = successor;
      }
    });
    return best;
  }

  // A start is a node without a remaining predecessor of score >= 0: prepending such a predecessor would give a path
  // at least as good, with an earlier start. Of predecessors with long lists some are not counted, which only adds
  // starts.
  void push_start(Node position) {
    const PathEntry& entry = table_[position];
    if (entry.state != NodeState::remaining || entry.predecessors > 0 || !(entry.best > 0)) return;
    starts_.push_back({entry.best, order_.nodes[position], position});
    std::push_heap(starts_.begin(), starts_.end());
  }

  // Removes the best path from `start` and the nodes that it suppresses.
  void take_path(Node start) {
    removed_.clear();
    for (Node position = start; position != kNone; position = table_[position].next) {
      table_[position].state = NodeState::on_path;
      removed_.push_back(position);
    }
    const std::size_t length = removed_.size();
    paths_.push_back({table_[start].best, start, static_cast<Node>(length)});
    for (std::size_t i = 0; i < length; ++i) {
      if (order_.traits[removed_[i]].suppresses) suppress_by(removed_[i]);
    }
    if (crowd_) {
      for (const Node position : removed_) crowd_->remove(position);
    }
    update_after_removal();
  }

  void suppress_by(Node chosen) {
    if (crowd_ && crowd_->has_long_suppression(chosen)) {
      for (const Node position : crowd_->take_suppressed(chosen)) suppress(position, chosen);
      return;
    }
    for (const Node node : graph_.suppressed[order_.nodes[chosen]]) suppress(order_.positions[node], chosen);
  }

  void suppress(Node position, Node chosen) {
    PathEntry& entry = table_[position];
    if (entry.state != NodeState::remaining) return;
    entry.state = NodeState::suppressed;
    entry.next = chosen;
    removed_.push_back(position);
  }

  // Updates the table and the starts after nodes were removed: only nodes whose best path went through a removed node
  // are chosen again, later ones first.
  void update_after_removal() {
    opened_.clear();
    for (const Node position : removed_) {
      mark_followers(position);
      if (table_[position].score < 0) continue;
      visit_successors(position, [&](Node successor) {
        if (--table_[successor].predecessors == 0) opened_.push_back(successor);
      });
    }
    while (!outdated_.empty()) {
      poll_at(num_steps_++);
      std::pop_heap(outdated_.begin(), outdated_.end());
      const Node position = outdated_.back();
      outdated_.pop_back();
      const double before = table_[position].best;
      choose(position);
      if (table_[position].best < before) mark_followers(position);
    }
    for (const Node position : opened_) push_start(position);
  }

  // Moves the nodes whose best path continues at `target` from its list of followers to the outdated nodes.
  void mark_followers(Node target) {
    for (Node position = std::exchange(table_[target].first_follower, kNone); position != kNone;
         position = table_[position].next_follower) {
      if (table_[position].state != NodeState::remaining) continue;
      outdated_.push_back(position);
      std::push_heap(outdated_.begin(), outdated_.end());
    }
  }

  const LinkGraph& graph_;
  const ChainOrder& order_;
  PathEntry* table_;
  std::optional<Crowd> crowd_;  // if the component has long lists
  std::vector<Path> paths_;
  std::vector<Start> starts_;  // a heap; outdated sums are too large, never too small
  std::vector<Node> removed_;
  std::vector<Node> outdated_;  // a heap with the last position at its top
  std::vector<Node> opened_;
  std::size_t num_steps_ = 0;
};

// Splits the components into ranges of about equal numbers of nodes, as indices into ChainOrder::component_begins; a
// single range for one thread.
std::vector<std::size_t> split_components(const ChainOrder& order, int num_threads) {
  constexpr Node kRunsPerThread = 16;
  const Node runs = num_threads <= 1 ? 1 : kRunsPerThread * static_cast<Node>(num_threads);
  const Node target = static_cast<Node>(order.nodes.size()) / runs + 1;
  std::vector<std::size_t> splits{0};
  const auto& begins = order.component_begins;
  for (std::size_t component = 1; component < begins.size(); ++component) {
    if (begins[component] - begins[splits.back()] >= target || component + 1 == begins.size()) {
      splits.push_back(component);
    }
  }
  return splits;
}

// Merges sorted parts into one sorted list.
template <typename Before>
std::vector<Path> merged(std::vector<std::vector<Path>> parts, int num_threads, const Before& before) {
  while (parts.size() > 1) {
    std::vector<std::vector<Path>> pairs((parts.size() + 1) / 2);
    parallel_for(pairs.size(), num_threads, [&](std::size_t pair) {
      std::vector<Path>& first = parts[2 * pair];
      if (2 * pair + 1 == parts.size()) {
        pairs[pair] = std::move(first);
        return;
      }
      const std::vector<Path>& second = parts[2 * pair + 1];
      pairs[pair].reserve(first.size() + second.size());
      std::merge(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(pairs[pair]), before);
    });
    parts = std::move(pairs);
  }
  return std::move(parts[0]);
}

}  // namespace

ExtractedPaths extract_paths(const LinkGraph& graph, std::span<const float> scores, int num_threads) {
  ChainOrder order = order_by_chain(graph);
  ExtractedPaths result;
  result.table = std::make_unique_for_overwrite<PathEntry[]>(scores.size());
  const std::vector<std::size_t> splits = split_components(order, num_threads);
  const auto before = [&](const Path& a, const Path& b) {
    return a.sum != b.sum ? a.sum > b.sum : order.nodes[a.start] < order.nodes[b.start];
  };
  std::vector<std::vector<Path>> parts(splits.size() - 1);
  parallel_for(parts.size(), num_threads, [&](std::size_t run) {
    Extractor extractor(graph, order, result.table.get());
    for (std::size_t component = splits[run]; component < splits[run + 1]; ++component) {
      poll_at(component);
      extractor.extract(order.component_begins[component], order.component_begins[component + 1], scores);
    }
    parts[run] = extractor.take_paths();
    std::sort(parts[run].begin(), parts[run].end(), before);
  });
  if (!parts.empty()) result.paths = merged(std::move(parts), num_threads, before);
  result.nodes = std::move(order.nodes);
  return result;
}

}  // namespace trajtrack
