from __future__ import annotations

import pytest
import torch

from trajvqa.layers.encoders import FrameEncoder, QueryEncoder, TrajectoryEncoder


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def prefix(lengths: list[int], size: int) -> torch.Tensor:
    return torch.arange(size) < torch.tensor(lengths)[..., None]


def encoder(kind: str) -> TrajectoryEncoder:
    return TrajectoryEncoder(5, some(3, 4), 8, kind, layers=2, heads=2, feed_forward=16, dropout=0.3).eval()


def test_a_clip_depends_on_those_before_it_only():
    layer = FrameEncoder(6, 4, 0.3).eval()
    clips = some(2, 5, 6)
    changed = clips.clone()
    changed[:, 3] += 1
    # The kernels that torch chooses may round differently from one call to the next.
    same = torch.isclose(layer(clips), layer(changed), rtol=0, atol=1e-6).all(dim=-1)
    assert same.tolist() == [[True, True, True, False, False]] * 2


@pytest.mark.parametrize("kind", ["mhsa", "gru"])
def test_padding_changes_no_trajectory(kind):
    layer, features, spans = encoder(kind), some(1, 4, 5), torch.rand(1, 4, 2)
    labels, mask = torch.tensor([[0, 2, 1, 1]]), torch.ones(1, 4, dtype=torch.bool)
    plain = layer(features, labels, spans, mask)
    padded = layer(
        torch.cat([features, some(1, 3, 5)], dim=1),
        torch.cat([labels, torch.ones(1, 3, dtype=torch.int64)], dim=1),
        torch.cat([spans, torch.rand(1, 3, 2)], dim=1),
        prefix([4], 7),
    )
    torch.testing.assert_close(padded[:, :4], plain)
    assert (padded[:, 4:] == 0).all()


def test_self_attention_does_not_depend_on_the_order_of_trajectories():
    layer, features, spans = encoder("mhsa"), some(1, 4, 5), torch.rand(1, 4, 2)
    labels, mask, order = torch.tensor([[0, 2, 1, 1]]), torch.ones(1, 4, dtype=torch.bool), [2, 0, 3, 1]
    shuffled = layer(features[:, order], labels[:, order], spans[:, order], mask)
    torch.testing.assert_close(shuffled, layer(features, labels, spans, mask)[:, order])


@pytest.mark.parametrize("kind", ["mhsa", "gru"])
def test_a_video_without_trajectories_is_0_and_does_not_affect_others(kind):
    layer, features, spans = encoder(kind), some(2, 4, 5), torch.rand(2, 4, 2)
    labels = torch.zeros(2, 4, dtype=torch.int64)
    encoded = layer(features, labels, spans, prefix([0, 4], 4))
    assert (encoded[0] == 0).all()
    alone = layer(features[1:], labels[1:], spans[1:], prefix([4], 4))
    torch.testing.assert_close(encoded[1:], alone)


def test_start_end_and_label_distinguish_trajectories():
    layer, features, mask = encoder("mhsa"), torch.zeros(1, 3, 5), torch.ones(1, 3, dtype=torch.bool)
    spans = torch.tensor([[[0.0, 0.5], [0.0, 0.5], [0.5, 1.0]]])
    first, other_label, other_span = layer(features, torch.tensor([[0, 1, 0]]), spans, mask)[0]
    assert not torch.allclose(first, other_label)
    assert not torch.allclose(first, other_span)


def test_label_vectors_are_not_trained():
    assert "label_vectors" not in dict(encoder("mhsa").named_parameters())


@pytest.mark.parametrize("words", ["numbers", "features"])
def test_padding_changes_no_word_and_no_sentence(words):
    numbers = words == "numbers"
    layer = QueryEncoder(some(9, 6) if numbers else None, None if numbers else 5, 6, 8, 0.3).eval()
    text = torch.tensor([[[3, 1, 4, 1]]]) if numbers else some(1, 1, 4, 5)
    rest = torch.tensor([[[5, 5]]]) if numbers else some(1, 1, 2, 5)
    states, sentence = layer(text, torch.ones(1, 1, 4, dtype=torch.bool))
    padded, same = layer(torch.cat([text, rest], dim=2), prefix([4], 6)[None])
    torch.testing.assert_close(padded[:, :, :4], states)
    torch.testing.assert_close(same, sentence)
    assert (padded[:, :, 4:] == 0).all()


def test_the_sentence_is_the_state_after_the_last_word():
    layer = QueryEncoder(some(9, 6), None, 6, 8, 0.3).eval()
    states, sentence = layer(torch.tensor([[[3, 1, 4, 1], [2, 7, 0, 0]]]), prefix([4, 2], 4)[None])
    assert torch.equal(sentence[0, 0], states[0, 0, 3])
    assert torch.equal(sentence[0, 1], states[0, 1, 1])


def test_word_vectors_are_trained_from_given_initial_values():
    vectors = some(9, 6)
    layer = QueryEncoder(vectors, None, 6, 8, 0.3)
    assert torch.equal(layer.embed.weight, vectors)
    assert layer.embed.weight.requires_grad
