from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.question_examples import make_questions
from trajvqa.data.queries import BertQueries, EncodedQueries, WordQueries, query_tokens
from trajvqa.datasets.questions import Questions
from trajvqa.stores import BertFeatures
from trajvqa.text import Vocabulary

QUESTIONS = make_questions()
VOCABULARY = Vocabulary.from_tokens(
    query_tokens(text) for texts in (QUESTIONS.questions, *QUESTIONS.candidates) for text in texts
)


def read_words(words: np.ndarray, mask: np.ndarray) -> str:
    return " ".join(VOCABULARY.words[number] for number in words[mask])


def test_a_sentence_is_start_question_end_candidate_end():
    words, mask = WordQueries(QUESTIONS, VOCABULARY, 37).queries(np.array([1]), np.array([1]), np.array([2]))
    expected = f"<start> {QUESTIONS.questions[1]} <end> {QUESTIONS.candidates[1][2]} <end>"
    assert read_words(words[0].numpy(), mask[0].numpy()) == expected


def test_another_questions_candidate_follows_the_own_question():
    words, mask = WordQueries(QUESTIONS, VOCABULARY, 37).queries(np.array([0]), np.array([5]), np.array([3]))
    expected = f"<start> {QUESTIONS.questions[0]} <end> {QUESTIONS.candidates[5][3]} <end>"
    assert read_words(words[0].numpy(), mask[0].numpy()) == expected


def test_long_sentences_are_truncated():
    words, mask = WordQueries(QUESTIONS, VOCABULARY, 4).queries(np.arange(3), np.arange(3), np.zeros(3, np.int64))
    assert words.shape == (3, 4)
    assert mask.all()


def test_a_question_has_at_most_25_words():
    assert len(query_tokens("word " * 40)) == 25


@pytest.fixture
def bert(tmp_path: Path) -> tuple[BertQueries, np.ndarray]:
    values = np.random.Generator(np.random.PCG64(0)).standard_normal((len(QUESTIONS), 5, 12, 3)).astype(np.float32)
    values[:, :, 10:] = 0
    with h5py.File(tmp_path / "bert.h5", "w") as file:
        file["feat"] = values
    return BertQueries(QUESTIONS, BertFeatures(tmp_path / "bert.h5", len(QUESTIONS)), 37), values


def test_features_of_an_own_candidate_are_those_in_the_file(bert):
    queries, values = bert
    words, mask = queries.queries(np.array([2]), np.array([2]), np.array([4]))
    assert mask.sum() == 10
    np.testing.assert_array_equal(words[0], values[2, 4, :10])


def test_another_candidate_follows_the_mean_of_the_questions_own_features(bert):
    queries, values = bert
    words, _ = queries.queries(np.array([0]), np.array([7]), np.array([1]))
    question = len(query_tokens(QUESTIONS.questions[0])) + 2
    np.testing.assert_allclose(words[0, :question], values[0].mean(axis=0)[:question], rtol=1e-6)
    np.testing.assert_array_equal(words[0, question:], values[7, 1, question:10])


def test_own_candidates_follow_the_mean_of_the_question_too_if_asked_for(bert, tmp_path):
    _, values = bert
    features = BertFeatures(tmp_path / "bert.h5", len(QUESTIONS))
    queries = BertQueries(QUESTIONS, features, 37, mean_question=True)
    words, mask = queries.queries(np.array([2, 2, 7]), np.array([2, 2, 7]), np.array([4, 0, 1]))
    for index, (row, candidate) in enumerate([(2, 4), (2, 0), (7, 1)]):
        question = len(query_tokens(QUESTIONS.questions[row])) + 2
        np.testing.assert_allclose(words[index, :question], values[row].mean(axis=0)[:question], rtol=1e-6)
        np.testing.assert_array_equal(words[index, question:], values[row, candidate, question:10])
    assert mask.all()


def test_sentences_of_a_batch_are_padded_to_the_longest():
    questions = replace(QUESTIONS, questions=("why", *QUESTIONS.questions[1:]))
    words, mask = WordQueries(questions, VOCABULARY, 37).queries(np.arange(2), np.arange(2), np.zeros(2, np.int64))
    assert words.shape[1] == mask.sum(dim=1).max()
    assert (words[~mask] == 0).all()


class CountingEncoder:
    """Stands for a model: the features of a token are its number in the text and the length of the text."""

    size = 2

    def encode(self, texts, following=None):
        lengths = [len(f"{first} {second}".split()) for first, second in zip(texts, following, strict=True)]
        features = np.zeros((len(texts), max(lengths), 2), np.float32)
        for row, length in enumerate(lengths):
            features[row, :length] = [(place + 1, length) for place in range(length)]
        return features, features[:, :, 0] > 0


def test_text_is_encoded_when_it_is_read_also_with_another_questions_candidate():
    asked = Questions.asked("v", "what is it", ["a big dog", "cats"])
    queries = EncodedQueries(asked, CountingEncoder(), max_words=5)
    words, mask = queries.queries(np.array([0, 0]), np.array([0, 0]), np.array([1, 0]))
    assert words[:, 0, 1].tolist() == [4, 6]
    assert mask.sum(dim=1).tolist() == [4, 5]


def test_the_question_of_encoded_text_is_averaged_over_its_candidates_if_asked_for():
    asked = Questions.asked("v", "what is it", ["a big dog", "cats"])
    queries = EncodedQueries(asked, CountingEncoder(), max_words=9, mean_question=True)
    words, mask = queries.queries(np.array([0, 0]), np.array([0, 0]), np.array([1, 0]))
    plain, _ = EncodedQueries(asked, CountingEncoder(), max_words=9).queries(
        np.array([0, 0]), np.array([0, 0]), np.array([1, 0])
    )
    # Three words and two marks; the shorter sentence has only four tokens.
    assert words[:, :3, 1].tolist() == [[5, 5, 5], [5, 5, 5]]
    np.testing.assert_array_equal(words[:, 5:], plain[:, 5:])
    assert mask.sum(dim=1).tolist() == [4, 6]
    assert (words[~mask] == 0).all()


def test_words_are_those_that_are_read_and_unknown_ones_are_named():
    vocabulary = Vocabulary.from_tokens([["what", "is", "dog"]])
    asked = Questions.asked("v", "What is it?", ["a dog", "zebra"])
    queries = WordQueries(asked, vocabulary, max_words=7)
    assert queries.tokens(0, 0) == ("<start>", "what", "is", "it", "?", "<end>", "a")
    assert queries.tokens(0, 1) == ("<start>", "what", "is", "it", "?", "<end>", "zebra")
    assert queries.unknown_words(0) == ("it", "?", "a", "zebra")
    assert queries.queries(np.array([0]), np.array([0]), np.array([1]))[0].shape == (1, 7)
