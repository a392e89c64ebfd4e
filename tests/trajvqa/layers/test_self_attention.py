from __future__ import annotations

import math

import pytest
import torch

from trajvqa.layers.self_attention import PositionalSelfAttention, sinusoids


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("size", [2, 5, 8, 12, 16])
def test_it_equals_a_plain_loop_over_heads_and_items(size):
    layer, items = PositionalSelfAttention(6, size, 0.3).eval(), some(4, 6)
    placed = [layer.project(item) + sinusoids(torch.tensor(float(k)), size) for k, item in enumerate(items)]
    heads = layer.attention.heads
    width = size // heads
    expected = []
    for item in placed:
        attended = []
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            query = (layer.attention.query.weight @ item)[part]
            weights = [(query @ (layer.attention.key.weight @ other)[part] / width**0.5).exp() for other in placed]
            values = [(layer.attention.value.weight @ other)[part] for other in placed]
            attended.append(sum(weight * value for weight, value in zip(weights, values, strict=True)) / sum(weights))
        state = layer.attention.norm(item + torch.cat(attended))
        expected.append(layer.norm(state + layer.feed_forward(state)))
    torch.testing.assert_close(layer(items, torch.ones(4, dtype=torch.bool)), torch.stack(expected))


def test_items_outside_the_mask_have_no_effect_and_are_0():
    layer, items, mask = PositionalSelfAttention(6, 8, 0.3).eval(), some(5, 6), torch.arange(5) < 3
    encoded = layer(items, mask)
    torch.testing.assert_close(encoded[:3], layer(items[:3], mask[:3]))
    assert (encoded[3:] == 0).all()


def test_equal_items_differ_by_their_positions():
    layer = PositionalSelfAttention(6, 8, 0.3).eval()
    first, second = layer(some(1, 6).expand(2, 6), torch.ones(2, dtype=torch.bool))
    assert not torch.allclose(first, second)


def test_far_positions_differ_in_half_precision_too():
    layer = PositionalSelfAttention(6, 8, 0.3).eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        encoded = layer(torch.zeros(258, 6), torch.ones(258, dtype=torch.bool))
    assert not torch.allclose(encoded[256], encoded[257])


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_encodings_are_sines_and_cosines_of_slower_and_slower_waves(size):
    positions = [0.0, 1.0, 2.5, 16.0]
    expected = []
    for position in positions:
        angles = [position / 10000 ** (2 * (number // 2) / size) for number in range(size)]
        expected.append([math.cos(angle) if k % 2 else math.sin(angle) for k, angle in enumerate(angles)])
    torch.testing.assert_close(sinusoids(torch.tensor(positions), size), torch.tensor(expected))


def test_the_encoding_of_a_position_does_not_depend_on_others():
    alone, among = sinusoids(torch.tensor([3.0]), 8), sinusoids(torch.tensor([[0.0, 3.0], [5.0, 1.0]]), 8)
    assert among.shape == (2, 2, 8)
    assert torch.equal(among[0, 1], alone[0])
