from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.layers.fusion import CompactBilinear, McbScore, count_sketch


@given(size=st.integers(1, 40), width=st.integers(1, 12), seed=st.integers(0, 1000))
def test_the_sketch_equals_the_circular_convolution_of_two_count_sketches(size, width, seed):
    rng = torch.Generator().manual_seed(seed)
    layer = CompactBilinear(width, size)
    first, second = torch.randn(2, width, generator=rng)
    sketches = [
        count_sketch(values, layer.places[k], layer.signs[k], size).double() for k, values in enumerate((first, second))
    ]
    expected = torch.zeros(size, dtype=torch.float64)
    for i in range(size):
        for j in range(size):
            expected[(i + j) % size] += sketches[0][i] * sketches[1][j]
    torch.testing.assert_close(layer(first, second).double(), expected, atol=1e-4, rtol=1e-4)


def test_the_sketch_is_the_count_sketch_of_the_outer_product():
    layer = CompactBilinear(5, 16)
    first, second = torch.randn(2, 5, generator=torch.Generator().manual_seed(3))
    expected = torch.zeros(16)
    for i in range(5):
        for j in range(5):
            index = (layer.places[0, i] + layer.places[1, j]) % 16
            expected[index] += layer.signs[0, i] * layer.signs[1, j] * first[i] * second[j]
    torch.testing.assert_close(layer(first, second), expected)


def test_a_count_sketch_adds_signed_coordinates_at_their_places():
    sketch = count_sketch(
        torch.tensor([1.0, 2.0, 4.0]), torch.tensor([2, 0, 2]), torch.tensor([1.0, -1.0, -1.0]), size=3
    )
    assert sketch.tolist() == [-2.0, 0.0, -3.0]


def test_sketches_of_two_models_do_not_depend_on_the_seed():
    torch.manual_seed(1)
    one = McbScore(6, 32)
    torch.manual_seed(2)
    other = McbScore(6, 32)
    assert torch.equal(one.bilinear.places, other.bilinear.places)
    assert not torch.equal(one.score.weight, other.score.weight)


def test_places_and_signs_are_in_the_checkpoint():
    assert {"bilinear.places", "bilinear.signs"} <= set(McbScore(6, 32).state_dict())
