from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.config import TrainingConfig
from trajvqa.training.order import epoch_order

counts, sizes, steps, seeds = st.integers(1, 200), st.integers(1, 20), st.integers(1, 8), st.integers(0, 5)


def config(batch_size: int, bucket_steps: int, seed: int = 0) -> TrainingConfig:
    return TrainingConfig(batch_size=batch_size, bucket_steps=bucket_steps, seed=seed)


def lengths(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(3, 30, size=count)


@given(counts, sizes, steps, seeds)
def test_each_question_is_in_one_step(count, batch_size, bucket_steps, seed):
    order = epoch_order(lengths(count), config(batch_size, bucket_steps, seed), 1)
    assert sorted(np.concatenate(order).tolist()) == list(range(count))
    assert sorted(map(len, order))[1:] == [batch_size] * (len(order) - 1)


@given(counts, sizes, steps, seeds)
def test_seed_and_epoch_decide(count, batch_size, bucket_steps, seed):
    chosen = config(batch_size, bucket_steps, seed)
    one, other = (epoch_order(lengths(count), chosen, 3) for _ in range(2))
    assert all(map(np.array_equal, one, other))


@pytest.mark.parametrize("bucket_steps", [1, 8])
def test_each_epoch_has_an_order_of_its_own(bucket_steps):
    one, other = (np.concatenate(epoch_order(lengths(200), config(8, bucket_steps), epoch)) for epoch in (1, 2))
    assert not np.array_equal(one, other)


def test_the_questions_of_a_step_have_similar_lengths():
    many = lengths(4000)

    def spread(bucket_steps: int) -> float:
        return float(np.mean([np.ptp(many[rows]) for rows in epoch_order(many, config(16, bucket_steps), 1)]))

    assert spread(8) < spread(1) / 4


def test_steps_are_not_sorted_by_length():
    many = lengths(4000)
    means = [many[rows].mean() for rows in epoch_order(many, config(16, 8), 1)]
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.2
