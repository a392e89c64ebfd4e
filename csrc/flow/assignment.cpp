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
        column_price_(value.size()),
        distance_(value.size(), kFar),
        column_of_(value.size(), kNone),
        row_of_(value.size(), kNone),
        before_(value.size(), kNone) {}

  struct Workspace {
    std::vector<Node> touched;
    std::vector<Node> done;
    std::vector<std::pair<std::int64_t, Node>> heap;
  };

  void assign(Node start, Workspace& work) {
    if (value_[start] == kLeftOut) return;
    std::int64_t price = -stay(start);
    if (paths_) price = std::min(price, -column_price_[start]);
    for (std::size_t k = links_.offsets[start]; k < links_.offsets[start + 1]; ++k) {
      price = std::min(price, -gain(start, k) - column_price_[links_.heads[k]]);
    }
    row_price_[start] = price;

    std::int64_t shortest = kFar, travelled = 0;
    Node end_row = kNone, end_column = kNone, row = start;
    const auto reach = [&](Node column, std::int64_t length) {
      if (length >= distance_[column]) return;
      if (distance_[column] == kFar) work.touched.push_back(column);
      distance_[column] = length;
      before_[column] = row;
      if (length >= shortest) return;
      if (row_of_[column] == kNone) {
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
      if (paths_) reach(row, base - column_price_[row]);
      for (std::size_t k = links_.offsets[row]; k < links_.offsets[row + 1]; ++k) {
        const Node column = links_.heads[k];
        reach(column, base - gain(row, k) - column_price_[column]);
      }
      while (!work.heap.empty() && work.heap.front().first != distance_[work.heap.front().second]) pop(work);
      if (work.heap.empty() || work.heap.front().first >= shortest) break;
      const Node column = work.heap.front().second;
      travelled = work.heap.front().first;
      pop(work);
      work.done.push_back(column);
      row = row_of_[column];
      poll_at(work.done.size());
    }

    row_price_[start] += shortest;
    for (const Node column : work.done) {
      const std::int64_t change = shortest - distance_[column];
      column_price_[column] -= change;
      row_price_[row_of_[column]] += change;
    }
    if (end_column == kNone && end_row != start) {
      end_column = column_of_[end_row];
      column_of_[end_row] = kNone;
    }
    while (end_column != kNone) {
      row = before_[end_column];
      row_of_[end_column] = row;
      const Node previous = row == start ? kNone : column_of_[row];
      column_of_[row] = end_column;
      end_column = previous;
    }
    for (const Node column : work.touched) distance_[column] = kFar;
    work.touched.clear();
    work.done.clear();
    work.heap.clear();
  }

  std::vector<Node> take_columns() { return std::move(column_of_); }

 private:
  static constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();

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
  std::vector<std::int64_t> row_price_, column_price_, distance_;
  std::vector<Node> column_of_, row_of_, before_;
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
  if (num_threads <= 1) {
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
