from __future__ import annotations

import pytest
import torch

from trajvqa.layers.recurrent import LstmQueryEncoder, lstm


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def prefix(lengths: list[int], size: int) -> torch.Tensor:
    return torch.arange(size) < torch.tensor(lengths)[..., None]


def encoder(layers: int, features: bool = False) -> LstmQueryEncoder:
    return LstmQueryEncoder(None if features else some(9, 6), 5 if features else None, 6, 8, layers, 0.3).eval()


@pytest.mark.parametrize("features", [False, True])
def test_padding_changes_no_word_and_no_sentence(features):
    layer = encoder(2, features)
    text = some(1, 1, 4, 5) if features else torch.tensor([[[3, 1, 4, 1]]])
    rest = some(1, 1, 2, 5) if features else torch.tensor([[[5, 5]]])
    states, sentence = layer(text, torch.ones(1, 1, 4, dtype=torch.bool))
    padded, same = layer(torch.cat([text, rest], dim=2), prefix([4], 6)[None])
    torch.testing.assert_close(padded[:, :, :4], states)
    torch.testing.assert_close(same, sentence)
    assert (padded[:, :, 4:] == 0).all()


def test_the_sentence_is_the_state_after_the_last_word():
    states, sentence = encoder(2)(torch.tensor([[[3, 1, 4, 1], [2, 7, 0, 0]]]), prefix([4, 2], 4)[None])
    assert torch.equal(sentence[0, 0], states[0, 0, 3])
    assert torch.equal(sentence[0, 1], states[0, 1, 1])


def test_every_candidate_of_a_question_starts_from_the_state_of_its_video():
    layer, words, mask = (
        encoder(2),
        torch.tensor([[[3, 1], [2, 7]], [[4, 8], [5, 5]]]),
        prefix([2, 2], 2).repeat(2, 1, 1),
    )
    start = some(2, 2, 8), some(2, 2, 8).tanh()
    _, sentences = layer(words, mask, start)
    for question in range(2):
        for candidate in range(2):
            own = tuple(each[:, question : question + 1].contiguous() for each in start)
            states, _ = layer.recurrent(layer.embed(words[question, candidate])[None], own)
            torch.testing.assert_close(sentences[question, candidate], states[0, -1])


def test_dropout_stands_between_layers_only():
    assert lstm(3, 4, 1, 0.3).dropout == 0.0
    assert lstm(3, 4, 2, 0.3).dropout == 0.3
