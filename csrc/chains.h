// The order in which extraction visits nodes: by connected component, then by chain, then by frame, so that nodes
// visited together are adjacent in memory.
#pragma once

#include <vector>

#include "link_graph.h"

namespace trajtrack {

// A chain is a maximal run of nodes in which each link is the only one at both of its ends. A component is a connected
// component under links and suppression. Every link leads to a greater position, and the first node of a component is
// its smallest.
struct ChainOrder {
  // What extraction needs to know about the node at a position, so that it rarely needs the graph.
  struct Traits {
    bool continues_chain : 1;  // whether its only link leads to the next position
    bool suppresses : 1;       // whether it suppresses, or is suppressed by, other nodes
    bool has_long_list : 1;    // whether its links, or the nodes that it suppresses, are too many to be stored
  };

  std::vector<Node> nodes;             // the node at each position
  std::vector<Node> positions;         // the position of each node
  std::vector<Traits> traits;          // by position
  std::vector<Node> component_begins;  // first position of each component, and the number of nodes
};

ChainOrder order_by_chain(const LinkGraph& graph);

}  // namespace trajtrack
