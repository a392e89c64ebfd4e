// The order of nodes in which extraction walks them: by component, then by chain, then by frame, so that what
// is walked together lies together.
#pragma once

#include <vector>

#include "link_graph.h"

namespace trajtrack {

// A chain is a longest run of nodes in which each link is the only one of both its ends. A component is a set
// of nodes that no link and no suppression leaves. Every link leads to a greater position, and the first node
// of a component is its smallest.
struct ChainOrder {
  // What extraction must know of the node at a position, so that it seldom needs the graph.
  struct Traits {
    bool has_successor : 1;  // whether its one link leads to the next position
    bool suppresses : 1;     // whether it suppresses or is suppressed by others
  };

  std::vector<Node> nodes;             // the node at each position
  std::vector<Node> positions;         // the position of each node
  std::vector<Traits> traits;          // by position
  std::vector<Node> component_begins;  // first position of each component, and the number of nodes
};

ChainOrder order_by_chain(const LinkGraph& graph);

}  // namespace trajtrack
