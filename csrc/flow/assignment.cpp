#include "flow/assignment.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "interruption.h"
#include "parallel.h"

namespace trajtrack::flow {

namespace {

// Assigns each node, as a row, to the column of the node that follows it. With `paths`, a node assigned to its own
// column is on no path. Rows are assigned one after the other by the shortest augmenting path; prices make all lengths
// nonnegative. Connected components are independent and may run in parallel.
class Assignment {
 public:
  Assignment(const Links& links, const std::vector<std::int64_t>& value, bool paths)
      : links_(links),
        value_(value),
        paths_(paths),
        row_price_(value.size()),
        column_of_(value.size(), kNone),
        columns_(value.size()) {}

  struct Workspace {
    std::vector<Node> touched;
    std::vector<Node> done;
    std::vector<std::pair<std::int64_t, Node>> heap;
  };

  void assign(Node start, Workspace& work) {
    if (value_[start] == kLeftOut) return;
    // The price makes the shortest length 0. Mostly, no column or one that is free has it, and the path ends there.
    std::int64_t price = -stay(start);
    Node free_column = kNone;
    bool ends = true;
    const auto consider = [&](Node column, std::int64_t length) {
      if (length > price || (length == price && (ends || free_column != kNone))) return;
      if (length < price) ends = false;
      price = length;
      free_column = columns_[column].row == kNone ? column : kNone;
    };
    if (paths_) consider(start, -columns_[start].price);
    for (std::size_t k = links_.offsets[start]; k < links_.offsets[start + 1]; ++k) {
      consider(links_.heads[k], -gain(start, k) - columns_[links_.heads[k]].price);
    }
    row_price_[start] = price;
    if (ends) return;
    if (free_column == kNone) {
      find_path(start, work);
    } else {
      columns_[free_column].row = start;
      column_of_[start] = free_column;
    }
  }

  std::vector<Node> take_columns() { return std::move(column_of_); }

 private:
  static constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();

  struct Column {
    std::int64_t price = 0, distance = kFar;
    Node row = kNone, before = kNone;
  };

  // Assigns a row along the shortest augmenting path.
  void find_path(Node start, Workspace& work) {
    std::int64_t shortest = kFar, travelled = 0;
    Node end_row = kNone, end_column = kNone, row = start;
    const auto reach = [&](Node column, std::int64_t length) {
      if (length >= shortest) return;
      Column& reached = columns_[column];
      if (length >= reached.distance) return;
      if (reached.distance == kFar) work.touched.push_back(column);
      reached.distance = length;
      reached.before = row;
      if (reached.row == kNone) {
        shortest = length;
        end_row = kNone;
        end_column = column;
      } else {
        work.heap.emplace_back(length, column);
        std::push_heap(work.heap.begin(), work.heap.end(), std::greater<>());
      }
    };
    while (true) {
      const std::int64_t base = travelled - row_price_[row];
      if (base - stay(row) < shortest) {
        shortest = base - stay(row);
        end_row = row;
        end_column = kNone;
      }
      if (paths_) reach(row, base - columns_[row].price);
      for (std::size_t k = links_.offsets[row]; k < links_.offsets[row + 1]; ++k) {
        const Node column = links_.heads[k];
        reach(column, base - gain(row, k) - columns_[column].price);
      }
      while (!work.heap.empty() && work.heap.front().first != columns_[work.heap.front().second].distance) pop(work);
      if (work.heap.empty() || work.heap.front().first >= shortest) break;
      const Node column = work.heap.front().second;
      travelled = work.heap.front().first;
      pop(work);
      work.done.push_back(column);
      row = columns_[column].row;
      poll_at(work.done.size());
    }

    row_price_[start] += shortest;
    for (const Node node : work.done) {
      Column& column = columns_[node];
      const std::int64_t change = shortest - column.distance;
      column.price -= change;
      row_price_[column.row] += change;
    }
    if (end_column == kNone && end_row != start) {
      end_column = column_of_[end_row];
      column_of_[end_row] = kNone;
    }
    while (end_column != kNone) {
      row = columns_[end_column].before;
      columns_[end_column].row = row;
      const Node previous = row == start ? kNone : column_of_[row];
      column_of_[row] = end_column;
      end_column = previous;
    }
    for (const Node column : work.touched) columns_[column].distance = kFar;
    work.touched.clear();
    work.done.clear();
    work.heap.clear();
  }

  // The gain of a row that is assigned to no column: with `paths`, the end of a path.
  std::int64_t stay(Node row) const { return paths_ ? value_[row] : 0; }
  std::int64_t gain(Node row, std::size_t k) const { return links_.gains[k] + stay(row); }

  static void pop(Workspace& work) {
    std::pop_heap(work.heap.begin(), work.heap.end(), std::greater<>());
    work.heap.pop_back();
  }

  const Links& links_;
  const std::vector<std::int64_t>& value_;
  bool paths_;
  Buffer<std::int64_t> row_price_;
  std::vector<Node> column_of_;
  std::vector<Column> columns_;
};

// Splits the nodes into parts of about equal size without links between them; nodes of a part are ascending.
std::vector<std::vector<Node>> split(const Links& links, std::size_t count, std::size_t num_parts) {
  std::vector<Node> parent(count);
  std::iota(parent.begin(), parent.end(), Node{0});
  const auto root = [&](Node node) {
    while (parent[node] != node) node = parent[node] = parent[parent[node]];
    return node;
  };
  for (Node tail = 0; tail < count; ++tail) {
    for (std::size_t k = links.offsets[tail]; k < links.offsets[tail + 1]; ++k) {
      const Node a = root(tail), b = root(links.heads[k]);
      parent[std::max(a, b)] = std::min(a, b);
    }
  }
  std::vector<std::vector<Node>> parts(num_parts);
  std::vector<std::uint32_t> part_of(count), size_of(count, 0);
  for (Node node = 0; node < count; ++node) ++size_of[root(node)];
  std::size_t part = 0, filled = 0;
  for (Node node = 0; node < count; ++node) {
    const Node first = root(node);
    if (first == node) {
      if (filled >= count / num_parts && part + 1 < num_parts) {
        ++part;
        filled = 0;
      }
      part_of[node] = static_cast<std::uint32_t>(part);
      filled += size_of[node];
    }
    parts[part_of[first]].push_back(node);
  }
  return parts;
}

}  // namespace

std::vector<Node> choose_links(const Links& links, const std::vector<std::int64_t>& value, bool paths,
                               int num_threads) {
  Assignment assignment(links, value, paths);
  // Splitting takes about as long as two threads would save.
  if (num_threads <= 2) {
    Assignment::Workspace work;
    for (Node node = 0; node < value.size(); ++node) {
      poll_at(node);
      assignment.assign(node, work);
    }
  } else {
    const auto parts = split(links, value.size(), 4 * static_cast<std::size_t>(num_threads));
    parallel_for(parts.size(), num_threads, [&](std::size_t part) {
      Assignment::Workspace work;
      for (const Node node : parts[part]) {
        poll_at(node);
        assignment.assign(node, work);
      }
    });
  }
  std::vector<Node> next = assignment.take_columns();
  for (Node node = 0; node < next.size(); ++node) {
    if (next[node] == node) next[node] = kNone;
  }
  return next;
}

}  // namespace trajtrack::flow
