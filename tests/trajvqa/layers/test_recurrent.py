from __future__ import annotations

import pytest
import torch

from trajvqa.layers.recurrent import LstmLayers, LstmQueryEncoder, lstm


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


def test_the_sentence_is_the_state_of_each_layer_after_the_last_word():
    layer, words, lengths = encoder(2), torch.tensor([[3, 1, 4, 1], [2, 7, 0, 0]]), [4, 2]
    states, sentence = layer(words[None], prefix(lengths, 4)[None])
    for candidate, length in enumerate(lengths):
        alone, (last, _) = layer.recurrent(layer.embed(words[candidate : candidate + 1, :length]))
        torch.testing.assert_close(sentence[0, candidate], last[:, 0])
        torch.testing.assert_close(states[0, candidate, :length], alone[0])


def test_a_sentence_without_words_has_words_of_0_and_finite_states():
    states, sentence = encoder(2)(torch.tensor([[[3, 1], [0, 0]]]), prefix([2, 0], 2)[None])
    assert (states[0, 1] == 0).all()
    assert torch.isfinite(sentence).all()


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
            torch.testing.assert_close(sentences[question, candidate, -1], states[0, -1])


def test_dropout_is_between_layers_only():
    assert lstm(3, 4, 1, 0.3).dropout == 0.0
    assert lstm(3, 4, 2, 0.3).dropout == 0.3


def test_lstm_layers_return_the_states_of_each_layer_and_the_final_states_of_lstm():
    layers, together, inputs = LstmLayers(3, 4, 2, 0.3).eval(), lstm(3, 4, 2, 0.3).eval(), some(2, 5, 3)
    together.load_state_dict(
        {name.replace("l0", f"l{k}"): each for k in range(2) for name, each in layers.layers[k].state_dict().items()}
    )
    states, (hidden, cell) = layers(inputs)
    upper, (last_hidden, last_cell) = together(inputs)
    torch.testing.assert_close(states[:, :, 0], layers.layers[0](inputs)[0])
    torch.testing.assert_close(states[:, :, 1], upper)
    torch.testing.assert_close(hidden, last_hidden)
    torch.testing.assert_close(cell, last_cell)


def test_lstm_layers_have_dropout_between_layers_only():
    layers, inputs = LstmLayers(3, 4, 2, 0.5), some(2, 5, 3)
    states, same = (layers(inputs)[0] for _ in range(2))
    assert torch.equal(states[:, :, 0], same[:, :, 0])
    assert not torch.equal(states[:, :, 1], same[:, :, 1])
