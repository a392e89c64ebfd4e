"""Section 3.1: encoders of clips, trajectories and words."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trajvqa.layers.dropout import Dropout
from trajvqa.layers.gru import gru_over_levels, gru_over_sequences
from trajvqa.layers.sentences import Sentences, forest_of, shared_sentences

__all__ = ["FrameEncoder", "QueryEncoder", "TrajectoryEncoder", "word_embedding"]


class FrameEncoder(nn.Module):
    """Encoder of clips, Eqs. 1 and 2.

    Parameters
    ----------
    feature_size
        Width of a clip's features, appearance and motion together.
    hidden_size
        d.
    dropout
        Dropout probability before the recurrent layer.
    """

    def __init__(self, feature_size: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Linear(feature_size, hidden_size)
        nn.init.xavier_normal_(self.project.weight)
        self.dropout = Dropout(dropout)
        self.recurrent = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, N, d) for features (B, N, D)."""
        clips = torch.relu(self.project(features))  # Eq. 1
        return gru_over_sequences(self.recurrent, self.dropout(clips))  # Eq. 2


class TrajectoryEncoder(nn.Module):
    """Encoder of trajectories in the context of the others, Section 3.1.1 and Eq. 3.

    A trajectory is the sum of three projections: of its pooled visual feature, of the word vector of its label, and of
    its start and end.

    Parameters
    ----------
    feature_size
        Width of the pooled visual feature.
    label_vectors
        (classes, word_size) word vectors of the labels, which are not trained.
    hidden_size
        d.
    kind
        ``mhsa``: self-attention and feed-forward layers with skip connections (Figure 3); ``gru``: a recurrent layer
        over the trajectories in their given order.
    layers, heads, feed_forward
        Number of layers, number of heads and width of the feed-forward layers of ``mhsa``.
    dropout
        Dropout probability in the layers of ``mhsa``.
    """

    label_vectors: Tensor

    def __init__(
        self,
        feature_size: int,
        label_vectors: Tensor,
        hidden_size: int,
        kind: str,
        layers: int,
        heads: int,
        feed_forward: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.register_buffer("label_vectors", label_vectors)
        self.visual = nn.Linear(feature_size, hidden_size)
        self.label = nn.Linear(label_vectors.shape[1], hidden_size)
        self.time = nn.Linear(2, hidden_size)
        self.norm = nn.LayerNorm(hidden_size)
        self.context: nn.TransformerEncoder | nn.GRU
        if kind == "mhsa":
            layer = _TransformerLayer(hidden_size, heads, feed_forward, dropout)
            self.context = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        else:
            self.context = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, features: Tensor, labels: Tensor, spans: Tensor, mask: Tensor) -> Tensor:
        """Encode trajectories.

        Parameters
        ----------
        features
            (B, K, D) pooled visual features.
        labels
            (B, K) row numbers of `label_vectors`.
        spans
            (B, K, 2) start and end, as shares of the video.
        mask
            (B, K) bool, true for trajectories, which come first in each row.

        Returns
        -------
        (B, K, d), 0 outside the mask.
        """
        parts = self.visual(features) + self.label(self.label_vectors[labels]) + self.time(spans)
        parts = self.norm(parts)
        if isinstance(self.context, nn.GRU):
            encoded = gru_over_sequences(self.context, parts)
        else:
            # Softmax over no key is NaN: a video without trajectories keeps its first entry, which is zeroed below.
            first = torch.arange(mask.shape[1], device=mask.device) == 0
            hidden = ~(mask | (first & ~mask.any(dim=1, keepdim=True)))
            encoded = self.context(parts, src_key_padding_mask=hidden)  # Eq. 3
        return encoded.masked_fill(~mask.unsqueeze(-1), 0.0)


class QueryEncoder(nn.Module):
    """Encoder of question and candidate as one sentence, Eq. 4.

    Parameters
    ----------
    word_vectors
        (words, word_size) initial values of the trainable word vectors; None if the text is given as features.
    feature_size
        Width of the text's features, which are projected to `word_size`; None if the text is given as words.
    word_size
        Width of a word before the recurrent layer.
    hidden_size
        d.
    dropout
        Dropout probability before the recurrent layer.
    """

    def __init__(
        self, word_vectors: Tensor | None, feature_size: int | None, word_size: int, hidden_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.embed = word_embedding(word_vectors, feature_size, word_size)
        self.dropout = Dropout(dropout)
        self.recurrent = nn.GRU(word_size, hidden_size, batch_first=True)

    def forward(self, words: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encode question and candidate.

        Parameters
        ----------
        words
            (B, C, L) word numbers, or (B, C, L, S) features.
        mask
            (B, C, L) bool, true for words, which come first in each row.

        Returns
        -------
        words
            (B, C, L, d) states, 0 outside the mask.
        sentence
            (B, C, d) state after the last word.
        """
        sentences = self.encode(words, mask)
        return sentences.spread(sentences.nodes), sentences.last

    def encode(self, words: Tensor, mask: Tensor) -> Sentences:
        """Encode question and candidate, on a processor once for all candidates that begin with the same words."""
        if words.device.type != "cpu" or torch.compiler.is_compiling():
            return self._padded(words, mask)
        forest = forest_of(words, mask)
        found = words.flatten(0, 2).index_select(0, torch.from_numpy(forest.first))
        states = gru_over_levels(self.recurrent, self.dropout(self.embed(found)), forest.sizes, forest.parents)  # Eq. 4
        return shared_sentences(states, forest)

    def _padded(self, words: Tensor, mask: Tensor) -> Sentences:
        embedded = self.dropout(self.embed(words)).flatten(0, 1)
        states, _ = self.recurrent(embedded)  # Eq. 4
        states = states.view(*mask.shape, -1)
        # The state after the last word does not depend on the padding behind it.
        last = (mask.sum(dim=-1) - 1).clamp(min=0)
        sentence = states.gather(2, last[..., None, None].expand(-1, -1, 1, states.shape[-1])).squeeze(2)
        return Sentences(states.masked_fill(~mask.unsqueeze(-1), 0.0), mask, mask, sentence)


class _TransformerLayer(nn.TransformerEncoderLayer):
    """Torch's layer with dropout that costs a processor little."""

    def __init__(self, hidden_size: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__(hidden_size, heads, feed_forward, dropout, batch_first=True)
        self.weight_dropout = Dropout(dropout)
        self.dropout, self.dropout1, self.dropout2 = (Dropout(dropout) for _ in range(3))  # type: ignore[assignment]

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        heads = self.self_attn.num_heads
        joint = nn.functional.linear(x, self.self_attn.in_proj_weight, self.self_attn.in_proj_bias)
        query, key, value = joint.view(*x.shape[:2], 3, heads, -1).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        assert key_padding_mask is not None  # -inf where hidden: torch has made it a sum
        weights = torch.softmax(scores + key_padding_mask[:, None, None, :], dim=-1)
        attended = (self.weight_dropout(weights) @ value).transpose(1, 2).flatten(-2)
        projected: Tensor = self.dropout1(self.self_attn.out_proj(attended))
        return projected


def word_embedding(word_vectors: Tensor | None, feature_size: int | None, word_size: int) -> nn.Module:
    """Return a module that maps words to vectors of `word_size`: a trainable table, or a projection of features."""
    if word_vectors is not None:
        return nn.Embedding(len(word_vectors), word_size, _weight=word_vectors.clone())
    assert feature_size is not None
    return nn.Linear(feature_size, word_size)
