from __future__ import annotations

import torch

from trajvqa.layers.additive import AdditiveAttention


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_weights_are_those_of_the_formula_over_the_valid_keys():
    layer, queries, keys = AdditiveAttention(3, 4, 5), some(2, 3, 3), some(2, 3, 6, 4)
    mask = torch.arange(6) < torch.tensor([[6, 2, 1], [4, 5, 3]])[..., None]
    weights = layer(queries, layer.project(keys), mask)
    for b in range(2):
        for c in range(3):
            scores = torch.stack(
                [
                    layer.weigh.weight[0] @ torch.tanh(layer.query.weight @ queries[b, c] + layer.key(key))
                    for key in keys[b, c, : int(mask[b, c].sum())]
                ]
            )
            expected = torch.zeros(6)
            expected[: len(scores)] = scores.exp() / scores.exp().sum()
            torch.testing.assert_close(weights[b, c], expected)


def test_keys_are_shared_by_the_queries_of_a_leading_axis():
    layer, queries, keys = AdditiveAttention(3, 4, 5), some(2, 3, 3), some(2, 6, 4)
    shared = layer(queries, layer.project(keys).unsqueeze(1))
    repeated = layer(
        queries, layer.project(keys.unsqueeze(1).repeat(1, 3, 1, 1)), torch.ones(2, 3, 6, dtype=torch.bool)
    )
    torch.testing.assert_close(shared, repeated)
