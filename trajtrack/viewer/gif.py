"""Videos as GIF files."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from trajtrack.arguments import warn
from trajtrack.decoding.libraries import pillow
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.painting import Painting

__all__ = ["GIF_WIDTH", "write_gif"]

GIF_WIDTH: Final = 800
"""Width in pixels that a GIF file has at most, unless another one is asked for."""

_MOST_IMAGES: Final = 300
_MOST_FRAMES: Final = 1500
_FASTEST: Final = 50
"""Images per second: browsers slow down what is faster."""
_NUM_COLOURS: Final = 255
"""One more is left for pixels that stay as they were."""
_KEPT_COLOURS: Final = 64
_NUM_SAMPLES: Final = 8
_SAMPLE_WIDTH: Final = 200
_REFINEMENT: Final = 1
"""How Pillow moves colours to the pixels near them: without it, small areas take the colour of larger ones."""


def write_gif(target: Path, painting: Painting, rate: float, progress: Callable[[int, int], None]) -> int:
    """Write a GIF file that repeats for ever; return how many of its frames have an image.

    Raises
    ------
    ValueError
        If there are more than 1500 frames.
    """
    num_frames = painting.content.num_frames
    if num_frames > _MOST_FRAMES:
        raise ValueError(f"tracks: found {num_frames} frames, expected at most {_MOST_FRAMES} for a GIF file")
    step = max(math.ceil(num_frames / _MOST_IMAGES), math.ceil(rate / _FASTEST - 1e-9))
    if step > 1:
        warn(f"the GIF file shows one frame in {step}: found {num_frames} frames at {rate:g} per second")
    palette = _palette(painting, step * math.ceil(num_frames / step / _NUM_SAMPLES))
    images, num_images = [], 0
    for frame, image, has_image in painting.frames(step):
        num_images += has_image
        images.append(image.quantize(palette=palette, dither=pillow().Dither.NONE))
        progress(frame + 1, num_frames)
    times = [round(100 * frame / rate) for frame in (*range(0, num_frames, step), num_frames)]
    durations = [10 * min(max(end - begin, 1), 65535) for begin, end in pairwise(times)]
    images[0].save(
        target, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, disposal=1, optimize=False
    )
    return num_images


def _palette(painting: Painting, step: int) -> Any:
    """Return an image with the palette of the file: the colours of long trajectories, and those of some frames."""
    content = painting.content
    longest = np.argsort(-np.diff(content.offsets), kind="stable")[:_KEPT_COLOURS]
    kept = track_colours(content.track_ids)[longest].reshape(-1).tolist()
    share = max(painting.size[0] / _SAMPLE_WIDTH, 1)
    width, height = (max(round(side / share), 1) for side in painting.size)
    nearest = pillow().Resampling.NEAREST
    samples = [image.resize((width, height), nearest) for _, image, _ in painting.frames(step)]
    whole = pillow().new("RGB", (width, height * len(samples)))
    for k, sample in enumerate(samples):
        whole.paste(sample, (0, k * height))
    num_found = _NUM_COLOURS - len(kept) // 3
    found = whole.quantize(num_found, kmeans=_REFINEMENT, dither=pillow().Dither.NONE).getpalette()
    palette = pillow().new("P", (1, 1))
    palette.putpalette((kept + found)[: 3 * _NUM_COLOURS])
    return palette
