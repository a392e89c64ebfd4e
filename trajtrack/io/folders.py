"""Folders that hold one video: those of MOTChallenge, and folders with one file per frame."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from trajtrack.files.frame_names import FrameNames
from trajtrack.printable import shown

__all__ = ["Folder", "frame_numbers", "sequence_file"]


class Folder:
    """The files of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def names(self) -> list[str]:
        """Names of the files in the folder itself, sorted."""
        return sorted(each.name for each in self.path.iterdir() if each.is_file() and not each.name.startswith("."))

    def with_suffix(self, suffix: str) -> list[str]:
        """Return the names of the files with a suffix."""
        return [name for name in self.names if name.lower().endswith(suffix)]

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return (self.path / name).read_bytes()


def sequence_file(folder: Folder, is_truth: bool) -> Path | None:
    """Return the file of boxes in a sequence of MOTChallenge, or None if the folder is not one.

    Detections are preferred, or ground truth if it is asked for.
    """
    files = [folder.path / name / f"{name}.txt" for name in (("gt", "det") if is_truth else ("det", "gt"))]
    return next((file for file in files if file.is_file()), None)


def frame_numbers(names: Iterable[str]) -> dict[int, str]:
    """Return the names of files by frame number, in ascending order: the last number before the suffix.

    Raises
    ------
    ValueError
        If a name has no number, two names have the same, or names differ in more than the number.
    """
    found: dict[int, str] = {}
    known = FrameNames()
    for name in names:
        try:
            number = known.number(Path(name).stem)
        except ValueError as error:
            raise ValueError(f"found the file {shown(name)}, expected {error}") from None
        other = found.setdefault(number, name)
        if other != name:
            raise ValueError(
                f"{shown(name)}: found frame {number}, as in {shown(other)}, expected the files of one video"
            )
    return dict(sorted(found.items()))
