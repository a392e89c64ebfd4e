"""The kinds of chance that scenes are made of, the same on every platform.

Uniform numbers, + - * / and square roots alone: the library functions behind normal and Poisson numbers,
sines and exponentials differ between platforms in the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from trajtrack.scenes.options import SceneOptions

__all__ = ["object_sizes", "triangular", "uniform"]


def uniform(rng: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.float32]:
    """Return numbers from 0 up to 1."""
    return rng.random(shape, dtype=np.float32)


def triangular(rng: np.random.Generator, count: int, deviation: float) -> NDArray[np.float32]:
    """Return triangular noise around 0 with a standard deviation."""
    scale = np.float32(deviation) * np.sqrt(np.float32(6))
    noise: NDArray[np.float32] = (uniform(rng, count) - uniform(rng, count)) * scale
    return noise


def object_sizes(
    options: SceneOptions, rng: np.random.Generator, count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return widths and heights of objects, of which more are small than large."""
    low, high = np.float32(options.min_size), np.float32(options.max_size)
    heights = low + uniform(rng, count) ** 2 * (high - low)
    widths = heights * (np.float32(0.4) + uniform(rng, count) * np.float32(1.2))
    return widths, heights
