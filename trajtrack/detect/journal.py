"""The boxes found so far, on disk after each batch, so that a stopped run goes on where it stopped.

The file has a line of JSON with the recipe, one with the class names of the detector if it has any, and a line for each
batch. A line that was not written to its end is dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from trajtrack.detect.detector import FrameBoxes
from trajtrack.detect.found_boxes import DetectedVideo, FoundBoxes
from trajtrack.detect.recipe import Recipe, differences
from trajtrack.files.atomic import naming_full_disk
from trajtrack.files.locks import lock_file

__all__ = ["Journal"]

_START = b'{"recipe":'


class Journal:
    """The boxes found so far, in memory and, if there is a path, in a file.

    Parameters
    ----------
    path
        File to go on with or to create; None for none.
    recipe
        What the boxes are made from.

    Raises
    ------
    ValueError
        If the file is of another recipe, or no journal.
    """

    def __init__(self, path: Path | None, recipe: Recipe | None) -> None:
        self.path = path
        self._found = FoundBoxes(None)
        self._file: BinaryIO | None = None
        if path is not None:
            self._open(path, json.loads(json.dumps(recipe)))

    def _open(self, path: Path, recipe: Any) -> None:
        self._file = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115
        try:
            lock_file(self._file, path)
            length = self._read(path, self._file, recipe)
            self._file.seek(length)
            self._file.truncate()
            if length == 0:
                self._write({"recipe": recipe})
        except BaseException:
            self._file.close()
            raise

    def _read(self, path: Path, file: BinaryIO, recipe: Any) -> int:
        """Read whole lines; return their length in bytes."""
        length = 0
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                if number == 1 and not line.startswith(_START[: len(line)]):
                    raise ValueError(f"{path}, line 1: found other content, expected unfinished detections")
                break
            try:
                content = json.loads(line)
                if number == 1:
                    other = differences(content["recipe"], recipe)
                elif isinstance(content, dict):
                    self._found = FoundBoxes({int(label): str(name) for label, name in content["names"]})
                else:
                    for frame in content:
                        self._found.add(_from_json(frame))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                message = f"{path}, line {number}: found other content, expected unfinished detections"
                raise ValueError(message) from error
            if number == 1 and other:
                raise ValueError(
                    f"{path}: found unfinished detections of {other}; give the same again to go on, or remove the file"
                )
            length += len(line)
        return length

    @property
    def frames(self) -> Sequence[int]:
        """Numbers of the frames seen so far."""
        return self._found.frames

    @property
    def names(self) -> Mapping[int, str] | None:
        """Class names of the detector; None if it does not have them."""
        return self._found.names

    def begin(self, names: Mapping[int, str] | None) -> None:
        """Set the class names of the detector, which a continued run has already."""
        if len(self.frames):
            return
        self._found = FoundBoxes(names)
        if self._file is not None and names is not None:
            self._write({"names": list(names.items())})

    def add(self, frames: Sequence[FrameBoxes]) -> None:
        """Add the boxes of a batch."""
        for frame in frames:
            self._found.add(frame)
        if self._file is not None:
            self._write([_to_json(frame) for frame in frames])

    def finish(self, num_frames: int) -> DetectedVideo:
        """Return the detections of a video of so many frames."""
        return self._found.finish(num_frames)

    def _write(self, content: Any) -> None:
        assert self._file is not None
        assert self.path is not None
        with naming_full_disk(self.path):
            self._file.write(json.dumps(content, separators=(",", ":")).encode() + b"\n")
            self._file.flush()

    def remove(self) -> None:
        """Remove the file, after the boxes are safe elsewhere."""
        self._close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk has been reported
            self._close()
        # A run that failed before its first box has nothing to go on with.
        if self.path is not None and not len(self.frames) and kind is not None and os.path.exists(self.path):
            self.path.unlink()


def _to_json(frame: FrameBoxes) -> dict[str, Any]:
    return {
        "frame": frame.frame,
        "time": str(frame.time),
        "boxes": frame.boxes.tolist(),
        "scores": frame.scores.tolist(),
        "labels": frame.labels,
        "names": list(frame.names.items()),
    }


def _from_json(entry: dict[str, Any]) -> FrameBoxes:
    return FrameBoxes(
        frame=int(entry["frame"]),
        time=Fraction(entry["time"]),
        boxes=np.array(entry["boxes"], np.float32).reshape(-1, 4),
        scores=np.array(entry["scores"], np.float32),
        labels=entry["labels"],
        names=dict(entry["names"]),
    )
