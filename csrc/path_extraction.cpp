// The graph falls apart into components, links and suppression together, that do not touch one another: each is
// extracted by itself, and the paths of all, sorted by (sum, start), are in the order in which a search of the whole
// graph would have found them, because within a component that order never rises.
#include "path_extraction.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "parallel.h"

namespace trajtrack {

namespace {

constexpr Node kNone = std::numeric_limits<Node>::max();

template <typename T>
std::unique_ptr<T[]> uninitialised(std::size_t count) {
  return std::make_unique_for_overwrite<T[]>(count);
}

// The table of best paths, and for every node the nodes whose best path runs on into it.
class BestPaths {
 public:
  explicit BestPaths(std::size_t count)
      : best_(uninitialised<double>(count)),
        next_(uninitialised<Node>(count)),
        first_follower_(uninitialised<Node>(count)),
        next_follower_(uninitialised<Node>(count)) {}

  double best(Node node) const { return best_[node]; }
  Node next(Node node) const { return next_[node]; }

  // Fills in `node`, whose successors are filled in already:
  // best(i) = score(i) + max(0, max over links i -> j of best(j)); ties go to the lower node.
  template <typename Remains>
  void fill(Node node, std::span<const Node> successors, float score, const Remains& remains) {
    first_follower_[node] = kNone;
    choose(node, successors, score, remains);
  }

  // Chooses anew among the successors that remain; returns whether the best sum has become less.
  template <typename Remains>
  bool refresh(Node node, std::span<const Node> successors, float score, const Remains& remains) {
    const double before = best_[node];
    choose(node, successors, score, remains);
    return best_[node] < before;
  }

  // Calls visit(node) for each node whose best path runs on into `target`, and forgets them.
  template <typename Visit>
  void take_followers(Node target, const Visit& visit) {
    for (Node node = first_follower_[target]; node != kNone; node = next_follower_[node]) visit(node);
    first_follower_[target] = kNone;
  }

 private:
  template <typename Remains>
  void choose(Node node, std::span<const Node> successors, float score, const Remains& remains) {
    double tail = 0;
    Node choice = kNone;
    for (const Node successor : successors) {
      if (remains(successor) && best_[successor] > tail) {
        tail = best_[successor];
        choice = successor;
      }
    }
    best_[node] = static_cast<double>(score) + tail;
    next_[node] = choice;
    if (choice != kNone) {
      next_follower_[node] = first_follower_[choice];
      first_follower_[choice] = node;
    }
  }

  std::unique_ptr<double[]> best_;
  std::unique_ptr<Node[]> next_, first_follower_, next_follower_;
};

// The nodes by component, each component by node; the first node of a component is its smallest.
struct Components {
  std::vector<Node> nodes;
  std::unique_ptr<std::uint32_t[]> end;  // for the first node of a component: the end of its run in `nodes`
  std::vector<std::uint32_t> splits;     // positions between components, by which the work is divided
};

class Extractor {
 public:
  Extractor(const LinkGraph& graph, std::span<const float> scores)
      : graph_(graph),
        scores_(scores),
        table_(scores.size()),
        predecessors_(uninitialised<std::uint32_t>(scores.size())),
        root_(uninitialised<Node>(scores.size())),
        tangled_(scores.size()) {}

  Extraction run(int num_threads) {
    const std::size_t count = scores_.size();
    Extraction result;
    result.states.assign(count, NodeState::remaining);
    result.suppressors.resize(count);
    fill_table();
    Components components = find_components(num_threads);
    const std::size_t tasks = components.splits.size() - 1;
    std::vector<std::vector<Path>> paths(tasks);
    parallel_for(tasks, num_threads, [&](std::size_t task) {
      Scratch scratch;
      std::uint32_t begin = components.splits[task];
      while (begin < components.splits[task + 1]) {
        const Node first = components.nodes[begin];
        const std::uint32_t end = components.end[first];
        if (tangled_[first]) {
          extract({components.nodes.data() + begin, end - begin}, begin, result, paths[task], scratch);
        } else {
          for (std::uint32_t i = begin; i < end; ++i) result.states[components.nodes[i]] = NodeState::on_path;
          paths[task].push_back({table_.best(first), begin, end - begin});
        }
        begin = end;
      }
    });
    result.nodes = std::move(components.nodes);
    result.paths = std::move(paths.front());
    for (std::size_t task = 1; task < tasks; ++task) {
      result.paths.insert(result.paths.end(), paths[task].begin(), paths[task].end());
    }
    std::sort(result.paths.begin(), result.paths.end(), [&](const Path& a, const Path& b) {
      return a.sum != b.sum ? a.sum > b.sum : result.nodes[a.begin] < result.nodes[b.begin];
    });
    return result;
  }

 private:
  struct Start {
    double best;
    Node node;

    // Order of a heap whose top is the start to try first.
    bool operator<(const Start& other) const { return best != other.best ? best < other.best : node > other.node; }
  };

  struct Scratch {
    std::vector<Start> starts;  // a heap; sums may be out of date, and then are too large
    std::vector<Node> removed;
    std::vector<Node> outdated;  // a heap, the last node on top
    std::vector<Node> opened;
  };

