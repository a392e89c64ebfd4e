#include <algorithm>
#include <limits>
#include <utility>

#include "interruption.h"
#include "link_graph.h"
#include "parallel.h"
#include "short_lists.h"
#include "sorted_boxes.h"

namespace trajtrack {

namespace {

// The lists of one frame, added in any order of its nodes and then appended in node order.
class FrameLists {
 public:
  void start(const FrameNodes& nodes) {
    first_ = nodes.begin;
    spans_.assign(nodes.end - nodes.begin, Span{0, 0});
    targets_.clear();
  }

  void add(Node node, std::span<const std::uint32_t> positions, const SortedBoxes& boxes) {
    spans_[node - first_] = {targets_.size(), positions.size()};
    for (const std::uint32_t position : positions) targets_.push_back(boxes.node(position));
    if (positions.size() > 1) std::sort(targets_.end() - static_cast<std::ptrdiff_t>(positions.size()), targets_.end());
  }

  void append_to(NodeLists& lists) const {
    std::size_t end = lists.targets.size();
    lists.targets.resize(end + targets_.size());
    for (const Span& span : spans_) {
      // Nearly all lists have one entry, which a loop copies faster than a library call.
      for (std::size_t i = 0; i < span.count; ++i) lists.targets[end++] = targets_[span.begin + i];
      lists.offsets.push_back(end);
    }
  }

 private:
  struct Span {
    std::size_t begin, count;
  };
  Node first_ = 0;
  std::vector<Span> spans_;
  std::vector<Node> targets_;
};

// Appends to the lists of `all`, whose columns are set apart.
void append(LongLists& all, const LongLists& part) {
  all.links.insert(all.links.end(), part.links.begin(), part.links.end());
  all.suppressed.insert(all.suppressed.end(), part.suppressed.begin(), part.suppressed.end());
}

// What is searched for, and what becomes of long lists.
struct Purpose {
  bool with_suppression;
  std::size_t longest_list;
};

// Finds the links to the next frame, and suppression, for a range of frames.
class FrameByFrame {
 public:
  FrameByFrame(const SortedBoxes& boxes, std::span<const FrameNodes> frames, const GraphOptions& options,
               const Purpose& purpose)
      : boxes_(boxes), frames_(frames), options_(options), purpose_(purpose) {}

  LinkGraph build(FrameRange run) {
    LinkGraph graph;
    const std::size_t nodes = frames_[run.end - 1].end - frames_[run.begin].begin;
    graph.links.offsets.reserve(nodes + 1);
    if (purpose_.with_suppression) graph.suppressed.offsets.reserve(nodes + 1);
    for (std::size_t frame = run.begin; frame < run.end; ++frame) {
      poll();
      links_.start(frames_[frame]);
      suppressed_.start(frames_[frame]);
      ShortListSearch search(boxes_, purpose_.longest_list);
      for (const Group& group : boxes_.groups(frame)) {
        link(frame, group, search, graph.long_lists);
        if (purpose_.with_suppression) suppress(group, search, graph.long_lists);
      }
      links_.append_to(graph.links);
      if (purpose_.with_suppression) suppressed_.append_to(graph.suppressed);
    }
    return graph;
  }

 private:
  void link(std::size_t frame, const Group& group, ShortListSearch& search, LongLists& long_lists) {
    const bool adjacent = frame + 1 < frames_.size() && frames_[frame + 1].frame == frames_[frame].frame + 1;
    const Group* const next = adjacent ? boxes_.find(frame + 1, group.label) : nullptr;
    if (!next) return;
    search.visit_linked(boxes_, group, *next, options_.iou_threshold,
                        [&](std::uint32_t position, std::span<const std::uint32_t> found, bool is_long) {
                          poll_at(position);
                          const Node node = boxes_.node(position);
                          links_.add(node, found, boxes_);
                          if (!is_long) return;
                          long_lists.links.push_back({node, frames_[frame + 1].frame, boxes_.grown(position), false});
                        });
  }

  void suppress(const Group& group, ShortListSearch& search, LongLists& long_lists) {
    search.visit_suppressed(group, options_.nms_threshold,
                            [&](std::uint32_t position, std::span<const std::uint32_t> found, bool is_long) {
                              poll_at(position);
                              suppressed_.add(boxes_.node(position), found, boxes_);
                              if (is_long) long_lists.suppressed.push_back(boxes_.node(position));
                            });
  }

