// Trajectories, and columns aligned with the input rows, from the extracted paths.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "detections.h"
#include "link_graph.h"

namespace trajtrack {

enum class Rescore { mean, max, sum };

// Values as in trajtrack.Reason.
enum class Reason : std::int8_t { linked, below_min_score, suppressed, too_short, not_positive, low_confidence };

struct LinkOptions {
  float min_score;
  GraphOptions graph;
  std::uint64_t min_length;
  Rescore rescore;
};

struct Trajectories {
  // For each input row.
  std::vector<std::int64_t> track_ids;
  std::vector<std::int8_t> reasons;
  std::vector<std::int64_t> suppressed_by;
  // For each trajectory: its input rows are rows[offsets[k]] to rows[offsets[k + 1]].
  std::vector<std::int64_t> offsets;
  std::vector<std::int64_t> rows;
  std::vector<std::int32_t> labels;
  std::vector<double> scores;
};

Trajectories link(const DetectionsView& detections, const LinkOptions& options, int num_threads);

// Returns the label with the greatest sum of scores, added in path order; ties go to the smaller label.
std::int32_t majority_label(const DetectionsView& detections, std::span<const std::int64_t> rows);

// Returns the score of a trajectory whose detections' scores have this sum.
double rescored(const DetectionsView& detections, std::span<const std::int64_t> rows, double sum, Rescore rescore);

// Builds the graph of detections in this order, including suppression.
using GraphBuilder = std::function<LinkGraph(const FrameOrder&)>;

// As above, with a graph from `build_graph`; the boxes are not read.
Trajectories link(const DetectionsView& detections, const LinkOptions& options, const GraphBuilder& build_graph,
                  int num_threads);

// The linking graph over input rows: row i links to the rows targets[offsets[i]:offsets[i + 1]], ascending.
struct RowGraph {
  std::vector<std::int64_t> offsets;
  std::vector<std::int64_t> targets;
};

RowGraph link_graph(const DetectionsView& detections, const LinkOptions& options, int num_threads);

// Converts lists of input rows to lists of nodes. With `forward`, every target must come after its row. Throws
// std::invalid_argument if the lists do not match the rows of `order`.
NodeLists to_node_lists(const RowGraph& graph, const FrameOrder& order, bool forward);

}  // namespace trajtrack
