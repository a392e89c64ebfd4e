// Nodes of the linking graph: their numbers, special values and limits, the same on the CPU and on the GPU.
#pragma once

#include <cstdint>
#include <cstring>

#include "overlap.h"

namespace trajtrack {

// Number of a detection among those that take part, ordered by frame and, within a frame, by input row. Comparing two
// nodes thus compares (frame, row), the order that decides every tie.
using Node = std::uint32_t;

inline constexpr Node kNone = ~Node{0};
inline constexpr Node kSeveral = kNone - 1;

// Coordinates beyond this are invalid.
inline constexpr float kLargestCoordinate = 1e9f;

// Unsigned integers in the order of the floats; both zeros are equal.
TRAJTRACK_HOST_DEVICE inline std::uint32_t ordered_bits(float value) {
  const float one_zero = value + 0.0f;
  std::uint32_t bits;
  memcpy(&bits, &one_zero, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The predecessor of a node after one more link leads to it.
TRAJTRACK_HOST_DEVICE inline Node added_predecessor(Node previous, Node from) {
  return previous == kNone ? from : kSeveral;
}

// First node and number of links of a chain.
struct ChainStart {
  Node node;
  std::int64_t length;
};

// The longest chain of at most `limit` links that leads to `node`, in which each link is the only one of both its
// ends. previous_of(node) is its predecessor, kNone or kSeveral; num_links_of(node) the number of its links.
template <typename Previous, typename NumLinks>
TRAJTRACK_HOST_DEVICE ChainStart chain_to(Node node, std::int64_t limit, const Previous& previous_of,
                                          const NumLinks& num_links_of) {
  std::int64_t length = 0;
  for (; length < limit; ++length) {
    const Node previous = previous_of(node);
    if (previous == kNone || previous == kSeveral || num_links_of(previous) > 1) break;
    node = previous;
  }
  return {node, length};
}

}  // namespace trajtrack
