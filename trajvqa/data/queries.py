"""Questions with candidates as words, or as features of a language model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trajvqa.datasets.questions import Questions
from trajvqa.stores.bert_features import BertFeatures
from trajvqa.text.tokenizer import tokenize
from trajvqa.text.vocabulary import Vocabulary

__all__ = ["BertQueries", "WordQueries", "query_tokens"]

_MAX_PART = 25
"""Words of a question or candidate that NExT-QA's code keeps."""


def query_tokens(text: str) -> list[str]:
    """Return the words of a question or of a candidate, at most 25, as NExT-QA's code keeps them."""
    return tokenize(text)[:_MAX_PART]


class WordQueries:
    """``<start> question <end> candidate <end>`` as word numbers.

    Parameters
    ----------
    questions
        The questions of a split.
    vocabulary
        Gives words their numbers.
    max_words
        Longer sentences are cut off.
    """

    def __init__(self, questions: Questions, vocabulary: Vocabulary, max_words: int) -> None:
        start, end = vocabulary.encode(["<start>"]), vocabulary.encode(["<end>"])
        self._max_words = max_words
        self._questions = [
            np.concatenate([start, vocabulary.encode(query_tokens(text)), end]) for text in questions.questions
        ]
        self._candidates = [
            [np.concatenate([vocabulary.encode(query_tokens(text)), end]) for text in candidates]
            for candidates in questions.candidates
        ]

    def queries(
        self, question_rows: NDArray[np.int64], answer_rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[Tensor, Tensor]:
        """Return word numbers (n, L) and their mask, as `trajvqa.data.batches.QueryText` says."""
        sentences = [
            np.concatenate([self._questions[question], self._candidates[answer][candidate]])[: self._max_words]
            for question, answer, candidate in zip(question_rows, answer_rows, candidates, strict=True)
        ]
        return _padded(sentences, np.int64)


class BertQueries:
    """``[CLS] question [SEP] candidate [SEP]`` as features of fine-tuned BERT.

    A candidate of another question behind the own one (the paper's a-*) has the question part averaged over the
    question's own candidates, then the other's candidate part.

    Parameters
    ----------
    questions
        The questions of a split.
    features
        Of the same questions, row by row.
    max_words
        Longer sentences are cut off.
    """

    def __init__(self, questions: Questions, features: BertFeatures, max_words: int) -> None:
        self._features = features
        self._max_words = max_words
        # The file does not say where the question ends, and BERT splits words in its own way: an estimate.
        self._question_lengths = np.array([len(query_tokens(text)) + 2 for text in questions.questions], np.int64)
        self._candidates = np.array([len(candidates) for candidates in questions.candidates], np.int64)

    def queries(
        self, question_rows: NDArray[np.int64], answer_rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[Tensor, Tensor]:
        """Return features (n, L, S) and their mask, as `trajvqa.data.batches.QueryText` says."""
        values, lengths = self._features.read(answer_rows, candidates)
        sentences = [value[:length] for value, length in zip(values, lengths, strict=True)]
        for place in np.flatnonzero(question_rows != answer_rows):
            asked, answered = self._question_lengths[question_rows[place]], self._question_lengths[answer_rows[place]]
            question = self._mean_question(question_rows[place])[:asked]
            sentences[place] = np.concatenate([question, sentences[place][answered:]])
        return _padded([sentence[: self._max_words] for sentence in sentences], np.float32)

    def _mean_question(self, row: np.int64) -> NDArray[np.float32]:
        count = int(self._candidates[row])
        values, _ = self._features.read(np.full(count, row), np.arange(count))
        mean: NDArray[np.float32] = values.mean(axis=0)
        return mean


def _padded(sentences: Sequence[NDArray[np.generic]], dtype: type[np.generic]) -> tuple[Tensor, Tensor]:
    """Return sentences (l, ...) as one array (n, L, ...), zero behind their ends, and where their words are."""
    lengths = np.array([len(sentence) for sentence in sentences])
    padded = np.zeros((len(sentences), int(lengths.max()), *sentences[0].shape[1:]), dtype)
    for place, sentence in enumerate(sentences):
        padded[place, : len(sentence)] = sentence
    mask = np.arange(padded.shape[1]) < lengths[:, None]
    return torch.from_numpy(padded), torch.from_numpy(mask)
