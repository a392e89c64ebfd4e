from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trajvqa.layers.fusion import CompactBilinear, McbScore


def sketch_of(layer: CompactBilinear, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the sketch as Fukui et al. compute it: the circular convolution of two count sketches."""
    spectra = []
    for k, values in enumerate((first, second)):
        sketch = values.new_zeros(*values.shape[:-1], layer.size)
        spectra.append(torch.fft.rfft(sketch.index_add(-1, layer.places[k], values * layer.signs[k])))
    return torch.fft.irfft(spectra[0] * spectra[1], n=layer.size)


@settings(deadline=None)
@given(size=st.integers(1, 40), width=st.integers(1, 12), seed=st.integers(0, 1000))
def test_the_score_is_that_of_the_circular_convolution_of_two_count_sketches(size, width, seed):
    rng = torch.Generator().manual_seed(seed)
    layer = CompactBilinear(width, size)
    first, second = torch.randn(2, width, generator=rng, dtype=torch.float64)
    weights = torch.randn(size, generator=rng, dtype=torch.float64)
    expected = sketch_of(layer, first, second) @ weights
    torch.testing.assert_close(layer(first, second, weights), expected, atol=1e-12, rtol=1e-12)


def test_the_score_is_the_weighted_count_sketch_of_the_outer_product():
    layer = CompactBilinear(5, 16)
    rng = torch.Generator().manual_seed(3)
    first, second = torch.randn(2, 5, generator=rng)
    weights = torch.randn(16, generator=rng)
    expected = torch.zeros(())
    for i in range(5):
        for j in range(5):
            index = (layer.places[0, i] + layer.places[1, j]) % 16
            expected += layer.signs[0, i] * layer.signs[1, j] * first[i] * second[j] * weights[index]
    torch.testing.assert_close(layer(first, second, weights), expected)


def test_gradients_are_those_of_the_sketch():
    layer = CompactBilinear(6, 20).double()
    given = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 1, 6), (3, 4, 6), (20,))]
    assert torch.autograd.gradcheck(layer, given)
    expected = torch.autograd.grad((sketch_of(layer, *given[:2]) @ given[2]).sum(), given)
    for found, value in zip(torch.autograd.grad(layer(*given).sum(), given), expected, strict=True):
        torch.testing.assert_close(found, value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_scores_are_added_in_the_precision_of_the_weights(dtype):
    score = McbScore(64, 256)
    video, sentence = torch.randn(2, 8, 64, generator=torch.Generator().manual_seed(4)).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        found = score(video, sentence)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, score(video.float(), sentence.float()))


def test_sketches_of_two_models_do_not_depend_on_the_seed():
    torch.manual_seed(1)
    one = McbScore(6, 32)
    torch.manual_seed(2)
    other = McbScore(6, 32)
    assert torch.equal(one.bilinear.places, other.bilinear.places)
    assert not torch.equal(one.score.weight, other.score.weight)


def test_places_and_signs_are_in_the_checkpoint():
    assert {"bilinear.places", "bilinear.signs"} <= set(McbScore(6, 32).state_dict())
