from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trajvqa.evaluation.attended_spans import Moments, attended_span, equal_parts, sampled_frames, spread_over_time


def seconds(*attention: float) -> tuple[float, float]:
    """Return the span of attention to frames one second apart."""
    return attended_span(np.array(attention, float), sampled_frames(np.arange(len(attention), dtype=float)))


def plain_span(attention: np.ndarray, times: np.ndarray) -> tuple[float, float]:
    """Walk from the peak to both sides, one moment after the other."""
    scaled = (attention - attention.min()) / (attention.max() - attention.min() + 1e-12)
    peak, mean = int(np.argmax(scaled)), scaled.mean()
    reached = [peak]
    for step in (-1, 1):
        index = peak + step
        while 0 < index < len(times):
            distance = abs(times[peak] - times[index])
            if scaled[index] / (1 + distance / 10) >= mean + 0.3 * mean:
                reached.append(index)
            elif distance > 10:
                break
            index += step
    return float(times[min(reached)]), float(times[max(reached)])


@given(st.data(), st.integers(1, 40))
def test_the_span_is_that_of_a_walk_from_the_peak(data, count):
    attention = data.draw(arrays(np.float64, count, elements=st.integers(0, 8).map(float)))
    times = np.cumsum(data.draw(arrays(np.float64, count, elements=st.floats(0, 4))))
    assert attended_span(attention, sampled_frames(times)) == plain_span(attention, times)


def test_strong_neighbours_of_the_peak_belong():
    assert seconds(0, 0, 0, 9, 10, 9, 0, 0, 0, 0) == (3, 5)


def test_a_peak_alone_has_no_length():
    assert seconds(0, 0, 0, 0, 10, 0, 0, 0, 0, 0) == (4, 4)


def test_a_second_peak_belongs_if_it_is_near_and_not_if_it_is_far():
    near, far = np.zeros(60), np.zeros(60)
    near[[20, 26]] = far[[20, 45]] = 1
    assert seconds(*near) == (20, 26)
    assert seconds(*far) == (20, 20)


def test_attention_counts_half_at_ten_seconds():
    attention = np.zeros(30)
    attention[5], attention[15] = 1, 0.2
    assert seconds(*attention) == (5, 15)  # 0.2 / 2 against 1.3 * 1.2 / 30 = 0.052
    attention[15] = 0.1
    assert seconds(*attention) == (5, 15)  # 0.05 against 1.3 * 1.1 / 30 = 0.0477
    attention[15] = 0.09
    assert seconds(*attention) == (5, 5)  # 0.045 against 1.3 * 1.09 / 30 = 0.0472


def test_the_first_moment_belongs_only_as_the_peak():
    assert seconds(9, 9, 10, 9, 0, 0, 0, 0, 0, 0) == (1, 3)
    assert seconds(10, 9, 9, 0, 0, 0, 0, 0, 0, 0) == (0, 2)


def test_equal_attention_is_the_whole_video():
    assert attended_span(np.full(8, 0.125), equal_parts(40.0, 8)) == (0, 40)


def test_parts_of_the_video_have_a_length():
    attention = np.array([0, 0, 0, 1, 0, 0, 0, 0.0])
    assert attended_span(attention, equal_parts(40.0, 8)) == (15, 20)
    assert attended_span(attention, Moments(np.arange(8.0), np.arange(8.0) - 0.5, np.arange(8.0) + 0.25)) == (2.5, 3.25)


def test_equal_parts_meet_and_fill_the_video():
    parts = equal_parts(34.0)
    assert len(parts) == 32
    assert (parts.starts[0], parts.ends[-1]) == (0, 34)
    np.testing.assert_array_equal(parts.starts[1:], parts.ends[:-1])
    np.testing.assert_allclose(parts.times, (parts.starts + parts.ends) / 2)


@pytest.mark.parametrize(
    ("span", "parts"),
    [
        ((0, 1), [0.25, 0.25, 0.25, 0.25]),
        ((0.25, 0.75), [0, 0.5, 0.5, 0]),
        ((0.125, 0.375), [0.5, 0.5, 0, 0]),
        ((0.6, 0.6), [0, 0, 1, 0]),
        ((0, 0), [1, 0, 0, 0]),
        ((1, 1), [0, 0, 0, 1]),
    ],
)
def test_a_weight_is_spread_evenly_over_its_time(span, parts):
    np.testing.assert_allclose(spread_over_time(np.ones(1), np.array([span]), 4), parts, atol=1e-9)


def test_clips_as_many_as_moments_stay_as_they_are():
    weights = np.array([0.1, 0.4, 0.3, 0.2])
    edges = np.arange(5) / 4
    spans = np.stack([edges[:-1], edges[1:]], axis=1)
    np.testing.assert_allclose(spread_over_time(weights, spans, 4), weights, rtol=1e-12)
    np.testing.assert_allclose(spread_over_time(weights, spans, 8), np.repeat(weights / 2, 2), rtol=1e-12)


@given(st.data(), st.integers(0, 5), st.integers(1, 9))
def test_no_weight_is_lost(data, count, parts):
    shares = st.floats(0, 1, width=32)
    weights = data.draw(arrays(np.float64, count, elements=shares))
    spans = np.sort(data.draw(arrays(np.float32, (count, 2), elements=shares)), axis=1)
    spread = spread_over_time(weights, spans, parts)
    assert spread.shape == (parts,)
    assert spread.min() >= 0
    np.testing.assert_allclose(spread.sum(), weights.sum(), atol=1e-6)
