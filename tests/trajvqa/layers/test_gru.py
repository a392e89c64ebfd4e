from __future__ import annotations

import pytest
import torch
from torch import nn

from trajvqa.layers.gru import gru_over_levels, gru_over_sequences


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def layer() -> nn.GRU:
    torch.manual_seed(0)
    return nn.GRU(5, 8, batch_first=True).double()


def gradients(states: torch.Tensor, given: torch.Tensor, inputs: torch.Tensor, gru: nn.GRU) -> list[torch.Tensor]:
    return list(torch.autograd.grad((states * given).sum(), [inputs, *gru.parameters()]))


def test_states_and_gradients_over_sequences_are_torch_s():
    gru, inputs, given = layer(), some(3, 6, 5).requires_grad_(), some(3, 6, 8)
    ours, torchs = gru_over_sequences(gru, inputs), gru(inputs)[0]
    torch.testing.assert_close(ours, torchs, rtol=0, atol=1e-12)
    for one, other in zip(gradients(ours, given, inputs, gru), gradients(torchs, given, inputs, gru), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_paths_that_begin_alike_continue_from_one_state():
    """Items 0 and 1 are roots; 2 and 3 follow 0, and 4 follows 3."""
    gru, inputs, given = layer(), some(5, 5).requires_grad_(), some(5, 8)
    ours = gru_over_levels(gru, inputs, [2, 2, 1], [None, torch.tensor([0, 0]), torch.tensor([3])])
    paths = {1: [1], 2: [0, 2], 4: [0, 3, 4]}
    whole = {end: gru(inputs[path][None])[0][0] for end, path in paths.items()}
    torchs = torch.stack([whole[2][0], whole[1][0], whole[2][1], whole[4][1], whole[4][2]])
    torch.testing.assert_close(ours, torchs, rtol=0, atol=1e-12)
    for one, other in zip(gradients(ours, given, inputs, gru), gradients(torchs, given, inputs, gru), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_no_item_has_no_state():
    assert gru_over_levels(layer(), some(0, 5), [], []).shape == (0, 8)


def test_products_of_bfloat16_are_close_and_states_stay_single():
    gru, inputs = layer().float(), some(3, 6, 5).float()
    with torch.autocast("cpu", torch.bfloat16):
        states = gru_over_sequences(gru, inputs)
    assert states.dtype == torch.float32
    torch.testing.assert_close(states, gru(inputs)[0], rtol=0, atol=0.03)
    states.sum().backward()
    assert all(each.grad.dtype == torch.float32 for each in gru.parameters())


@pytest.mark.parametrize("length", [1, 2])
def test_short_sequences_have_gradients(length):
    gru, inputs = layer(), some(2, length, 5).requires_grad_()
    gru_over_sequences(gru, inputs).sum().backward()
    assert torch.isfinite(inputs.grad).all()