  // Fills the table from the last node to the first, and joins each node's component with those it touches. As nodes
  // come in descending order, the newest is always the smallest, and so the root, of its component.
  void fill_table() {
    const auto all_remain = [](Node) { return true; };
    for (Node node = static_cast<Node>(scores_.size()); node-- > 0;) {
      const auto successors = graph_.links[node];
      const auto suppressed = graph_.suppressed[node];
      root_[node] = node;
      predecessors_[node] = 0;
      table_.fill(node, successors, scores_[node], all_remain);
      for (const Node successor : successors) {
        join(successor, node);
        if (scores_[node] >= 0) ++predecessors_[successor];
      }
      for (const Node other : suppressed) {
        if (other > node) join(other, node);
      }
      tangled_[node] = successors.size() > 1 || !suppressed.empty() || !(scores_[node] > 0);
    }
  }

  void join(Node node, Node smallest) {
    while (root_[node] != node) {
      root_[node] = root_[root_[node]];
      node = root_[node];
    }
    root_[node] = smallest;
  }

  // Sorts the nodes by component. A component is tangled unless it is a plain chain: one path takes all of it.
  Components find_components(int num_threads) {
    const auto count = static_cast<Node>(scores_.size());
    Components components;
    components.nodes.resize(count);
    components.end = uninitialised<std::uint32_t>(count);
    for (Node node = 0; node < count; ++node) {
      const Node root = root_[root_[node]];  // roots come before their nodes, so one step is enough
      root_[node] = root;
      if (root == node) components.end[root] = 0;
      ++components.end[root];
      if (tangled_[node] || predecessors_[node] > 1) tangled_[root] = true;
    }
    const std::uint32_t share = num_threads <= 1 ? count : count / (16 * static_cast<std::uint32_t>(num_threads)) + 1;
    std::uint32_t total = 0;
    components.splits.push_back(0);
    for (Node node = 0; node < count; ++node) {
      const Node root = root_[node];
      if (root == node) {
        if (total - components.splits.back() >= share) components.splits.push_back(total);
        total += std::exchange(components.end[node], total);
      }
      components.nodes[components.end[root]++] = node;
    }
    components.splits.push_back(total);
    return components;
  }

  // Takes the paths of one component; writes their nodes over its own, of which they are a part.
  void extract(std::span<Node> component, std::uint32_t begin, Extraction& result, std::vector<Path>& paths,
               Scratch& scratch) {
    std::vector<Start>& starts = scratch.starts;
    starts.clear();
    for (const Node node : component) push_start(node, starts);
    std::uint32_t written = 0;
    while (!starts.empty()) {
      std::pop_heap(starts.begin(), starts.end());
      const Start start = starts.back();
      starts.pop_back();
      if (result.states[start.node] != NodeState::remaining) continue;
      if (start.best != table_.best(start.node)) {
        push_start(start.node, starts);
        continue;
      }
      const std::uint32_t first = written;
      scratch.removed.clear();
      for (Node node = start.node; node != kNone; node = table_.next(node)) {
        result.states[node] = NodeState::on_path;
        component[written++] = node;
        scratch.removed.push_back(node);
      }
      paths.push_back({start.best, begin + first, written - first});
      for (std::uint32_t i = first; i < written; ++i) {
        for (const Node other : graph_.suppressed[component[i]]) {
          if (result.states[other] != NodeState::remaining) continue;
          result.states[other] = NodeState::suppressed;
          result.suppressors[other] = component[i];
          scratch.removed.push_back(other);
        }
      }
      mend(result.states, scratch);
    }
  }

  // A start is a node that no remaining node of score >= 0 precedes: such a node in front would make a path at least
  // as good, with an earlier start.
  void push_start(Node node, std::vector<Start>& starts) const {
    if (predecessors_[node] > 0 || !(table_.best(node) > 0)) return;
    starts.push_back({table_.best(node), node});
    std::push_heap(starts.begin(), starts.end());
  }

  // Brings table and starts up to date after nodes were removed: only nodes whose best path ran through a removed
  // node are chosen anew, later ones first.
  void mend(const std::vector<NodeState>& states, Scratch& scratch) {
    const auto remains = [&](Node node) { return states[node] == NodeState::remaining; };
    std::vector<Node>& outdated = scratch.outdated;
    const auto mark_outdated = [&](Node node) {
      if (!remains(node)) return;
      outdated.push_back(node);
      std::push_heap(outdated.begin(), outdated.end());
    };
    scratch.opened.clear();
    for (const Node node : scratch.removed) {
      table_.take_followers(node, mark_outdated);
      if (scores_[node] < 0) continue;
      for (const Node successor : graph_.links[node]) {
        if (--predecessors_[successor] == 0 && remains(successor)) scratch.opened.push_back(successor);
      }
    }
    while (!outdated.empty()) {
      std::pop_heap(outdated.begin(), outdated.end());
      const Node node = outdated.back();
      outdated.pop_back();
      if (table_.refresh(node, graph_.links[node], scores_[node], remains)) table_.take_followers(node, mark_outdated);
    }
    for (const Node node : scratch.opened) push_start(node, scratch.starts);
  }

  const LinkGraph& graph_;
  std::span<const float> scores_;
  BestPaths table_;
  std::unique_ptr<std::uint32_t[]> predecessors_;  // number of remaining predecessors of score >= 0
  std::unique_ptr<Node[]> root_;                   // of the node's component: its smallest node
  std::vector<std::uint8_t> tangled_;              // for roots: whether the component is no plain chain
};

}  // namespace

Extraction extract_paths(const LinkGraph& graph, std::span<const float> scores, int num_threads) {
  return Extractor(graph, scores).run(num_threads);
}

}  // namespace trajtrack
