"""Random sampling for synthetic scenes, with the same results on every platform.

Only uniform numbers, + - * / and square roots are used: the library functions behind normal and Poisson numbers, sines
and exponentials differ between platforms in the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from trajtrack.scenes.options import SceneOptions

__all__ = ["object_sizes", "triangular", "uniform"]


def uniform(rng: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.float32]:
    """Return uniform numbers in [0, 1)."""
    return rng.random(shape, dtype=np.float32)


def triangular(rng: np.random.Generator, count: int, deviation: float) -> NDArray[np.float32]:
    """Return noise with a triangular distribution, mean 0 and standard deviation `deviation`."""
    scale = np.float32(deviation) * np.sqrt(np.float32(6))
    noise: NDArray[np.float32] = (uniform(rng, count) - uniform(rng, count)) * scale
    return noise


def object_sizes(
    options: SceneOptions, rng: np.random.Generator, count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the widths and heights of objects; small objects are more frequent than large ones."""
    low, high = np.float32(options.min_size), np.float32(options.max_size)
    heights = low + uniform(rng, count) ** 2 * (high - low)
    widths = heights * (np.float32(0.4) + uniform(rng, count) * np.float32(1.2))
    return widths, heights
