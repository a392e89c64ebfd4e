"""LSTMs over clips and words, for the methods that the paper compares with."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from trajvqa.layers.encoders import word_embedding

__all__ = ["LstmLayers", "LstmQueryEncoder", "lstm"]


def lstm(input_size: int, hidden_size: int, layers: int, dropout: float) -> nn.LSTM:
    """Return LSTM layers over (B, n, input_size), with dropout between layers."""
    # torch warns about dropout with a single layer.
    return nn.LSTM(input_size, hidden_size, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)


class LstmLayers(nn.Module):
    """LSTM layers that return the states of every layer; `lstm` returns only those of the last.

    Parameters
    ----------
    input_size
        Width of the input of the first layer.
    hidden_size
        d.
    layers
        Number of layers.
    dropout
        Dropout probability between layers.
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.layers = nn.ModuleList(lstm(size, hidden_size, 1, dropout) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read sequences (B, n, input_size).

        Returns
        -------
        states
            (B, n, layers, d), with the layers from first to last.
        last
            Hidden and cell states after the last item, each (layers, B, d), as from `lstm`.
        """
        states, last = [], []
        for number, layer in enumerate(self.layers):
            inputs, ends = layer(self.dropout(inputs) if number else inputs)
            states.append(inputs)
            last.append(ends)
        hidden, cell = (torch.cat(each) for each in zip(*last, strict=True))
        return torch.stack(states, dim=2), (hidden, cell)


class LstmQueryEncoder(nn.Module):
    """Encoder of question and candidate as one sentence, with LSTM layers.

    Parameters
    ----------
    word_vectors
        (words, word_size) initial values of the trainable word vectors; None if the text is given as features.
    feature_size
        Width of the text's features, which are projected to `word_size`; None if the text is given as words.
    word_size
        Width of a word before the first layer.
    hidden_size
        d.
    layers
        Number of layers.
    dropout
        Dropout probability before each layer.
    """

    def __init__(
        self,
        word_vectors: Tensor | None,
        feature_size: int | None,
        word_size: int,
        hidden_size: int,
        layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embed = word_embedding(word_vectors, feature_size, word_size)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = lstm(word_size, hidden_size, layers, dropout)

    def forward(self, words: Tensor, mask: Tensor, start: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Encode question and candidate.

        Parameters
        ----------
        words
            (B, C, L) word numbers, or (B, C, L, S) features.
        mask
            (B, C, L) bool, true for words, which come first in each row.
        start
            Hidden and cell states, each (layers, B, d), from which the sentences of a question start; None for zeros.

        Returns
        -------
        words
            (B, C, L, d) states of the last layer, 0 outside the mask.
        sentence
            (B, C, layers, d) state of each layer after the last word.
        """
        candidates, length = mask.shape[1:]
        embedded = self.dropout(self.embed(words)).flatten(0, 1)
        if start is not None:
            hidden, cell = (each.repeat_interleave(candidates, dim=1) for each in start)
            start = hidden, cell
        # Layers do not read past the last packed word, so their final state is the state there.
        lengths = mask.sum(dim=-1).flatten().clamp(min=1).cpu()
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        packed, (last, _) = self.recurrent(packed, start)
        states, _ = pad_packed_sequence(packed, batch_first=True, total_length=length)
        states = states.view(*mask.shape, -1).masked_fill(~mask.unsqueeze(-1), 0.0)
        return states, last.transpose(0, 1).unflatten(0, mask.shape[:2])
