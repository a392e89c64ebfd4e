"""LSTMs over clips and words, with which the methods that the paper compares with read them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from trajvqa.layers.encoders import word_embedding

__all__ = ["LstmLayers", "LstmQueryEncoder", "lstm"]


def lstm(input_size: int, hidden_size: int, layers: int, dropout: float) -> nn.LSTM:
    """Return LSTM layers over (B, n, input_size), with dropout from each to the next."""
    # torch warns of dropout where there is no next layer.
    return nn.LSTM(input_size, hidden_size, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)


class LstmLayers(nn.Module):
    """LSTM layers that give the states of every layer, where `lstm` gives those of the last.

    Parameters
    ----------
    input_size
        Width of what the first layer reads.
    hidden_size
        d.
    layers
        Number of layers.
    dropout
        Share of values dropped from each layer to the next.
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        sizes = [input_size] + [hidden_size] * (layers - 1)
        self.layers = nn.ModuleList(lstm(size, hidden_size, 1, dropout) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read (B, n, input_size) from the first to the last.

        Returns
        -------
        states
            (B, n, layers, d), the layers in the order in which they read.
        last
            Hidden and cell states after the last place, each (layers, B, d), as `lstm` gives them.
        """
        states, last = [], []
        for number, layer in enumerate(self.layers):
            inputs, ends = layer(self.dropout(inputs) if number else inputs)
            states.append(inputs)
            last.append(ends)
        hidden, cell = (torch.cat(each) for each in zip(*last, strict=True))
        return torch.stack(states, dim=2), (hidden, cell)


class LstmQueryEncoder(nn.Module):
    """Question and candidate as one sentence, read by LSTM layers.

    Parameters
    ----------
    word_vectors
        (words, word_size) first values of the trainable vectors; None where the text comes as features.
    feature_size
        Width of the text's features, which are projected to `word_size`; None where the text comes as words.
    word_size
        Width of a word before the first layer.
    hidden_size
        d.
    layers
        Number of layers.
    dropout
        Share of values dropped before each layer.
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
        """Encode.

        Parameters
        ----------
        words
            (B, C, L) word numbers, or (B, C, L, S) features.
        mask
            (B, C, L) bool, where there is a word: the first places of each row.
        start
            Hidden and cell states, each (layers, B, d), that the sentences of a question start from; None for zeros.

        Returns
        -------
        words
            (B, C, L, d) states of the last layer, 0 where there is no word.
        sentence
            (B, C, layers, d), the state of each layer after the last word.
        """
        candidates, length = mask.shape[1:]
        embedded = self.dropout(self.embed(words)).flatten(0, 1)
        if start is not None:
            hidden, cell = (each.repeat_interleave(candidates, dim=1) for each in start)
            start = hidden, cell
        # Of packed words no layer reads on after the last: what it ends with is its state there.
        lengths = mask.sum(dim=-1).flatten().clamp(min=1).cpu()
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        packed, (last, _) = self.recurrent(packed, start)
        states, _ = pad_packed_sequence(packed, batch_first=True, total_length=length)
        states = states.view(*mask.shape, -1).masked_fill(~mask.unsqueeze(-1), 0.0)
        return states, last.transpose(0, 1).unflatten(0, mask.shape[:2])
