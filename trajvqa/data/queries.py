"""Text of questions with candidates, as word IDs or as features of a language model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trajvqa.datasets.questions import Questions
from trajvqa.stores import BertFeatures
from trajvqa.text import Vocabulary, tokenize
from trajvqa.text.encoders import TextEncoder

__all__ = ["BertQueries", "EncodedQueries", "WordQueries", "query_tokens"]

_MAX_PART = 25
"""Maximum number of words of a question or candidate, as in NExT-QA's code."""


def query_tokens(text: str) -> list[str]:
    """Return the words of a question or candidate, cut to 25 as in NExT-QA's code."""
    return tokenize(text)[:_MAX_PART]


class WordQueries:
    """``<start> question <end> candidate <end>`` as word IDs.

    Parameters
    ----------
    questions
        The questions of a split.
    vocabulary
        The vocabulary of the model.
    max_words
        Maximum number of words; longer sequences are cut.
    """

    def __init__(self, questions: Questions, vocabulary: Vocabulary, max_words: int) -> None:
        start, end = vocabulary.encode(["<start>"]), vocabulary.encode(["<end>"])
        self._max_words = max_words
        self._source = questions
        self._vocabulary = frozenset(vocabulary.words)
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
        """Return word IDs (n, L) and their mask; see `trajvqa.data.batches.QueryText`."""
        sentences = [
            np.concatenate([self._questions[question], self._candidates[answer][candidate]])[: self._max_words]
            for question, answer, candidate in zip(question_rows, answer_rows, candidates, strict=True)
        ]
        return _padded(sentences, np.int64)

    def tokens(self, row: int, candidate: int) -> tuple[str, ...]:
        """Return the words of a question with one of its candidates, also those that the vocabulary lacks."""
        asked, offered = (query_tokens(text) for text in self._texts(row, candidate))
        return ("<start>", *asked, "<end>", *offered, "<end>")[: self._max_words]

    def unknown_words(self, row: int) -> tuple[str, ...]:
        """Return the words of a question and its candidates that the vocabulary lacks, each once."""
        count = len(self._candidates[row])
        words = dict.fromkeys(word for candidate in range(count) for word in self.tokens(row, candidate))
        return tuple(word for word in words if word not in self._vocabulary)

    def _texts(self, row: int, candidate: int) -> tuple[str, str]:
        return self._source.questions[row], self._source.candidates[row][candidate]


class BertQueries:
    """``[CLS] question [SEP] candidate [SEP]`` as features of fine-tuned BERT.

    For a question with another question's candidate (the paper's a-*), the question part is averaged over the
    question's own candidates and followed by the candidate part of the other question's features. With `mean_question`,
    own candidates follow the mean, too.

    Parameters
    ----------
    questions
        The questions of a split.
    features
        Features of the same questions, row by row.
    max_words
        Maximum number of words; longer sequences are cut.
    mean_question
        Whether the question part is averaged for own candidates, too.
    """

    def __init__(
        self, questions: Questions, features: BertFeatures, max_words: int, mean_question: bool = False
    ) -> None:
        self._features = features
        self._max_words = max_words
        self._mean_question = mean_question
        self._question_lengths = np.array([_question_length(text) for text in questions.questions], np.int64)
        self._candidates = np.array([len(candidates) for candidates in questions.candidates], np.int64)

    def queries(
        self, question_rows: NDArray[np.int64], answer_rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[Tensor, Tensor]:
        """Return features (n, L, S) and their mask; see `trajvqa.data.batches.QueryText`."""
        values, lengths = self._features.read(answer_rows, candidates)
        sentences = [value[:length] for value, length in zip(values, lengths, strict=True)]
        means: dict[int, NDArray[np.float32]] = {}
        for index in np.flatnonzero((question_rows != answer_rows) | self._mean_question):
            question_row, answer_row = int(question_rows[index]), int(answer_rows[index])
            if question_row not in means:
                means[question_row] = self._mean_of_question(question_row)
            candidate = sentences[index][self._question_lengths[answer_row] :]
            sentences[index] = np.concatenate([means[question_row], candidate])
        return _padded([sentence[: self._max_words] for sentence in sentences], np.float32)

    def tokens(self, row: int, candidate: int) -> None:
        """Return None: the file of features does not say which tokens they are of."""

    def _mean_of_question(self, row: int) -> NDArray[np.float32]:
        count = int(self._candidates[row])
        values, _ = self._features.read(np.full(count, row), np.arange(count))
        mean: NDArray[np.float32] = values.mean(axis=0)
        return mean[: self._question_lengths[row]]


class EncodedQueries:
    """Question and candidate as features that a model of text computes when they are read.

    Parameters
    ----------
    questions
        The questions.
    encoder
        The model of text.
    max_words
        Maximum number of tokens; longer sequences are cut.
    mean_question
        Whether the question part is averaged over the question's candidates, as by `BertQueries`.
    """

    def __init__(self, questions: Questions, encoder: TextEncoder, max_words: int, mean_question: bool = False) -> None:
        self._questions = questions
        self._encoder = encoder
        self._max_words = max_words
        self._mean_question = mean_question

    def queries(
        self, question_rows: NDArray[np.int64], answer_rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[Tensor, Tensor]:
        """Return features (n, L, S) and their mask; see `trajvqa.data.batches.QueryText`."""
        asked = [self._questions.questions[row] for row in question_rows]
        offered = [
            self._questions.candidates[row][candidate] for row, candidate in zip(answer_rows, candidates, strict=True)
        ]
        features, mask = self._encoder.encode(asked, offered)
        if self._mean_question:
            for row in np.unique(question_rows):
                text, own = self._questions.questions[row], self._questions.candidates[row]
                length = _question_length(text)
                values, _ = self._encoder.encode([text] * len(own), own)
                features[question_rows == row, :length] = values[:, :length].mean(axis=0)
            features[~mask] = 0
        return torch.from_numpy(features[:, : self._max_words]), torch.from_numpy(mask[:, : self._max_words])

    def tokens(self, row: int, candidate: int) -> tuple[str, ...]:
        """Return the tokens of a question with one of its candidates."""
        text, following = self._questions.questions[row], self._questions.candidates[row][candidate]
        return self._encoder.tokens(text, following)[: self._max_words]


def _question_length(text: str) -> int:
    """Return the number of words of a question with its two marks.

    An estimate for BERT: files of features do not say where the question ends, and BERT's tokens are not our words.
    """
    return len(query_tokens(text)) + 2


def _padded(sentences: Sequence[NDArray[np.generic]], dtype: type[np.generic]) -> tuple[Tensor, Tensor]:
    """Return n sequences (l, ...) as one zero-padded array (n, L, ...), and the mask (n, L) of their words."""
    lengths = np.array([len(sentence) for sentence in sentences])
    padded = np.zeros((len(sentences), int(lengths.max()), *sentences[0].shape[1:]), dtype)
    for index, sentence in enumerate(sentences):
        padded[index, : len(sentence)] = sentence
    mask = np.arange(padded.shape[1]) < lengths[:, None]
    return torch.from_numpy(padded), torch.from_numpy(mask)
