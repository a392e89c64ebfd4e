from __future__ import annotations

import math

import torch

from trajvqa.layers.attention import Alignment, Attention


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def by_hand(layer: Attention, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Return Eq. 5 for one head, computed query by query."""
    rows = []
    for query in queries:
        projected = layer.query.weight @ query
        scores = torch.stack([projected @ (layer.key.weight @ key) for key in keys]) / math.sqrt(len(projected))
        weights = scores.exp() / scores.exp().sum()
        attended = sum(weight * (layer.value.weight @ key) for weight, key in zip(weights, keys, strict=True))
        rows.append(layer.norm(query + attended))
    return torch.stack(rows)


def test_one_head_equals_equation_5_written_out():
    layer = Attention(8, 1, 0.3).eval()
    queries, keys = some(3, 8), some(5, 8)
    aligned, _ = layer(queries, keys, torch.ones(5, dtype=torch.bool))
    torch.testing.assert_close(aligned, by_hand(layer, queries, keys))


def test_keys_outside_the_mask_have_no_effect():
    layer = Attention(8, 2, 0.3).eval()
    queries, keys = some(3, 8), some(5, 8)
    mask = torch.tensor([True, True, False, True, False])
    masked, weights = layer(queries, keys, mask)
    alone, _ = layer(queries, keys[mask], torch.ones(3, dtype=torch.bool))
    torch.testing.assert_close(masked, alone)
    assert (weights[:, ~mask] == 0).all()


def test_weights_add_up_to_one():
    _, weights = Attention(8, 4, 0.3).eval()(some(3, 8), some(5, 8), torch.ones(5, dtype=torch.bool))
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3))


def test_an_empty_mask_leaves_the_query():
    layer = Attention(8, 1, 0.3).eval()
    aligned, _ = layer(some(3, 8), some(5, 8), torch.zeros(5, dtype=torch.bool))
    torch.testing.assert_close(aligned, layer.norm(some(3, 8)))


def test_candidates_share_the_keys_of_their_video():
    layer = Alignment(8, 1, 0.3).eval()
    words, video = some(2, 3, 4, 8), some(2, 1, 5, 8)
    word_mask, video_mask = torch.ones(2, 3, 4, dtype=torch.bool), torch.ones(2, 1, 5, dtype=torch.bool)
    first, second, weights = layer(words, word_mask, video, video_mask)
    assert (first.shape, second.shape, weights.shape) == ((2, 3, 4, 8), (2, 3, 5, 8), (2, 3, 4, 5))
    alone, _, _ = layer(words[1, 2], word_mask[1, 2], video[1, 0], video_mask[1, 0])
    torch.testing.assert_close(first[1, 2], alone)
