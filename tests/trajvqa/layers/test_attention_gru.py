from __future__ import annotations

import torch

from trajvqa.layers.attention_gru import AttentionGru


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_the_state_is_that_of_the_formula_fact_by_fact():
    layer, facts, weights = AttentionGru(4), some(2, 5, 4), some(2, 3, 5).softmax(dim=-1)
    states = layer(facts, weights)
    (w, v), (u, q), (w_bias, v_bias) = (
        layer.facts.weight.chunk(2),
        layer.state.weight.chunk(2),
        layer.facts.bias.chunk(2),
    )
    for b in range(2):
        for c in range(3):
            h = torch.zeros(4)
            for fact, g in zip(facts[b], weights[b, c], strict=True):
                r = torch.sigmoid(w @ fact + w_bias + u @ h)
                h = g * torch.tanh(v @ fact + v_bias + r * (q @ h)) + (1 - g) * h
            torch.testing.assert_close(states[b, c], h)


def test_a_fact_with_weight_0_has_no_effect():
    layer, facts = AttentionGru(4), some(1, 3, 4)
    changed = facts.clone()
    changed[:, 1] += 1
    weights = torch.tensor([[[0.5, 0.0, 0.5]]])
    torch.testing.assert_close(layer(changed, weights), layer(facts, weights))


def test_a_fact_with_weight_1_replaces_the_state():
    layer, facts = AttentionGru(4), some(1, 2, 4)
    with torch.no_grad():
        layer.state.weight.zero_()
    first, second = torch.tensor([[[1.0, 1.0]]]), torch.tensor([[[0.0, 1.0]]])
    torch.testing.assert_close(layer(facts, first), layer(facts, second))
