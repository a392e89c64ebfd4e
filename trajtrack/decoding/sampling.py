"""Which frames of a video are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from trajtrack.columns import as_reals
from trajtrack.decoding.frames import DEFAULT_RATE, Frame, FrameSource
from trajtrack.printable import shown

__all__ = ["Sampling"]


@dataclass(frozen=True)
class Sampling:
    """A choice of frames by time; times are seconds since the first frame.

    Raises
    ------
    ValueError, TypeError
        If a value is out of range.
    """

    fps: float | None = None
    """Frames per second: of the instants ``start``, ``start + 1 / fps`` and so on, the frame nearest to each, and the
    earlier of two. No frame is taken twice, so that a rate above that of the video takes every frame. None: every
    frame."""
    start: float | None = None
    """Time from which on frames are taken; None: from the first."""
    end: float | None = None
    """Time before which frames are taken; None: to the last."""

    def __post_init__(self) -> None:
        for name, lowest in (("fps", "above 0"), ("start", "of at least 0"), ("end", "above 0")):
            value = getattr(self, name)
            if value is None:
                continue
            number = float(as_reals(name, [value], ndim=1)[0])
            if not (0 < number < 1e9 or (number == 0 and name == "start")):
                raise ValueError(f"{name}: found {shown(value)}, expected a number {lowest}")
        if self.end is not None and self.end <= (self.start or 0):
            raise ValueError(f"end: found {self.end:g}, expected a time after start={self.start or 0:g}")

    def choose(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield the chosen ones of successive frames; memory holds one frame besides the one that is yielded."""
        inside = self._inside(frames)
        return inside if self.fps is None else self._nearest(inside)

    def count(self, source: FrameSource) -> int | None:
        """Return about how many frames of a video are chosen, if that is known before."""
        if source.expected_frames is None:
            return None
        rate = source.rate or DEFAULT_RATE
        end = min(source.expected_frames / rate, self.end or float("inf"))
        length = max(end - (self.start or 0), 0.0)
        return round(length * min(rate, self.fps or rate))

    def _inside(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        start, end = (None if each is None else _exact(each) for each in (self.start, self.end))
        for frame in frames:
            if end is not None and frame.time >= end:
                return
            if start is None or frame.time >= start:
                yield frame

    def _nearest(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        assert self.fps is not None
        step = 1 / _exact(self.fps)
        instant = _exact(self.start or 0)
        before: Frame | None = None
        taken, half_gap = -1, Fraction(0)
        for frame in frames:
            if before is not None:
                half_gap = (frame.time - before.time) / 2
            if instant <= frame.time:
                middle = frame.time - half_gap
                if before is not None and before.index > taken and instant <= middle:
                    taken = before.index
                    yield before
                last = instant + (frame.time - instant) // step * step
                if before is None or last > middle:
                    taken = frame.index
                    yield frame
                instant = last + step
            before = frame
        # The times of some containers are rounded: the last instant may lie a little after the last frame.
        if before is not None and before.index > taken and instant <= before.time + half_gap:
            yield before


def _exact(value: float) -> Fraction:
    """Return the number that was written, so that 0.1 is a tenth."""
    return Fraction(repr(float(value)))
