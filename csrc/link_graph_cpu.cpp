#include <algorithm>

#include "link_graph.h"
#include "parallel.h"
#include "sorted_boxes.h"

namespace trajtrack {

namespace {

// The lists of one frame, found in any order of its nodes and then appended in node order.
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
    std::sort(targets_.end() - static_cast<std::ptrdiff_t>(positions.size()), targets_.end());
  }

  void append_to(NodeLists& lists) const {
    for (const Span& span : spans_) {
      const auto begin = targets_.begin() + static_cast<std::ptrdiff_t>(span.begin);
      lists.targets.insert(lists.targets.end(), begin, begin + static_cast<std::ptrdiff_t>(span.count));
      lists.offsets.push_back(lists.targets.size());
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

// Box k of n steps on the straight way from `a` to `b`; the ends are exact.
Box interpolated(Box a, Box b, std::int64_t k, std::int64_t n) {
  if (k == 0) return a;
  if (k == n) return b;
  const float share = static_cast<float>(k) / static_cast<float>(n);
  return {a.x1 + (b.x1 - a.x1) * share, a.y1 + (b.y1 - a.y1) * share, a.x2 + (b.x2 - a.x2) * share,
          a.y2 + (b.y2 - a.y2) * share};
}

// Finds links and suppression of a run of frames.
class Builder {
 public:
  Builder(const SortedBoxes& boxes, const FrameOrder& order, const GraphOptions& options, bool with_suppression)
      : boxes_(boxes),
        order_(order),
        options_(options),
        with_suppression_(with_suppression),
        found_(boxes.largest_group() + 1) {}

  LinkGraph build(FrameRange frames) {
    LinkGraph graph;
    const std::size_t nodes = order_.frames[frames.end - 1].end - order_.frames[frames.begin].begin;
    graph.links.offsets.reserve(nodes + 1);
    if (with_suppression_) graph.suppressed.offsets.reserve(nodes + 1);
    for (std::size_t frame = frames.begin; frame < frames.end; ++frame) {
      links_.start(order_.frames[frame]);
      suppressed_.start(order_.frames[frame]);
      for (const Group& group : boxes_.groups(frame)) {
        link(frame, group);
        if (with_suppression_) suppress(group);
      }
      links_.append_to(graph.links);
      if (with_suppression_) suppressed_.append_to(graph.suppressed);
    }
    return graph;
  }

 private:
  std::int64_t frame_number(std::size_t frame) const { return order_.frames[frame].frame; }

  void link(std::size_t frame, const Group& group) {
    const bool adjacent =
        frame + 1 < order_.frames.size() && frame_number(frame + 1) == frame_number(frame) + 1;
    const Group* const next = adjacent ? boxes_.find(frame + 1, group.label) : nullptr;
    std::uint32_t begin = next ? next->begin : 0;
    for (std::uint32_t position = group.begin; position < group.end; ++position) {
      std::size_t count = 0;
      if (next) {
        begin = boxes_.window_begin(*next, boxes_.grown(position).x1, begin);
        count = boxes_.overlapping_grown(position, *next, begin, options_.iou_threshold, found_);
      }
      if (count == 0) count = link_across_gap(frame, position, group.label);
      if (count > 0) links_.add(boxes_.node(position), {found_.data(), count}, boxes_);
    }
  }

  // Finds the compatible boxes in the first later frame that has any; returns their number.
  std::size_t link_across_gap(std::size_t frame, std::uint32_t position, std::int32_t label) {
    const std::int64_t last = frame_number(frame) + 1 + options_.max_gap;
    for (std::size_t later = frame + 1; later < order_.frames.size() && frame_number(later) <= last; ++later) {
      const std::int64_t steps = frame_number(later) - frame_number(frame);
      if (steps == 1) continue;
      const Group* const group = boxes_.find(later, label);
      if (!group) continue;
      const std::size_t count = compatible(position, *group, steps);
      if (count > 0) return count;
    }
    return 0;
  }

  std::size_t compatible(std::uint32_t position, const Group& group, std::int64_t steps) {
    std::size_t count = 0;
    const auto keep = [&](std::uint32_t other) {
      if (similar_shape(boxes_.plain(position), boxes_.plain(other), options_.max_shape_change)) {
        found_[count++] = other;
      }
    };
    if (options_.gap_test == GapTest::overlap) {
      const std::uint32_t begin = boxes_.window_begin(group, boxes_.grown(position).x1);
      const std::size_t near =
          boxes_.overlapping_grown(position, group, begin, options_.gap_iou_threshold, found_);
      for (std::size_t i = 0; i < near; ++i) keep(found_[i]);
    } else {
      for (std::uint32_t other = group.begin; other < group.end; ++other) {
        if (smooth(boxes_.grown(position), boxes_.grown(other), steps)) keep(other);
      }
    }
    return count;
  }

  // Whether each step along the interpolated boxes overlaps the next (Xie et al., ACM MM 2020).
  bool smooth(Box a, Box b, std::int64_t steps) const {
    Box before = a;
    for (std::int64_t k = 1; k <= steps; ++k) {
      const Box box = interpolated(a, b, k, steps);
      if (!overlaps(before, area(before), box, area(box), options_.iou_threshold)) return false;
      before = box;
    }
    return true;
  }

  void suppress(const Group& group) {
    std::uint32_t begin = group.begin;
    for (std::uint32_t position = group.begin; position < group.end; ++position) {
      begin = boxes_.window_begin(group, boxes_.grown(position).x1, begin);
      std::size_t count =
          boxes_.overlapping_plain(position, group, begin, options_.nms_threshold, found_);
      const auto end = std::remove(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(count), position);
      count = static_cast<std::size_t>(end - found_.begin());
      if (count > 0) suppressed_.add(boxes_.node(position), {found_.data(), count}, boxes_);
    }
  }

  const SortedBoxes& boxes_;
  const FrameOrder& order_;
  const GraphOptions& options_;
  bool with_suppression_;
  std::vector<std::uint32_t> found_;
  FrameLists links_, suppressed_;
};

// Joins the lists of successive runs of nodes.
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

}  // namespace

LinkGraph build_link_graph(const DetectionsView& detections, const FrameOrder& order, const GraphOptions& options,
                           bool with_suppression, int num_threads) {
  const SortedBoxes boxes(detections, order, options.buffer, options.class_agnostic, num_threads);
  const auto runs = split_frames(order, num_threads);
  std::vector<NodeLists> links(runs.size()), suppressed(runs.size());
  parallel_for(runs.size(), num_threads, [&](std::size_t run) {
    LinkGraph part = Builder(boxes, order, options, with_suppression).build(runs[run]);
    links[run] = std::move(part.links);
    suppressed[run] = std::move(part.suppressed);
  });
  return {joined(std::move(links), num_threads), joined(std::move(suppressed), num_threads)};
}

}  // namespace trajtrack
