from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.training.losses import hinge_loss


@given(batch=st.integers(1, 6), candidates=st.integers(2, 15), seed=st.integers(0, 1000))
def test_it_equals_the_plain_double_loop(batch, candidates, seed):
    rng = torch.Generator().manual_seed(seed)
    scores = torch.randn(batch, candidates, generator=rng) * 2
    answers = torch.randint(candidates, (batch,), generator=rng)
    losses = [
        max(0.0, 1 + float(scores[i, j]) - float(scores[i, answers[i]]))
        for i in range(batch)
        for j in range(candidates)
        if j != answers[i]
    ]
    assert float(hinge_loss(scores, answers)) == pytest.approx(sum(losses) / len(losses), abs=1e-5)


def test_a_margin_of_one_costs_nothing():
    assert float(hinge_loss(torch.tensor([[2.0, 1.0, -3.0]]), torch.tensor([0]))) == 0.0
