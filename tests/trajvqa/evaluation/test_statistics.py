from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajvqa.evaluation import statistics as evaluation_statistics
from trajvqa.evaluation.statistics import bootstrap_interval, difference_interval, mcnemar, mean_interval, p_text

ROWS = st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abcdefg")), min_size=1, max_size=40)


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def columns(rows: list[tuple[bool, bool, str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    right, other, videos = zip(*rows, strict=True)
    return np.array(right), np.array(other), list(videos)


def discordant(only_first: int, only_second: int, both: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of answers: some correct in one only, and `both` of them each correct in both and in neither."""
    total = only_first + only_second + 2 * both
    first, second = np.zeros((2, total), bool)
    first[:only_first] = True
    second[only_first : only_first + only_second] = True
    first[total - both :] = second[total - both :] = True
    return first, second


@settings(max_examples=50)
@given(ROWS, st.integers(0, 1000))
def test_the_interval_holds_the_means_of_drawn_videos(rows, seed):
    right, _, videos = columns(rows)
    names = sorted(set(videos))
    means = []
    for drawn in generator(seed).integers(len(names), size=(20, len(names))):
        values = [value for place in drawn for value, video in zip(right, videos, strict=True) if video == names[place]]
        means.append(sum(values) / len(values))
    expected = np.quantile(means, [0.1, 0.9])
    assert bootstrap_interval(right, videos, seed, 20, 0.8) == pytest.approx(tuple(expected), abs=1e-12)


@settings(max_examples=50)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_questions_changes_nothing(rows, rng):
    shuffled = list(rows)
    rng.shuffle(shuffled)
    (right, other, videos), (right2, other2, videos2) = columns(rows), columns(shuffled)
    assert bootstrap_interval(right, videos, 1, 50) == bootstrap_interval(right2, videos2, 1, 50)
    assert difference_interval(right, other, videos, 1, 50) == difference_interval(right2, other2, videos2, 1, 50)
    assert mcnemar(right, other) == mcnemar(right2, other2)


@settings(max_examples=50)
@given(ROWS)
def test_swapping_the_two_negates_the_difference(rows):
    right, other, videos = columns(rows)
    low, high = difference_interval(right, other, videos, 1, 50)
    assert difference_interval(other, right, videos, 1, 50) == pytest.approx((-high, -low), abs=1e-12)


@given(ROWS)
def test_the_difference_from_no_correct_answer_is_the_accuracy(rows):
    right, _, videos = columns(rows)
    nothing = np.zeros_like(right)
    assert difference_interval(right, nothing, videos, 3, 30) == bootstrap_interval(right, videos, 3, 30)


def test_the_same_answers_do_not_differ():
    right = generator(0).random(60) < 0.5
    assert difference_interval(right, right, [str(row % 9) for row in range(60)]) == (0.0, 0.0)


def test_a_paired_difference_has_a_narrower_interval_than_the_accuracies():
    rng = generator(1)
    right = rng.random(600) < 0.5
    other = right & (rng.random(600) < 0.95)
    videos = [str(row // 6) for row in range(600)]
    accuracy = np.ptp(bootstrap_interval(right, videos))
    assert np.ptp(difference_interval(right, other, videos)) < 0.6 * accuracy


def test_videos_that_are_answered_as_a_whole_widen_the_interval():
    right = np.repeat(generator(2).random(100) < 0.5, 8)
    by_video = np.ptp(bootstrap_interval(right, [str(row // 8) for row in range(800)]))
    by_question = np.ptp(bootstrap_interval(right, [str(row) for row in range(800)]))
    assert 2.4 < by_video / by_question < 3.3  # √8 = 2.83


def test_the_interval_holds_the_true_accuracy_as_often_as_its_level_says():
    rng, held = generator(3), 0
    videos = [str(row // 5) for row in range(300)]
    for trial in range(300):
        # Half of the videos are easy, so that their questions go together; the accuracy is 0.6.
        easy = rng.random(60) < 0.5
        right = rng.random(300) < np.repeat(np.where(easy, 0.9, 0.3), 5)
        low, high = bootstrap_interval(right, videos, trial, 300)
        held += low <= 0.6 <= high
    assert 0.90 <= held / 300 <= 0.98


def test_a_higher_level_makes_a_wider_interval():
    right = generator(4).random(200) < 0.5
    videos = [str(row // 4) for row in range(200)]
    ends = [bootstrap_interval(right, videos, level=level) for level in (0.5, 0.9, 0.99)]
    assert ends[2][0] < ends[1][0] < ends[0][0] < right.mean() < ends[0][1] < ends[1][1] < ends[2][1]


def test_the_seed_decides_the_draws():
    right = generator(5).random(200) < 0.5
    videos = [str(row // 3) for row in range(200)]
    assert bootstrap_interval(right, videos, 7) == bootstrap_interval(right, videos, 7)
    assert bootstrap_interval(right, videos, 7) != bootstrap_interval(right, videos, 8)


def test_drawing_in_blocks_changes_nothing(monkeypatch):
    right = generator(6).random(90) < 0.5
    videos = [str(row // 3) for row in range(90)]
    whole = bootstrap_interval(right, videos, 0, 101)
    monkeypatch.setattr(evaluation_statistics, "_BLOCK", 70)
    assert bootstrap_interval(right, videos, 0, 101) == whole


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (3, 3, 1.0),
        (5, 0, 2 / 32),
        (1, 9, 2 * (1 + 10) / 1024),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (12, 3, 2 * (1 + 15 + 105 + 455) / 2**15),
    ],
)
def test_mcnemar_equals_binomial_tests_computed_by_hand(only_first, only_second, p):
    assert mcnemar(*discordant(only_first, only_second)) == pytest.approx(p, rel=1e-12)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_equals_exact_fractions(only_first, only_second):
    total, fewer = only_first + only_second, min(only_first, only_second)
    tail = Fraction(sum(comb(total, k) for k in range(fewer + 1)), 2**total)
    assert mcnemar(*discordant(only_first, only_second)) == pytest.approx(float(min(1, 2 * tail)), rel=1e-11)


@given(ROWS)
def test_mcnemar_is_symmetric(rows):
    right, other, _ = columns(rows)
    assert mcnemar(right, other) == mcnemar(other, right)


@pytest.mark.parametrize(("only_first", "only_second"), [(190, 33), (1998, 492), (49_700, 50_300), (50_000, 50_000)])
def test_mcnemar_equals_scipy_for_many_questions(only_first, only_second):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(only_first, only_first + only_second).pvalue
    assert mcnemar(*discordant(only_first, only_second)) == pytest.approx(expected, rel=1e-8)


def test_mcnemar_of_a_certain_difference_is_0():
    assert mcnemar(*discordant(5000, 10)) == 0.0


@pytest.mark.parametrize(
    ("right", "videos", "options", "message"),
    [
        (np.array([], bool), [], {}, r"right: found no questions, expected at least one"),
        (np.array([True]), ["a", "b"], {}, r"right: found shape \(1,\), expected \(2,\), one value for each question"),
        (np.ones((2, 1), bool), ["a", "b"], {}, r"right: found shape \(2, 1\), expected \(2,\)"),
        (np.array([True]), ["a"], {"resamples": 0}, r"resamples: found 0, expected at least 1"),
        (np.array([True]), ["a"], {"level": 1.0}, r"level: found 1\.0, expected a number above 0 and below 1"),
        (np.array([True]), ["a"], {"level": 0}, r"level: found 0, expected a number above 0 and below 1"),
    ],
)
def test_bad_arguments_of_an_interval_are_named(right, videos, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        bootstrap_interval(right, videos, **options)


def test_numbers_instead_of_booleans_are_named():
    right = np.array([True, False])
    for call in (
        lambda other: difference_interval(right, other, ["a", "b"]),
        lambda other: mcnemar(right, other),
    ):
        with pytest.raises(TypeError, match=r"^other: found int64, expected bool: whether each question is answered"):
            call(np.array([1, 0]))


def test_two_sets_of_answers_must_have_the_same_length():
    right = np.array([True, False])
    with pytest.raises(ValueError, match=r"^other: found shape \(1,\), expected \(2,\), one value for each question$"):
        difference_interval(right, right[:1], ["a", "b"])
    with pytest.raises(ValueError, match=r"^other: found shape \(1,\), expected \(2,\), one value for each question$"):
        mcnemar(right, right[:1])
    with pytest.raises(ValueError, match=r"^right: found no questions, expected at least one$"):
        mcnemar(right[:0], right[:0])


@pytest.mark.parametrize(("p", "text"), [(1.0, "= 1"), (0.0123, "= 0.012"), (1e-299, "= 1e-299"), (0.0, "< 1e-300")])
def test_p_is_never_shown_as_0(p, text):
    assert p_text(p) == text


@pytest.mark.parametrize(
    ("count", "quantile"), [(2, 12.7062), (3, 4.3027), (4, 3.1824), (5, 2.7764), (10, 2.2622), (31, 2.0423)]
)
def test_the_interval_of_a_mean_is_students(count, quantile):
    values = [float(each) for each in range(count)]
    low, high = mean_interval(values)
    deviation = np.std(values, ddof=1) / np.sqrt(count)
    assert (high + low) / 2 == pytest.approx(np.mean(values))
    assert (high - low) / 2 == pytest.approx(quantile * deviation, rel=2e-5)


def test_the_mean_of_equal_values_has_no_width():
    assert mean_interval([40.0, 40.0, 40.0]) == (40.0, 40.0)


def test_the_interval_of_a_mean_needs_two_values():
    with pytest.raises(ValueError, match="values: found 1, expected at least 2"):
        mean_interval([40.0])