  const SortedBoxes& boxes_;
  std::span<const FrameNodes> frames_;
  const GraphOptions& options_;
  const Purpose& purpose_;
  FrameLists links_, suppressed_;
};

// Concatenates the lists of consecutive ranges of nodes.
NodeLists joined(std::vector<NodeLists> parts, int num_threads) {
  if (parts.size() == 1) return std::move(parts[0]);
  std::vector<std::size_t> first_node(parts.size() + 1), first_target(parts.size() + 1);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    first_node[part + 1] = first_node[part] + parts[part].offsets.size() - 1;
    first_target[part + 1] = first_target[part] + parts[part].targets.size();
  }
  NodeLists all;
  all.offsets.resize(first_node.back() + 1);
  all.targets.resize(first_target.back());
  parallel_for(parts.size(), num_threads, [&](std::size_t part) {
    for (std::size_t i = 1; i < parts[part].offsets.size(); ++i) {
      all.offsets[first_node[part] + i] = first_target[part] + parts[part].offsets[i];
    }
    std::copy(parts[part].targets.begin(), parts[part].targets.end(),
              all.targets.begin() + static_cast<std::ptrdiff_t>(first_target[part]));
    parts[part] = {};
  });
  return all;
}

// The predecessors of each node by links between consecutive frames.
class Predecessors {
 public:
  explicit Predecessors(const NodeLists& links) : links_(links), previous_(links.offsets.size() - 1, kNone) {
    for (Node node = 0; node < previous_.size(); ++node) {
      for (const Node target : links[node]) previous_[target] = add_predecessor(previous_[target], node);
    }
  }

  // Returns whether no link leads to the node.
  bool is_start(Node node) const { return previous_[node] == kNone; }

  ChainStart chain_to(Node node, std::int64_t limit) const {
    return find_chain_start(
        node, limit, [this](Node target) { return previous_[target]; },
        [this](Node source) { return links_[source].size(); });
  }

 private:
  const NodeLists& links_;
  std::vector<Node> previous_;
};

// The nodes to which no link leads, ordered by frame.
struct Starts {
  std::vector<Node> nodes;
  std::vector<FrameNodes> frames;
  NodeColumns columns;

  Starts(const NodeColumns& all, std::span<const FrameNodes> all_frames, const Predecessors& predecessors) {
    for (const FrameNodes& frame : all_frames) {
      const auto begin = static_cast<Node>(nodes.size());
      for (Node node = frame.begin; node < frame.end; ++node) {
        if (!predecessors.is_start(node)) continue;
        nodes.push_back(node);
        columns.boxes.push_back(all.boxes[node]);
        columns.labels.push_back(all.labels[node]);
      }
      const auto end = static_cast<Node>(nodes.size());
      if (end > begin) frames.push_back({frame.frame, begin, end});
    }
  }
};

// A link from a node without a link to the next frame.
struct GapLink {
  Node from, to;
};

struct GapLinks {
  std::vector<GapLink> links;
  std::vector<LongLinks> long_links;
};

// Finds the gap links for a range of frames.
class AcrossGaps {
 public:
  AcrossGaps(const NodeColumns& columns, std::span<const FrameNodes> frames, const NodeLists& links,
             const Predecessors& predecessors, const Starts& starts, const SortedBoxes& start_boxes,
             const GraphOptions& options, const Purpose& purpose)
      : columns_(columns),
        frames_(frames),
        links_(links),
        predecessors_(predecessors),
        starts_(starts),
        start_boxes_(start_boxes),
        options_(options),
        search_(start_boxes, purpose.longest_list) {}

  // Returns the gap links by node, ascending for each node.
  GapLinks find(FrameRange run) {
    GapLinks gap_links;
    const auto& later = starts_.frames;
    std::size_t first_later = 0;
    for (std::size_t frame = run.begin; frame < run.end; ++frame) {
      const std::int64_t number = frames_[frame].frame;
      while (first_later < later.size() && later[first_later].frame < number + 2) ++first_later;
      for (Node node = frames_[frame].begin; node < frames_[frame].end; ++node) {
        poll_at(node);
        if (links_[node].empty()) find(node, number, first_later, gap_links);
      }
    }
    return gap_links;
  }

 private:
  Box box(Node node) const { return columns_.boxes[node]; }

  // Adds the links from `node` to the compatible starts in the first frame that has any.
  void find(Node node, std::int64_t number, std::size_t first_later, GapLinks& gap_links) {
    const auto& later = starts_.frames;
    const std::int64_t last = number + 1 + options_.max_gap;
    const Box from = grown(box(node), options_.buffer);
    const auto [origin, steps] = predecessors_.chain_to(node, options_.motion_frames);
    for (std::size_t frame = first_later; frame < later.size() && later[frame].frame <= last; ++frame) {
      const Group* const group = start_boxes_.find(frame, columns_.labels[node]);
      if (!group) continue;
      const Box expected = steps == 0 ? from : moved(from, box(origin), box(node), steps, later[frame].frame - number);
      const auto [found, is_long] =
          search_.find_similar(*group, expected, options_.gap_iou_threshold, box(node), options_.max_shape_change);
      if (found.empty()) continue;
      add(node, found, gap_links.links);
      if (is_long) gap_links.long_links.push_back({node, later[frame].frame, expected, true});
      return;
    }
  }

