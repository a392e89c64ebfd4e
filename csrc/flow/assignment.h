// The choice of links with the greatest sum of gains, each node having at most one next and one previous node.
#pragma once

#include <cstdint>
#include <vector>

#include "flow/buffer.h"
#include "node.h"

namespace trajtrack::flow {

// Links from each node to later ones, ascending, in compressed sparse row form.
struct Links {
  std::vector<std::size_t> offsets{0};
  Buffer<Node> heads;
  Buffer<std::int64_t> gains;
};

// Returns the next node of each node, kNone for none. A node with `value[node] == kLeftOut` does not take part. If
// `paths` is set, each chosen path also has the sum of its nodes' values, and nodes on no path count nothing; otherwise
// values are ignored.
std::vector<Node> choose_links(const Links& links, const std::vector<std::int64_t>& value, bool paths, int num_threads);

inline constexpr std::int64_t kLeftOut = INT64_MIN;

}  // namespace trajtrack::flow
