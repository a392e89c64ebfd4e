from __future__ import annotations

import pytest
import torch

from trajvqa.layers.dropout import Dropout


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_the_share_of_dropped_values_is_the_probability_and_the_mean_stays(probability, kind):
    torch.manual_seed(0)
    dropped = Dropout(probability)(torch.ones(1000, 1000, dtype=kind)).double()
    assert (dropped == 0).double().mean().item() == pytest.approx(probability, abs=0.003)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.03)


def test_values_are_dropped_one_by_one():
    torch.manual_seed(0)
    dropped = (Dropout(0.5)(torch.ones(4, 100_000)) == 0).double()
    assert torch.corrcoef(dropped).fill_diagonal_(0).abs().max() < 0.02
    assert torch.corrcoef(dropped.T[: 4 * 1000].reshape(4, -1)).fill_diagonal_(0).abs().max() < 0.05


def test_kept_values_and_their_gradients_have_the_same_factor():
    torch.manual_seed(0)
    values = torch.ones(1000, requires_grad=True)
    dropped = Dropout(0.25)(values)
    dropped.sum().backward()
    assert sorted(set(dropped.tolist())) == [0.0, pytest.approx(4 / 3)]
    assert torch.equal(values.grad, dropped)


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_any_number_of_values_keeps_its_shape(count):
    assert Dropout(0.3)(torch.ones(count, 1)).shape == (count, 1)


def test_the_generator_of_torch_decides():
    values = []
    for _ in range(2):
        torch.manual_seed(7)
        values.append(Dropout(0.3)(torch.ones(100)))
    assert torch.equal(*values)
    assert not torch.equal(values[0], Dropout(0.3)(torch.ones(100)))


@pytest.mark.parametrize("layer", [Dropout(0.3).eval(), Dropout(0.0)])
def test_outside_of_training_and_without_a_probability_nothing_changes(layer):
    values = torch.ones(100)
    assert layer(values) is values
