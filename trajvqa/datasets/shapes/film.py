"""One film: shapes of a colour that move in a direction, and the video file that shows them."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.decoding.libraries import import_av
from trajtrack.files.atomic import atomic_output

__all__ = ["COLOURS", "FRAME_RATE", "HEIGHT", "MOTIONS", "NUM_FRAMES", "SHAPES", "WIDTH", "Film", "Thing", "make_film"]

WIDTH, HEIGHT = 192, 144
NUM_FRAMES, FRAME_RATE = 24, 8
SHAPES = ("square", "ball", "triangle")
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 200, 60),
    "blue": (50, 70, 230),
    "yellow": (230, 220, 40),
    "purple": (190, 50, 220),
}
MOTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "nowhere": (0, 0)}
"""Directions in the image, in which y points down."""

_PATH = 50
"""Length of a motion in pixels."""
_RADII = (9, 12)
_MARGIN = 4
_FEWEST, _MOST = 3, 4
_TRIES = 200


@dataclass(frozen=True)
class Thing:
    """A shape that moves."""

    shape: str
    """One of `SHAPES`."""
    colour: str
    """One of `COLOURS`; no other thing of the film has the same."""
    motion: str
    """One of `MOTIONS`."""
    start: tuple[float, float]
    """Middle in the first frame, in pixels."""
    radius: int
    """Half of width and height."""

    def middle(self, frame: int) -> NDArray[np.float64]:
        """Return the middle in a frame."""
        way = np.array(MOTIONS[self.motion]) * _PATH * frame / (NUM_FRAMES - 1)
        return np.asarray(np.array(self.start) + way)


@dataclass(frozen=True, eq=False)
class Film:
    """What happens in one video."""

    name: str
    """ID of the video."""
    things: tuple[Thing, ...]
    """The shapes, which never touch."""
    ground: NDArray[np.uint8]
    """(height, width, 3) background."""

    def image(self, frame: int) -> NDArray[np.uint8]:
        """Return the (height, width, 3) image of a frame."""
        image = self.ground.copy()
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        for thing in self.things:
            x, y = thing.middle(frame)
            across, down = (columns - x) / thing.radius, (rows - y) / thing.radius
            if thing.shape == "ball":
                inside = across**2 + down**2 <= 1
            elif thing.shape == "square":
                inside = np.maximum(abs(across), abs(down)) <= 1
            else:
                inside = (abs(down) <= 1) & (abs(across) <= (down + 1) / 2)
            image[inside] = COLOURS[thing.colour]
        return image

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the video as H.264 in MP4.

        Raises
        ------
        ImportError
            If PyAV is not installed.
        OSError
            If the file cannot be written.
        """
        av = import_av()
        with atomic_output(path) as file, av.open(file, "w", format="mp4") as video:
            stream = video.add_stream("libx264", rate=FRAME_RATE, options={"crf": "16", "threads": "1"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for frame in range(NUM_FRAMES):
                video.mux(stream.encode(av.VideoFrame.from_ndarray(self.image(frame))))
            video.mux(stream.encode())


def make_film(name: str, seed: int) -> Film:
    """Make a film; the same seed gives the same one."""
    rng = np.random.Generator(np.random.PCG64(seed))
    things: tuple[Thing, ...] | None = None
    while things is None:
        things = _make_things(rng)
    ground = rng.integers(100, 140, (HEIGHT // 4, WIDTH // 4, 1), np.uint8)
    return Film(name, things, np.tile(ground.repeat(4, axis=0).repeat(4, axis=1), 3))


def _make_things(rng: np.random.Generator) -> tuple[Thing, ...] | None:
    """Return things of different colours, or None if they find no places where they never touch."""
    count = int(rng.integers(_FEWEST, _MOST + 1))
    colours = rng.permutation(len(COLOURS))[:count].tolist()
    shapes, motions = rng.integers(len(SHAPES), size=count).tolist(), rng.integers(len(MOTIONS), size=count).tolist()
    things: list[Thing] = []
    for _ in range(_TRIES):
        if len(things) == count:
            return tuple(things)
        index = len(things)
        motion = list(MOTIONS)[motions[index]]
        radius = int(rng.integers(_RADII[0], _RADII[1] + 1))
        thing = Thing(SHAPES[shapes[index]], list(COLOURS)[colours[index]], motion, _start(motion, radius, rng), radius)
        if all(_apart(thing, other) for other in things):
            things.append(thing)
    return None


def _start(motion: str, radius: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return a first middle from which a motion stays inside the image."""
    place = []
    for size, direction in zip((WIDTH, HEIGHT), MOTIONS[motion], strict=True):
        low, high = radius + _MARGIN, size - radius - _MARGIN
        place.append(float(rng.uniform(low + _PATH * (direction < 0), high - _PATH * (direction > 0))))
    return place[0], place[1]


def _apart(first: Thing, second: Thing) -> bool:
    space = first.radius + second.radius + _MARGIN
    # Both move evenly, so that every third frame is enough at this speed.
    return all(abs(first.middle(k) - second.middle(k)).max() > space for k in (*range(0, NUM_FRAMES, 3), NUM_FRAMES))
