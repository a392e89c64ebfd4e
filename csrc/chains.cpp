#include "chains.h"

#include <utility>

#include "disjoint_sets.h"
#include "interruption.h"

namespace trajtrack {

namespace {

// Returns the first node of each node's chain.
std::vector<Node> find_heads(const NodeLists& links) {
  const auto count = static_cast<Node>(links.offsets.size() - 1);
  std::vector<Node> heads(count, kNone);  // before a node is visited: its predecessor
  for (Node node = 0; node < count; ++node) {
    const Node before = heads[node];
    const bool in_chain = before != kNone && before != kSeveral && links[before].size() == 1;
    heads[node] = in_chain ? heads[before] : node;
    for (const Node target : links[node]) heads[target] = add_predecessor(heads[target], node);
  }
  return heads;
}

}  // namespace

ChainOrder order_by_chain(const LinkGraph& graph) {
  const std::vector<Node> heads = find_heads(graph.links);
  const auto count = static_cast<Node>(heads.size());
  DisjointSets components(count);
  std::vector<Node> next_in_chain(count);      // of a head: the length of its chain, later its next free position
  std::vector<Node> next_in_component(count);  // the same for the first node of a component
  for (Node node = 0; node < count; ++node) {
    poll_at(node);
    ++next_in_chain[heads[node]];
    for (const Node target : graph.links[node]) {
      if (heads[target] != heads[node]) components.join(heads[node], heads[target]);
    }
    for (const Node other : graph.suppressed[node]) {
      if (other > node) components.join(heads[node], heads[other]);
    }
  }
  for (const Node node : graph.long_lists.suppressed) {  // whose short lists are not symmetric
    for (const Node other : graph.suppressed[node]) components.join(heads[node], heads[other]);
  }
  for (Node node = 0; node < count; ++node) {
    if (heads[node] == node) next_in_component[components.find(node)] += next_in_chain[node];
  }
  ChainOrder order;
  order.nodes.resize(count);
  order.positions.resize(count);
  order.traits.resize(count);
  Node total = 0;
  for (Node node = 0; node < count; ++node) {
    const Node head = heads[node];
    if (head == node) {
      const Node root = components.find(node);
      if (root == node) {
        order.component_begins.push_back(total);
        total += std::exchange(next_in_component[root], total);
      }
      const Node length = next_in_chain[node];
      next_in_chain[node] = next_in_component[root];
      next_in_component[root] += length;
    }
    const Node position = next_in_chain[head]++;
    order.positions[node] = position;
    order.nodes[position] = node;
    const auto links = graph.links[node];
    order.traits[position] = {links.size() == 1 && heads[links[0]] == head, !graph.suppressed[node].empty(), false};
  }
  for (const LongLinks& links : graph.long_lists.links) order.traits[order.positions[links.from]].has_long_list = true;
  for (const Node node : graph.long_lists.suppressed) order.traits[order.positions[node]].has_long_list = true;
  order.component_begins.push_back(total);
  return order;
}

}  // namespace trajtrack
