from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajtrack.decoding import Frame, Sampling


def frames_at(times):
    return [Frame(index, Fraction(time), lambda: np.empty((0, 0, 3), np.uint8)) for index, time in enumerate(times)]


def chosen(sampling, times):
    return [frame.index for frame in sampling.choose(frames_at(times))]


def at_rate(rate, count):
    return [Fraction(k, rate) for k in range(count)]


def rounded(times):
    """Return times in milliseconds, as Matroska stores them."""
    return [Fraction(round(1000 * time), 1000) for time in times]


def test_every_frame_is_taken_by_default():
    assert chosen(Sampling(), at_rate(25, 10)) == list(range(10))


@pytest.mark.parametrize("times", [at_rate(30, 61), rounded(at_rate(30, 61))], ids=["exact", "milliseconds"])
@pytest.mark.parametrize(("fps", "step"), [(30, 1), (15, 2), (10, 3), (1, 30)])
def test_a_rate_that_divides_that_of_the_video_takes_every_so_many_frames(times, fps, step):
    assert chosen(Sampling(fps=fps), times) == list(range(0, 61, step))


def test_the_frame_nearest_to_each_instant_is_taken():
    times = [0, Fraction("0.9"), Fraction("1.2"), Fraction("1.9"), Fraction("4.1")]
    assert chosen(Sampling(fps=1), times) == [0, 1, 3, 4]


def test_of_two_frames_equally_near_the_earlier_is_taken():
    assert chosen(Sampling(fps=1), [0, Fraction("0.8"), Fraction("1.2")]) == [0, 1]


@pytest.mark.parametrize("fps", [25, 60, 1e8])
def test_a_rate_above_that_of_the_video_takes_every_frame_once(fps):
    assert chosen(Sampling(fps=fps), at_rate(25, 10)) == list(range(10))


def test_start_is_included_and_end_is_not():
    assert chosen(Sampling(start=0.2, end=0.4), at_rate(10, 10)) == [2, 3]


def test_instants_count_from_the_start():
    assert chosen(Sampling(fps=2, start=0.2), at_rate(10, 20)) == [2, 7, 12, 17]


def test_no_frame_after_the_end_is_read():
    frames = iter(frames_at(at_rate(10, 10)))
    list(Sampling(end=0.3).choose(frames))
    assert next(frames).index == 4


@given(
    st.lists(st.fractions(0, 20, max_denominator=1000), min_size=1, max_size=40, unique=True).map(sorted),
    st.sampled_from([0.3, 1, 2.5, 7, 30]),
)
def test_each_instant_of_the_video_has_its_nearest_frame(times, fps):
    times = [time - times[0] for time in times]
    found = chosen(Sampling(fps=fps), times)
    instants = [k / Fraction(str(fps)) for k in range(int(times[-1] * Fraction(str(fps))) + 1)]
    expected = {min(range(len(times)), key=lambda k: (abs(times[k] - instant), k)) for instant in instants}
    # The last frame may also stand for an instant just after it.
    assert sorted(expected) == [k for k in found if k in expected or k != len(times) - 1]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("fps", 0, "a number above 0"),
        ("fps", float("inf"), "a number above 0"),
        ("start", -1, "a number of at least 0"),
        ("start", float("nan"), "a number of at least 0"),
        ("end", 0, "a number above 0"),
    ],
)
def test_a_value_out_of_range_is_refused(name, value, expected):
    with pytest.raises(ValueError, match=rf"^{name}: found {value}, expected {expected}$"):
        Sampling(**{name: value})


def test_an_end_before_the_start_is_refused():
    with pytest.raises(ValueError, match=r"^end: found 2, expected a time after start=3$"):
        Sampling(start=3, end=2)


def test_words_are_refused():
    with pytest.raises(TypeError, match="fps"):
        Sampling(fps="five")
