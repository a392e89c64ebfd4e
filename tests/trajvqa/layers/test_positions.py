from __future__ import annotations

import math

import pytest
import torch

from trajvqa.layers.positions import sinusoids


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_numbers_are_sines_and_cosines_of_ever_slower_waves(size):
    positions = [0.0, 1.0, 2.5, 16.0]
    expected = []
    for position in positions:
        angles = [position / 10000 ** (2 * (number // 2) / size) for number in range(size)]
        expected.append([math.cos(angle) if k % 2 else math.sin(angle) for k, angle in enumerate(angles)])
    torch.testing.assert_close(sinusoids(torch.tensor(positions), size), torch.tensor(expected))


def test_a_position_is_the_same_whatever_stands_beside_it():
    alone, among = sinusoids(torch.tensor([3.0]), 8), sinusoids(torch.tensor([[0.0, 3.0], [5.0, 1.0]]), 8)
    assert among.shape == (2, 2, 8)
    assert torch.equal(among[0, 1], alone[0])
