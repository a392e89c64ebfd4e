"""HGA computed in the way of the public code, as a reference for the speed of training.

A re-implementation of what NExT-QA's public HGA computes and of how it does so, not that code: candidates are looped
over in Python, sentences are packed for one GRU and padded to the longest of the batch, attention and graph run over
the padding, six attention projections have dropout of their weights, the graph has three convolutions, BLOCK (1600
units in 20 chunks of rank 15) joins video and sentence and gives the score, and the loss is a double loop over
questions and candidates. It shows time and not accuracy.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, layer_norm, linear, normalize
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from trajvqa.data.batches import Batch, Inputs

__all__ = ["PublicHga", "looped_hinge_loss"]

_SIZE, _DROPOUT = 256, 0.3
_BLOCK_SIZE, _CHUNKS, _RANK = 1600, 20, 15


class PublicHga(nn.Module):
    def __init__(self, inputs: Inputs) -> None:
        super().__init__()
        if inputs.word_vectors is not None:
            self.embed: nn.Module = nn.Embedding.from_pretrained(inputs.word_vectors, freeze=False)
        else:
            assert inputs.text_size is not None
            self.embed = nn.Linear(inputs.text_size, 300)
        assert inputs.frame_size is not None
        self.project = nn.Linear(inputs.frame_size, _SIZE)
        self.video = nn.GRU(_SIZE, _SIZE, batch_first=True)
        self.words = nn.GRU(300, _SIZE, batch_first=True)
        self.attention = nn.ParameterList(torch.randn(_SIZE, _SIZE) / 16 for _ in range(6))
        self.adjacency = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(nn.Linear(_SIZE, _SIZE, bias=False)) for _ in range(2)
        )
        self.convolutions = nn.ModuleList(nn.Linear(_SIZE, _SIZE, bias=False) for _ in range(3))
        self.weigh = nn.Sequential(nn.Linear(_SIZE, _SIZE // 2), nn.Tanh(), nn.Linear(_SIZE // 2, 1))
        self.whole, self.score = Block(_SIZE), Block(1)

    def forward(self, batch: Batch) -> Tensor:
        assert batch.frames is not None
        clips, (video,) = self.video(dropout(torch.relu(self.project(batch.frames)), _DROPOUT, self.training))
        scores = [
            self.answer(clips, video, batch.words[:, candidate], batch.word_mask[:, candidate])
            for candidate in range(batch.words.shape[1])
        ]
        return torch.stack(scores, dim=1)

    def answer(self, clips: Tensor, video: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        embedded = dropout(self.embed(words), _DROPOUT, self.training)
        packed = pack_padded_sequence(embedded, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False)
        packed, (sentence,) = self.words(packed)
        states, _ = pad_packed_sequence(packed, batch_first=True)
        clips, states = layer_norm(clips, (_SIZE,)), layer_norm(states, (_SIZE,))
        weights = [dropout(weight, _DROPOUT, self.training) for weight in self.attention]
        clip_keys, word_keys, clip_values, word_values, clip_outputs, word_outputs = weights
        similarity = linear(clips, clip_keys) @ linear(states, word_keys).transpose(1, 2)
        mask = mask[:, None, : states.shape[1]]
        seen = linear(
            torch.softmax(similarity.masked_fill(~mask, -1e9), dim=2) @ linear(states, word_values), clip_outputs
        )
        said = linear(torch.softmax(similarity.transpose(1, 2), dim=2) @ linear(clips, clip_values), word_outputs)
        nodes = torch.cat([layer_norm(states + said, (_SIZE,)), layer_norm(clips + seen, (_SIZE,))], dim=1)
        hidden = nodes
        for layer in self.adjacency:
            hidden = torch.relu(layer(hidden))
        edges = hidden @ hidden.transpose(1, 2)
        for convolve in self.convolutions:
            nodes = dropout(torch.relu(layer_norm(edges @ convolve(nodes), (_SIZE,))), _DROPOUT, self.training)
        pooled = (torch.softmax(self.weigh(nodes), dim=-1) * nodes).sum(dim=1)
        score: Tensor = self.score(self.whole(sentence, video), pooled)
        return score.squeeze(-1)


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        width = _BLOCK_SIZE // _CHUNKS
        self.inputs = nn.ModuleList(nn.Linear(_SIZE, _BLOCK_SIZE) for _ in range(2))
        self.merges = nn.ModuleList(
            nn.ModuleList(nn.Linear(width, width * _RANK) for _ in range(_CHUNKS)) for _ in range(2)
        )
        self.output = nn.Linear(_BLOCK_SIZE, size)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        parts = [layer(each).chunk(_CHUNKS, -1) for layer, each in zip(self.inputs, (first, second), strict=True)]
        joined = []
        for one, other, merge_one, merge_other in zip(*parts, *self.merges, strict=True):
            merged = (merge_one(one) * merge_other(other)).unflatten(-1, (_RANK, -1)).sum(dim=1)
            joined.append(normalize(torch.sqrt(torch.relu(merged) + 1e-12) - torch.sqrt(torch.relu(-merged) + 1e-12)))
        output: Tensor = self.output(torch.cat(joined, dim=-1))
        return output


def looped_hinge_loss(scores: Tensor, answers: Tensor) -> Tensor:
    terms = []
    for row, answer in zip(scores, answers, strict=True):
        for candidate in range(len(row)):
            if candidate != int(answer):
                terms.append(torch.clamp(1 + row[candidate] - row[answer], min=0))
    return torch.stack(terms).mean()
