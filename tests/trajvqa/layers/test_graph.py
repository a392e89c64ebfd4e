from __future__ import annotations

import math

import pytest
import torch

from trajvqa.layers.graph import GraphReasoning


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def by_hand(layer: GraphReasoning, nodes: torch.Tensor) -> torch.Tensor:
    """Return Eqs. 9 to 11, computed node by node."""
    count, size = nodes.shape
    projected = [layer.project(node) for node in nodes]
    edges = torch.zeros(count, count)
    for i in range(count):
        scores = [float((projected[i] * projected[j]).sum().detach()) / math.sqrt(size) for j in range(count)]
        total = sum(math.exp(score) for score in scores)
        for j in range(count):
            edges[i, j] = math.exp(scores[j]) / total + (i == j)
    for convolve, norm in zip(layer.convolutions, layer.norms, strict=True):
        moved = [convolve.weight @ node for node in nodes]
        nodes = torch.stack([torch.relu(norm(sum(edges[i, j] * moved[j] for j in range(count)))) for i in range(count)])
    weights = torch.stack([layer.weigh(node) for node in nodes]).exp()
    return (weights / weights.sum() * nodes).sum(dim=0)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_equals_a_plain_loop_over_nodes(layers):
    layer = GraphReasoning(8, layers, "softmax", "attention", 0.3).eval()
    nodes = some(6, 8)
    torch.testing.assert_close(layer(nodes, torch.ones(6, dtype=torch.bool)), by_hand(layer, nodes))


@pytest.mark.parametrize("adjacency", ["softmax", "relu_gram"])
@pytest.mark.parametrize("pooling", ["attention", "sum"])
def test_nodes_outside_the_mask_have_no_effect(adjacency, pooling):
    layer = GraphReasoning(8, 2, adjacency, pooling, 0.3).eval()
    nodes, mask = some(6, 8), torch.tensor([True, False, True, True, False, False])
    torch.testing.assert_close(layer(nodes, mask), layer(nodes[mask], torch.ones(3, dtype=torch.bool)))


def test_the_order_of_nodes_does_not_matter():
    layer = GraphReasoning(8, 2, "softmax", "attention", 0.3).eval()
    nodes, mask = some(6, 8), torch.tensor([True, True, True, True, True, False])
    order = torch.tensor([3, 5, 0, 1, 4, 2])
    torch.testing.assert_close(layer(nodes, mask), layer(nodes[order], mask[order]))


def test_a_graph_without_nodes_is_0():
    layer = GraphReasoning(8, 2, "softmax", "attention", 0.3).eval()
    assert (layer(some(2, 6, 8), torch.zeros(2, 6, dtype=torch.bool)) == 0).all()


def test_rectified_products_are_hga_s_adjacency():
    layer = GraphReasoning(4, 1, "relu_gram", "sum", 0.0).eval()
    nodes = some(3, 4)
    projected = torch.relu(layer.project(nodes))
    moved = projected @ projected.T @ layer.convolutions[0](nodes)
    expected = torch.relu(layer.norms[0](moved)).sum(dim=0)
    torch.testing.assert_close(layer(nodes, torch.ones(3, dtype=torch.bool)), expected)
