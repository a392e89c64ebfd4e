from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.layers.sentences import Forest, forest_of, shared_sentences


def padded(*questions: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(1, *(len(sentence) for each in questions for sentence in each))
    words = [[sentence + [0] * (longest - len(sentence)) for sentence in each] for each in questions]
    mask = [[[True] * len(sentence) + [False] * (longest - len(sentence)) for sentence in each] for each in questions]
    return torch.tensor(words), torch.tensor(mask)


def paths(forest: Forest, words: torch.Tensor) -> list[tuple[int, ...]]:
    """Return the words on the path to each item."""
    number = words.flatten().numpy()
    found: list[tuple[int, ...]] = []
    for size, parents in zip(forest.sizes, forest.parents, strict=True):
        before = [()] * size if parents is None else [found[parent] for parent in parents.tolist()]
        first = forest.first[len(found) : len(found) + size]
        found += [(*path, int(number[index])) for path, index in zip(before, first, strict=True)]
    return found


def test_equal_beginnings_are_one_path():
    words, mask = padded([[1, 2, 3], [1, 2, 4], [1, 5]])
    forest = forest_of(words, mask)
    assert forest.sizes == [1, 2, 2]
    assert sorted(paths(forest, words)) == [(1,), (1, 2), (1, 2, 3), (1, 2, 4), (1, 5)]


def test_other_questions_have_other_paths():
    assert forest_of(*padded([[1, 2]], [[1, 2]])).sizes == [2, 2]


def test_words_given_as_features_share_nothing():
    words, mask = padded([[1, 2, 3], [1, 2, 4]])
    assert forest_of(words.unsqueeze(-1).float(), mask).sizes == [2, 2, 2]


def test_equal_words_after_different_ones_are_two_items():
    assert forest_of(*padded([[1, 3], [2, 3]])).sizes == [2, 2]


sentences = st.lists(st.integers(1, 3), min_size=0, max_size=5)
batches = st.integers(1, 3).flatmap(
    lambda candidates: st.lists(st.lists(sentences, min_size=candidates, max_size=candidates), min_size=1, max_size=3)
)


@given(batches)
def test_spread_items_are_the_words_of_each_sentence(questions):
    words, mask = padded(*questions)
    forest = forest_of(words, mask)
    found = paths(forest, words)
    assert len(set(zip(found, forest.first // words[0].numel(), strict=True))) == len(found)
    # The state of an item is the sum of its path, in a base that tells paths apart.
    sums = [sum(word * 4**step for step, word in enumerate(path)) for path in found]
    states = torch.tensor(sums, dtype=torch.float64)
    encoded = shared_sentences(states.reshape(-1, 1), forest)
    expected = (words * mask * 4 ** torch.arange(words.shape[2])).cumsum(dim=2) * mask
    spread = encoded.spread(encoded.nodes).squeeze(-1)
    assert torch.equal(spread, expected.double())
    assert torch.equal(encoded.last.squeeze(-1), expected.amax(dim=2).double())
    assert torch.equal(encoded.mask.sum(dim=2), mask.sum(dim=2))
