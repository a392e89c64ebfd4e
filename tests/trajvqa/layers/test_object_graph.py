from __future__ import annotations

import math

import pytest
import torch

from trajvqa.layers.object_graph import ObjectGraph


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def by_hand(layer: ObjectGraph, objects: torch.Tensor) -> torch.Tensor:
    """Return what the layer should, computed object by object."""
    edges = []
    for item in objects:
        products = [(layer.source(item) @ layer.target(other) / math.sqrt(len(item))).exp() for other in objects]
        edges.append([product / sum(products) for product in products])
    reached = list(objects)
    for convolve in layer.convolutions:
        moved = [convolve(item) for item in reached]
        reached = [
            torch.relu(moved[i] + sum(edges[i][j] * other for j, other in enumerate(moved))) for i in range(len(moved))
        ]
    return objects + torch.stack(reached)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_equals_a_plain_loop_over_objects(layers):
    layer, objects = ObjectGraph(6, layers, 0.3).eval(), some(4, 6)
    torch.testing.assert_close(layer(objects, torch.ones(4, dtype=torch.bool)), by_hand(layer, objects))


def test_objects_outside_the_mask_have_no_effect_and_are_0():
    layer, objects, mask = ObjectGraph(6, 2, 0.3).eval(), some(4, 6), torch.tensor([True, False, True, False])
    related = layer(objects, mask)
    torch.testing.assert_close(related[mask], by_hand(layer, objects[mask]))
    assert (related[~mask] == 0).all()
