#include "trajectories.h"

#include <algorithm>
#include <map>

#include "path_extraction.h"

namespace trajtrack {

namespace {

// Below this many boxes, threads take longer to start than to work.
constexpr std::size_t kSmall = 20'000;

int useful_threads(const FrameOrder& order, int num_threads) { return order.size() < kSmall ? 1 : num_threads; }

std::vector<float> scores_of_nodes(const DetectionsView& detections, const FrameOrder& order) {
  std::vector<float> scores(order.size());
  for (Node node = 0; node < order.size(); ++node) scores[node] = detections.scores[order.rows[node]];
  return scores;
}

// Label with the greatest sum of scores, added in path order; ties go to the smaller label.
std::int32_t majority_label(const DetectionsView& detections, std::span<const std::int64_t> rows) {
  std::map<std::int32_t, double> weights;
  for (const std::int64_t row : rows) {
    const auto i = static_cast<std::size_t>(row);
    weights[detections.labels[i]] += static_cast<double>(detections.scores[i]);
  }
  return std::max_element(weights.begin(), weights.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

double rescored(const DetectionsView& detections, std::span<const std::int64_t> rows, double sum, Rescore rescore) {
  switch (rescore) {
    case Rescore::sum:
      return sum;
    case Rescore::max: {
      float best = detections.scores[static_cast<std::size_t>(rows.front())];
      for (const std::int64_t row : rows) best = std::max(best, detections.scores[static_cast<std::size_t>(row)]);
      return static_cast<double>(best);
    }
    case Rescore::mean:
      break;
  }
  return sum / static_cast<double>(rows.size());
}

}  // namespace

Trajectories link(const DetectionsView& detections, const LinkOptions& options, int num_threads) {
  const auto build_graph = [&](const FrameOrder& order) {
    return build_link_graph(detections, order, options.graph, true, useful_threads(order, num_threads));
  };
  return link(detections, options, build_graph, num_threads);
}

Trajectories link(const DetectionsView& detections, const LinkOptions& options, const GraphBuilder& build_graph,
                  int num_threads) {
  const FrameOrder order = order_by_frame(detections, options.min_score);
  const Extraction extraction =
      extract_paths(build_graph(order), scores_of_nodes(detections, order), useful_threads(order, num_threads));

  Trajectories result;
  result.track_ids.assign(detections.size(), -1);
  result.reasons.assign(detections.size(), static_cast<std::int8_t>(Reason::below_min_score));
  result.suppressed_by.assign(detections.size(), -1);
  for (Node position = 0; position < order.size(); ++position) {
    const PathEntry& entry = extraction.table[position];
    const bool suppressed = entry.state == NodeState::suppressed;
    const std::uint32_t row = order.rows[extraction.nodes[position]];
    result.reasons[row] = static_cast<std::int8_t>(suppressed ? Reason::suppressed : Reason::not_positive);
    if (suppressed) result.suppressed_by[row] = order.rows[extraction.nodes[entry.next]];
  }
  result.offsets.push_back(0);
  for (const Path& path : extraction.paths) {
    const bool kept = path.length >= options.min_length;
    const auto id = static_cast<std::int64_t>(result.labels.size());
    extraction.visit_nodes(path, [&](Node node) {
      const std::uint32_t row = order.rows[node];
      result.reasons[row] = static_cast<std::int8_t>(kept ? Reason::linked : Reason::too_short);
      if (!kept) return;
      result.track_ids[row] = id;
      result.rows.push_back(row);
    });
    if (!kept) continue;
    const std::span<const std::int64_t> rows(result.rows.end() - path.length, result.rows.end());
    result.offsets.push_back(static_cast<std::int64_t>(result.rows.size()));
    result.labels.push_back(options.graph.class_agnostic ? majority_label(detections, rows)
                                                         : detections.labels[static_cast<std::size_t>(rows.front())]);
    result.scores.push_back(rescored(detections, rows, path.sum, options.rescore));
  }
  return result;
}

NodeLists to_node_lists(const RowGraph& graph, const FrameOrder& order) {
  std::vector<Node> node_of_row(graph.offsets.size() - 1);
  for (Node node = 0; node < order.size(); ++node) node_of_row[order.rows[node]] = node;
  NodeLists lists;
  lists.offsets.reserve(order.size() + 1);
  lists.targets.reserve(graph.targets.size());
  for (const std::uint32_t row : order.rows) {
    for (auto i = static_cast<std::size_t>(graph.offsets[row]); i < static_cast<std::size_t>(graph.offsets[row + 1]);
         ++i) {
      lists.targets.push_back(node_of_row[static_cast<std::size_t>(graph.targets[i])]);
    }
    lists.offsets.push_back(lists.targets.size());
  }
  return lists;
}

RowGraph link_graph(const DetectionsView& detections, const LinkOptions& options, int num_threads) {
  const FrameOrder order = order_by_frame(detections, options.min_score);
  const NodeLists links =
      build_link_graph(detections, order, options.graph, false, useful_threads(order, num_threads)).links;
  RowGraph graph;
  graph.offsets.assign(detections.size() + 1, 0);
  for (Node node = 0; node < order.size(); ++node) {
    graph.offsets[order.rows[node] + 1] = static_cast<std::int64_t>(links[node].size());
  }
  for (std::size_t row = 0; row < detections.size(); ++row) graph.offsets[row + 1] += graph.offsets[row];
  graph.targets.resize(links.targets.size());
  for (Node node = 0; node < order.size(); ++node) {
    std::transform(links[node].begin(), links[node].end(), graph.targets.begin() + graph.offsets[order.rows[node]],
                   [&](Node target) { return static_cast<std::int64_t>(order.rows[target]); });
  }
  return graph;
}

}  // namespace trajtrack
