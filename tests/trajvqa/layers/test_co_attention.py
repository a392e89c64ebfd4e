from __future__ import annotations

import torch

from trajvqa.layers.co_attention import CoAttention


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def by_hand(layer: CoAttention, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return what the layer should, computed pair by pair."""
    exponents = torch.stack(
        [
            torch.stack([(layer.first(v) + layer.second(q) + (layer.product * v * q).sum()).exp()[0] for q in second])
            for v in first
        ]
    )
    rows = []
    for i, item in enumerate(first):
        shares = exponents[i] / exponents[i].sum()
        seen = sum(share * q for share, q in zip(shares, second, strict=True))
        returned = sum(
            shares[j] * sum(exponents[k, j] / exponents[:, j].sum() * v for k, v in enumerate(first))
            for j in range(len(second))
        )
        rows.append(layer.keep(item) + layer.join(torch.cat([seen, item * seen, item * returned])))
    return torch.stack(rows)


def all_of(items: torch.Tensor) -> torch.Tensor:
    return torch.ones(items.shape[:-1], dtype=torch.bool)


def test_it_equals_a_plain_loop_over_pairs():
    layer, first, second = CoAttention(6), some(3, 6), some(4, 6)
    torch.testing.assert_close(layer(first, all_of(first), second, all_of(second)), by_hand(layer, first, second))


def test_items_outside_the_masks_have_no_effect():
    layer, first, second = CoAttention(6), some(5, 6), some(4, 6)
    here, there = torch.tensor([True, False, True, True, False]), torch.tensor([True, True, False, True])
    masked = layer(first, here, second, there)
    torch.testing.assert_close(masked[here], by_hand(layer, first[here], second[there]))


def test_an_empty_mask_leaves_the_item():
    layer, first, second = CoAttention(6), some(3, 6), some(4, 6)
    torch.testing.assert_close(layer(first, all_of(first), second, ~all_of(second)), layer.keep(first))


def test_candidates_share_the_items_of_their_video():
    layer, first, second = CoAttention(6), some(2, 1, 3, 6), some(2, 5, 4, 6)
    met = layer(first, all_of(first), second, all_of(second))
    assert met.shape == (2, 5, 3, 6)
    torch.testing.assert_close(met[1, 2], by_hand(layer, first[1, 0], second[1, 2]))
