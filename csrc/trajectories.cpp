#include "trajectories.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "parallel.h"
#include "path_extraction.h"

namespace trajtrack {

namespace {

std::vector<float> scores_of_nodes(const DetectionsView& detections, const FrameOrder& order, int num_threads) {
  std::vector<float> scores(order.size());
  parallel_ranges(order.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t node = begin; node < end; ++node)
      scores[node] = finite_or_zero(detections.scores[order.rows[node]]);
  });
  return scores;
}

// Fills the columns by row, for rows that are not on a path.
void fill_columns(const DetectionsView& detections, const FrameOrder& order, const ExtractedPaths& extracted,
                  int num_threads, Trajectories& result) {
  const bool all_take_part = order.size() == detections.size();
  result.track_ids.assign(detections.size(), -1);
  result.reasons.assign(detections.size(),
                        static_cast<std::int8_t>(all_take_part ? Reason::not_positive : Reason::below_min_score));
  result.suppressed_by.assign(detections.size(), -1);
  if (!all_take_part) {
    for (const std::uint32_t row : order.rows) result.reasons[row] = static_cast<std::int8_t>(Reason::not_positive);
  }
  parallel_ranges(order.size(), num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t position = begin; position < end; ++position) {
      const PathEntry& entry = extracted.table[position];
      if (entry.state != NodeState::suppressed) continue;
      const std::uint32_t row = order.rows[extracted.nodes[position]];
      result.reasons[row] = static_cast<std::int8_t>(Reason::suppressed);
      result.suppressed_by[row] = order.rows[extracted.nodes[entry.next]];
    }
  });
}

// Drops the paths of fewer than `min_length` nodes and marks their rows.
void drop_short_paths(ExtractedPaths& extracted, const FrameOrder& order, std::uint64_t min_length,
                      Trajectories& result) {
  std::erase_if(extracted.paths, [&](const Path& path) {
    if (path.length >= min_length) return false;
    extracted.visit_nodes(
        path, [&](Node node) { result.reasons[order.rows[node]] = static_cast<std::int8_t>(Reason::too_short); });
    return true;
  });
}

}  // namespace

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

Trajectories link(const DetectionsView& detections, const LinkOptions& options, int num_threads) {
  const auto build_graph = [&](const FrameOrder& order) {
    const int threads = useful_threads(order.size(), num_threads);
    const NodeColumns columns = columns_of_nodes(detections, order, options.graph.class_agnostic, threads);
    return build_link_graph(columns, order.frames, options.graph, threads);
  };
  return link(detections, options, build_graph, num_threads);
}

Trajectories link(const DetectionsView& detections, const LinkOptions& options, const GraphBuilder& build_graph,
                  int num_threads) {
  const FrameOrder order = order_by_frame(detections, options.min_score);
  num_threads = useful_threads(order.size(), num_threads);
  ExtractedPaths extracted =
      extract_paths(build_graph(order), scores_of_nodes(detections, order, num_threads), num_threads);

  Trajectories result;
  fill_columns(detections, order, extracted, num_threads, result);
  drop_short_paths(extracted, order, options.min_length, result);
  const std::size_t count = extracted.paths.size();
  result.offsets.reserve(count + 1);
  result.offsets.push_back(0);
  for (const Path& path : extracted.paths) result.offsets.push_back(result.offsets.back() + path.length);
  result.rows.resize(static_cast<std::size_t>(result.offsets.back()));
  result.labels.resize(count);
  result.scores.resize(count);
  parallel_ranges(count, num_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t id = begin; id < end; ++id) {
      const Path& path = extracted.paths[id];
      const std::span rows(result.rows.begin() + result.offsets[id], path.length);
      auto next_row = rows.begin();
      extracted.visit_nodes(path, [&](Node node) {
        const std::uint32_t row = order.rows[node];
        result.track_ids[row] = static_cast<std::int64_t>(id);
        result.reasons[row] = static_cast<std::int8_t>(Reason::linked);
        *next_row++ = row;
      });
      result.labels[id] = options.graph.class_agnostic ? majority_label(detections, rows)
                                                       : detections.labels[static_cast<std::size_t>(rows.front())];
      result.scores[id] = rescored(detections, rows, path.sum, options.rescore);
    }
  });
  return result;
}

NodeLists to_node_lists(const RowGraph& graph, const FrameOrder& order, bool forward) {
  std::vector<Node> node_of_row(graph.offsets.size() - 1, kNone);
  for (Node node = 0; node < order.size(); ++node) node_of_row[order.rows[node]] = node;
  NodeLists lists;
  lists.offsets.reserve(order.size() + 1);
  lists.targets.reserve(graph.targets.size());
  for (const std::uint32_t row : order.rows) {
    for (auto i = static_cast<std::size_t>(graph.offsets[row]); i < static_cast<std::size_t>(graph.offsets[row + 1]);
         ++i) {
      const Node target = node_of_row[static_cast<std::size_t>(graph.targets[i])];
      // The graph comes from the columns on the GPU, the order from copies of them: they disagree if the caller has
      // since written to the former.
      if (target == kNone || (forward && target <= node_of_row[row])) {
        throw std::invalid_argument(
            "detections: found columns on the GPU that have changed since their first use, expected them unchanged");
      }
      lists.targets.push_back(target);
    }
    lists.offsets.push_back(lists.targets.size());
  }
  return lists;
}

RowGraph link_graph(const DetectionsView& detections, const LinkOptions& options, int num_threads) {
  const FrameOrder order = order_by_frame(detections, options.min_score);
  num_threads = useful_threads(order.size(), num_threads);
  const NodeColumns columns = columns_of_nodes(detections, order, options.graph.class_agnostic, num_threads);
  const NodeLists links = build_all_links(columns, order.frames, options.graph, num_threads);
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
