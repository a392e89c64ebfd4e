// Nodes, their reserved values and the limits of a detection's values, for host and device.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "overlap.h"

namespace trajtrack {

// Index of a detection among those that take part, ordered by frame and, within a frame, by input row. Comparing two
// nodes thus compares (frame, row), the order that decides every tie.
using Node = std::uint32_t;

inline constexpr Node kNone = std::numeric_limits<Node>::max();  // no node
inline constexpr Node kSeveral = kNone - 1;                      // more than one node

inline constexpr float kLargestCoordinate = 1e9f;
inline constexpr float kLargestFloat = std::numeric_limits<float>::max();

// Maps floats to unsigned integers of the same order; both zeros map to the same integer.
TRAJTRACK_HOST_DEVICE inline std::uint32_t ordered_bits(float value) {
  const float one_zero = value + 0.0f;
  std::uint32_t bits;
  memcpy(&bits, &one_zero, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// Maps labels to unsigned integers of the same order.
TRAJTRACK_HOST_DEVICE inline std::uint32_t ordered_label(std::int32_t label) {
  return static_cast<std::uint32_t>(label) ^ 0x80000000u;
}

// A node's only predecessor, kNone or kSeveral, once `from` is known to be one more.
TRAJTRACK_HOST_DEVICE inline Node add_predecessor(Node previous, Node from) {
  return previous == kNone ? from : kSeveral;
}

// The first node of a chain and its number of links.
struct ChainStart {
  Node node;
  std::int64_t length;
};

// Follows the longest chain of at most `limit` links that leads to `node`, in which each link is the only one at both
// of its ends. `previous_of` gives a node's only predecessor, kNone or kSeveral; `num_links_of` its number of links.
template <typename PreviousOf, typename NumLinksOf>
TRAJTRACK_HOST_DEVICE ChainStart find_chain_start(Node node, std::int64_t limit, const PreviousOf& previous_of,
                                                  const NumLinksOf& num_links_of) {
  std::int64_t length = 0;
  for (; length < limit; ++length) {
    const Node previous = previous_of(node);
    if (previous == kNone || previous == kSeveral || num_links_of(previous) > 1) break;
    node = previous;
  }
  return {node, length};
}

}  // namespace trajtrack
