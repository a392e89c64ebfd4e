"""Checks of arguments shared by several functions, and the warning category of the package."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.printable import escaped, shown
from trajtrack.trajectories import Trajectories

__all__ = [
    "TrajtrackWarning",
    "as_path_name",
    "check_suffix",
    "check_tracks",
    "check_trajectories",
    "identities_of",
    "warn",
    "warnings_about",
]


_MAX_LISTED = 5


class TrajtrackWarning(UserWarning):
    """A result may be meaningless, although no argument is wrong."""


_subject: ContextVar[str | None] = ContextVar("subject", default=None)


@contextmanager
def warnings_about(subject: str) -> Iterator[None]:
    """Name the file or video that warnings are about while the block runs, in this thread."""
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)


def warn(message: str) -> None:
    """Issue a `TrajtrackWarning` at the line that called the package."""
    subject = _subject.get()
    if subject is not None and not message.startswith(subject):
        message = f"{subject}: {message}"
    message = escaped(message)
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "trajtrack":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, TrajtrackWarning, stacklevel=level)


def list_names(names: Sequence[str]) -> str:
    """Return the first names, and how many there are more."""
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more


def check_tracks(tracks: object) -> None:
    """Raise TypeError if `tracks` is neither `Trajectories` nor `Detections`."""
    if not isinstance(tracks, (Trajectories, Detections)):
        raise TypeError(f"tracks: found {type(tracks).__name__}, expected Trajectories or Detections with track_ids")


def check_trajectories(tracks: object) -> None:
    """Raise TypeError if `tracks` is not `Trajectories`."""
    if not isinstance(tracks, Trajectories):
        raise TypeError(f"tracks: found {type(tracks).__name__}, expected Trajectories")


def identities_of(tracks: Detections) -> NDArray[np.int64]:
    """Return the `track_ids` of the boxes; raise ValueError if there are none."""
    if tracks.track_ids is None:
        raise ValueError("tracks: found boxes without track_ids, expected the identity of each")
    return tracks.track_ids


def as_path_name(path: object) -> str:
    """Return a path as text; raise TypeError or ValueError if no file can have that name."""
    try:
        name = os.fsdecode(path)  # type: ignore[arg-type]
        os.fsencode(name)
    except TypeError:
        raise TypeError(f"path: found {shown(path)}, expected the name of a file") from None
    except UnicodeEncodeError:
        raise ValueError(f"path: found {shown(path)}, expected characters that names of files can have") from None
    if "\0" in name:
        raise ValueError(f"path: found {shown(path)}, expected a name without null characters")
    return name


def check_suffix(path: Path, suffixes: Sequence[str]) -> None:
    """Raise ValueError if the output path ends in none of `suffixes`, or is no name of a file."""
    as_path_name(os.fspath(path))
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"path: found {str(path)!r}, expected one of the suffixes {', '.join(suffixes)}")
