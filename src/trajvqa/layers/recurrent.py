"""LSTMs over clips and words, with which the methods that the paper compares with read them."""

from __future__ import annotations

from torch import Tensor, nn

from trajvqa.layers.encoders import last_state, word_embedding

__all__ = ["LstmQueryEncoder", "lstm"]


def lstm(input_size: int, hidden_size: int, layers: int, dropout: float) -> nn.LSTM:
    """Return LSTM layers over (B, n, input_size), with dropout from each to the next."""
    # torch warns of dropout where there is no next layer.
    return nn.LSTM(input_size, hidden_size, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)


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
        Number of layers; the states of the last are what comes out.
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
            (B, C, L, d), 0 where there is no word.
        sentence
            (B, C, d), the state after the last word.
        """
        candidates = mask.shape[1]
        embedded = self.dropout(self.embed(words)).flatten(0, 1)
        if start is not None:
            hidden, cell = (each.repeat_interleave(candidates, dim=1) for each in start)
            start = hidden, cell
        states: Tensor = self.recurrent(embedded, start)[0]
        states = states.view(*mask.shape, -1)
        return states.masked_fill(~mask.unsqueeze(-1), 0.0), last_state(states, mask)
