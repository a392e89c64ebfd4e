"""One colour per identity, the same in all pages, videos and images."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["track_colours"]

_GOLDEN_RATIO = 0.6180339887498949
_LIGHTNESS = np.array([0.66, 0.72, 0.60])
"""Lightness of successive identities, with enough contrast to white and to black for both themes."""
_DARKER = 0.2
"""Reduction of the lightness on white paper, where thin lines and white text need more contrast."""
_CHROMA = 0.145
_LMS_OF_OKLAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_RGB_OF_LMS = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
"""Both matrices define the OKLab colour space."""


def track_colours(track_ids: ArrayLike, *, on_white: bool = False) -> NDArray[np.uint8]:
    """Return a colour for each identity.

    Successive hues are one golden ratio apart, so an identity is never close in hue to the previous ones. Lightness is
    perceptual.

    Parameters
    ----------
    track_ids
        (K,) identities.
    on_white
        Whether to use darker colours of the same hues, on which white text is legible.

    Returns
    -------
    (K, 3) red, green and blue, 0 to 255.
    """
    ids = np.asarray(track_ids, np.int64)
    hue = 2 * np.pi * (ids * _GOLDEN_RATIO % 1.0)
    lightness = _LIGHTNESS[ids % 3] - (_DARKER if on_white else 0.0)
    oklab = np.stack([lightness, _CHROMA * np.cos(hue), _CHROMA * np.sin(hue)], axis=1)
    linear = np.clip((oklab @ _LMS_OF_OKLAB.T) ** 3 @ _RGB_OF_LMS.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.round(255 * encoded).astype(np.uint8)
    return colours