  void add(Node node, std::span<const std::uint32_t> found, std::vector<GapLink>& links) const {
    const auto known = static_cast<std::ptrdiff_t>(links.size());
    for (const std::uint32_t position : found) links.push_back({node, starts_.nodes[start_boxes_.node(position)]});
    std::sort(links.begin() + known, links.end(), [](const GapLink& a, const GapLink& b) { return a.to < b.to; });
  }

  const NodeColumns& columns_;
  std::span<const FrameNodes> frames_;
  const NodeLists& links_;
  const Predecessors& predecessors_;
  const Starts& starts_;
  const SortedBoxes& start_boxes_;
  const GraphOptions& options_;
  ShortListSearch search_;
};

// Returns `links` with its empty lists filled with the gap links. `parts` is ordered by node.
NodeLists with_gap_links(const NodeLists& links, const std::vector<GapLinks>& parts) {
  std::size_t added = 0;
  for (const GapLinks& part : parts) added += part.links.size();
  NodeLists all;
  all.offsets.resize(links.offsets.size());
  all.targets.reserve(links.targets.size() + added);
  Node next = 0;  // the first node not yet in `all`
  const auto copy_before = [&](Node end) {
    const std::size_t shift = all.targets.size() - links.offsets[next];
    all.targets.insert(all.targets.end(), links.targets.begin() + static_cast<std::ptrdiff_t>(links.offsets[next]),
                       links.targets.begin() + static_cast<std::ptrdiff_t>(links.offsets[end]));
    for (; next < end; ++next) all.offsets[next] = links.offsets[next] + shift;
  };
  for (const GapLinks& part : parts) {
    for (const GapLink& link : part.links) {
      if (link.from >= next) copy_before(link.from + 1);
      all.targets.push_back(link.to);
    }
  }
  copy_before(static_cast<Node>(links.offsets.size() - 1));
  all.offsets.back() = all.targets.size();
  return all;
}

void add_gap_links(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                   const Purpose& purpose, int num_threads, LinkGraph& graph) {
  const Predecessors predecessors(graph.links);
  const Starts starts(columns, frames, predecessors);
  const SortedBoxes start_boxes(starts.columns, starts.frames, options.buffer, num_threads);
  const auto runs = split_frames(frames, num_threads);
  std::vector<GapLinks> parts(runs.size());
  parallel_for(runs.size(), num_threads, [&](std::size_t run) {
    parts[run] =
        AcrossGaps(columns, frames, graph.links, predecessors, starts, start_boxes, options, purpose).find(runs[run]);
  });
  graph.links = with_gap_links(graph.links, parts);
  for (const GapLinks& part : parts) append(graph.long_lists, {part.long_links, {}, {}, {}});
}

LinkGraph build(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                const Purpose& purpose, int num_threads) {
  LinkGraph graph;
  if (frames.empty()) return graph;
  {
    const SortedBoxes boxes(columns, frames, options.buffer, num_threads);
    const auto runs = split_frames(frames, num_threads);
    std::vector<NodeLists> links(runs.size()), suppressed(runs.size());
    std::vector<LongLists> long_lists(runs.size());
    parallel_for(runs.size(), num_threads, [&](std::size_t run) {
      LinkGraph part = FrameByFrame(boxes, frames, options, purpose).build(runs[run]);
      links[run] = std::move(part.links);
      suppressed[run] = std::move(part.suppressed);
      long_lists[run] = std::move(part.long_lists);
    });
    graph.links = joined(std::move(links), num_threads);
    graph.suppressed = joined(std::move(suppressed), num_threads);
    for (const LongLists& part : long_lists) append(graph.long_lists, part);
  }
  if (options.max_gap > 0) add_gap_links(columns, frames, options, purpose, num_threads, graph);
  return graph;
}

}  // namespace

LinkGraph build_link_graph(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                           int num_threads) {
  LinkGraph graph = build(columns, frames, options, {true, kLongestList}, num_threads);
  LongLists& lists = graph.long_lists;
  if (lists.empty()) return graph;
  std::sort(lists.links.begin(), lists.links.end(),
            [](const LongLinks& a, const LongLinks& b) { return a.from < b.from; });
  std::sort(lists.suppressed.begin(), lists.suppressed.end());
  lists.columns = columns;
  lists.frames.assign(frames.begin(), frames.end());
  lists.options = options;
  return graph;
}

NodeLists build_all_links(const NodeColumns& columns, std::span<const FrameNodes> frames, const GraphOptions& options,
                          int num_threads) {
  return build(columns, frames, options, {false, std::numeric_limits<std::size_t>::max()}, num_threads).links;
}

}  // namespace trajtrack
