"""The words of a question's candidates, with what the sentences begin with in common held once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Forest", "Sentences", "forest_of", "shared_sentences"]

_PIECE = 32


@dataclass(frozen=True, eq=False)
class Forest:
    """The words of a batch as trees: a word's parent is the one before it, and equal beginnings are one path."""

    first: NDArray[np.int64]
    """(n,) index, among all B * C * L, of a word that each item stands for; level by level from the roots."""
    sizes: list[int]
    """Number of items of each level."""
    parents: list[Tensor | None]
    """Item before each item of a level; None for the first words."""
    items: NDArray[np.int64]
    """(B, C, L) item of each word; -1 in padding."""


def forest_of(words: Tensor, mask: Tensor) -> Forest:
    """Return the trees of the words of B questions with C candidates.

    Only sentences of the same question share items. Words given as features share none, since a language model computes
    other features of the same question for each candidate.

    Parameters
    ----------
    words
        (B, C, L) word numbers, or (B, C, L, S) features.
    mask
        (B, C, L) bool, true for words, which come first in each row.
    """
    there = mask.numpy()
    questions, candidates, length = there.shape
    count = questions * candidates
    there = there.reshape(count, length)
    numbers = words.reshape(count, length).numpy() if words.ndim == 3 else None
    items = np.full((count, length), -1, np.int64)
    above = np.repeat(np.arange(questions), candidates)
    first, sizes, parents = [], [], []
    begin = 0
    for step in range(length):
        rows = np.flatnonzero(there[:, step])
        if not len(rows):
            break
        if numbers is None:
            where, item = np.arange(len(rows)), np.arange(len(rows))
        else:
            # Words and items are far below 2**31.
            _, where, item = np.unique(above[rows] << 32 | numbers[rows, step], return_index=True, return_inverse=True)
        first.append(rows[where] * length + step)
        parents.append(torch.from_numpy(above[rows[where]]) if step else None)
        items[rows, step] = above[rows] = item + begin
        sizes.append(len(where))
        begin += len(where)
    return Forest(
        np.concatenate([np.zeros(0, np.int64), *first]), sizes, parents, items.reshape(questions, candidates, length)
    )


@dataclass(frozen=True, eq=False)
class Sentences:
    """Encoded words of B questions with C candidates.

    The nodes of a question are either those of each candidate by itself, (B, C, L, d), or U nodes (B, 1, U, d) that
    candidates have in common; then `places` says which of them are the words of a sentence.
    """

    nodes: Tensor
    """(B, C, L, d) or (B, 1, U, d) encoded words; 0 in padding."""
    mask: Tensor
    """(B, C, L) or (B, C, U) bool, whether a node is a word of a candidate's sentence."""
    words: Tensor
    """(B, C, L) bool, true for words, false for padding."""
    last: Tensor
    """(B, C, d) encoded last word of each sentence."""
    places: Tensor | None = None
    """(B, C, L, U) 1 where a word of a sentence is a node, 0 elsewhere and in padding; None for nodes of their own."""

    def spread(self, nodes: Tensor) -> Tensor:
        """Return values (B, C, L, k) of the words of each sentence for values of the nodes."""
        if self.places is None:
            return nodes
        # A product with ones and zeros copies rows, and so does its gradient, without a loop over them.
        rows = self.places.to(nodes.dtype).flatten(1, 2) @ nodes.squeeze(1)
        return rows.view(*self.places.shape[:3], -1)

    def pieces(self) -> Iterator[tuple[slice, Sentences]]:
        """Yield the sentences of a few questions at a time, with their rows, and no more padding than they need.

        On a processor, the nodes of a few questions stay in its cache from one operation to the next. Elsewhere, there
        is one piece with all questions.
        """
        count = len(self.words)
        if self.nodes.device.type != "cpu" or torch.compiler.is_compiling():
            yield slice(0, count), self
            return
        for begin in range(0, count, _PIECE):
            rows = slice(begin, min(begin + _PIECE, count))
            length = _longest(self.words[rows])
            width = _longest(self.mask[rows].any(dim=1))
            yield (
                rows,
                Sentences(
                    self.nodes[rows, :, :width],
                    self.mask[rows, :, :width],
                    self.words[rows, :, :length],
                    self.last[rows],
                    None if self.places is None else self.places[rows, :, :length, :width],
                ),
            )


def _longest(mask: Tensor) -> int:
    """Return the greatest number of leading true values in the rows (..., n) of a mask, or 1 if there are none."""
    return max(int(mask.sum(dim=-1).max()), 1)


def shared_sentences(states: Tensor, forest: Forest) -> Sentences:
    """Return the sentences of a batch from states (n, d) of the items of its trees."""
    questions, candidates, length = forest.items.shape
    question = forest.first // (candidates * length)
    order = np.argsort(question, kind="stable")
    counts = np.bincount(question, minlength=questions)
    slots = np.empty_like(order)
    slots[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = max(int(counts.max()), 1)
    rows = np.full((questions, width), len(order))
    rows[question, slots] = np.arange(len(order))
    there = forest.items >= 0
    place = np.where(there, np.append(slots, -1)[forest.items], -1)
    places = torch.from_numpy(place[..., None] == np.arange(width))
    ends = np.where(there.any(axis=2), forest.items.max(axis=2), len(order))
    padded = torch.cat([states, states.new_zeros(1, states.shape[1])])
    nodes = padded.index_select(0, torch.from_numpy(rows.ravel())).view(questions, 1, width, -1)
    last = padded.index_select(0, torch.from_numpy(ends.ravel())).view(questions, candidates, -1)
    return Sentences(nodes, places.any(dim=2), torch.from_numpy(there), last, places.to(states.dtype))
