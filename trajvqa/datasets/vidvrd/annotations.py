"""Annotated videos of ImageNet-VidVRD and VidOR: tracks of objects, and relations between them.

Both datasets have one JSON file per video: ``subject/objects`` gives the category of each ``tid``,
``trajectories[frame]`` lists the boxes of a frame, and ``relation_instances`` lists ``subject_tid, predicate,
object_tid, begin_fid, end_fid``, the end exclusive. ImageNet-VidVRD's videos are annotated in windows of 30 frames;
the frames between the windows have no boxes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files import json_fields as fields
from trajtrack.files.zip_members import read_members
from trajtrack.printable import escaped

__all__ = ["AnnotatedVideo", "Relation", "read_annotations"]

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_MAX_COORDINATE = 1e9
_MAX_ENTRIES = 10_000_000
"""A box is stored for every track and frame, also where there is none."""


@dataclass(frozen=True)
class Relation:
    """A relation between a subject and an object during some frames."""

    subject: int
    """``tid`` of the subject."""
    predicate: str
    """Predicate as spelled in the dataset, such as ``walk_left``."""
    object: int
    """``tid`` of the object."""
    begin: int
    """First frame."""
    end: int
    """Last frame + 1."""


@dataclass(frozen=True, eq=False)
class AnnotatedVideo:
    """The annotations of one video of T frames."""

    name: str
    """``video_id`` of the video."""
    width: int
    """Width of the image in pixels."""
    height: int
    """Height of the image in pixels."""
    categories: dict[int, str]
    """Category of each ``tid``, words joined by underscores."""
    boxes: dict[int, NDArray[np.float32]]
    """(T, 4) corners of each ``tid`` in pixels, NaN in frames where it is not visible or not annotated."""
    relations: tuple[Relation, ...]
    """Relations in the order of the file."""

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(next(iter(self.boxes.values())))

    @property
    def annotated(self) -> NDArray[np.bool_]:
        """(T,) mask of the frames with a box."""
        seen: NDArray[np.bool_] = np.any([~np.isnan(track[:, 0]) for track in self.boxes.values()], axis=0)
        return seen


def read_annotations(source: str | os.PathLike[str]) -> Iterator[AnnotatedVideo]:
    """Read the videos of a zip archive or of a folder and its subfolders, sorted by file name.

    Videos without a box are omitted.

    Parameters
    ----------
    source
        ``VidVRD-dataset.zip``, or a folder of JSON files.

    Raises
    ------
    FileNotFoundError
        If the source does not exist or contains no JSON file.
    ValueError
        The message names the file, the position in it, what was found and what was expected.
    """
    found = False
    for name, content in _documents(Path(source)):
        found = True
        try:
            video = _parse(fields.parse(content), PurePosixPath(name).stem)
        except ValueError as error:
            raise ValueError(escaped(f"{name}: {error}")) from None
        if video.boxes and video.annotated.any():
            yield video
    if not found:
        raise FileNotFoundError(f"{os.fspath(source)}: found no JSON file, expected one per video")


def _documents(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            yield str(path), path.read_bytes()
        return
    if not source.exists():
        raise FileNotFoundError(f"{source}: found no such file, expected VidVRD-dataset.zip or a folder of JSON files")
    try:
        for name, content in read_members(source, ".json"):
            yield f"{source}/{name}", content
    except ValueError as error:
        raise ValueError(f"{source}: found no readable zip archive ({error}), expected VidVRD-dataset.zip") from None


def _parse(document: Any, stem: str) -> AnnotatedVideo:
    frames = fields.items(fields.field(document, "trajectories", ()), ("trajectories",))
    categories: dict[int, str] = {}
    for index, entry in enumerate(fields.items(fields.field(document, "subject/objects", ()), ("subject/objects",))):
        place = ("subject/objects", index)
        number = fields.integer(fields.field(entry, "tid", place), (*place, "tid"))
        categories[number] = fields.text(fields.field(entry, "category", place), (*place, "category"))
    return AnnotatedVideo(
        name=fields.text(document.get("video_id", stem), ("video_id",)),
        width=fields.integer(fields.field(document, "width", ()), ("width",), 1),
        height=fields.integer(fields.field(document, "height", ()), ("height",), 1),
        categories=categories,
        boxes=_boxes(frames, categories),
        relations=tuple(_relations(document, categories, len(frames))),
    )


def _boxes(frames: list[Any], categories: dict[int, str]) -> dict[int, NDArray[np.float32]]:
    tracks: dict[int, NDArray[np.float32]] = {}
    for frame, boxes in enumerate(frames):
        for index, box in enumerate(fields.items(boxes, ("trajectories", frame))):
            place = ("trajectories", frame, index)
            number = _known(fields.field(box, "tid", place), (*place, "tid"), categories)
            sides = fields.field(box, "bbox", place)
            if number not in tracks:
                if (len(tracks) + 1) * len(frames) > _MAX_ENTRIES:
                    raise ValueError(
                        f"trajectories: found {len(tracks) + 1} tracks of {len(frames)} frames, expected a product of "
                        f"at most {_MAX_ENTRIES}"
                    )
                tracks[number] = np.full((len(frames), 4), np.nan, np.float32)
            tracks[number][frame] = [_side(sides, side, (*place, "bbox")) for side in _SIDES]
    return dict(sorted(tracks.items()))


def _side(sides: Any, side: str, place: fields.Place) -> float:
    value = fields.number(fields.field(sides, side, place), (*place, side))
    if abs(value) > _MAX_COORDINATE:
        raise fields.unexpected(value, (*place, side), "a coordinate of at most 1e9")
    return value


def _relations(document: Any, categories: dict[int, str], num_frames: int) -> Iterator[Relation]:
    instances = fields.items(fields.field(document, "relation_instances", ()), ("relation_instances",))
    for index, entry in enumerate(instances):
        place = ("relation_instances", index)
        begin = fields.integer(fields.field(entry, "begin_fid", place), (*place, "begin_fid"), 0, num_frames)
        yield Relation(
            subject=_known(fields.field(entry, "subject_tid", place), (*place, "subject_tid"), categories),
            predicate=fields.text(fields.field(entry, "predicate", place), (*place, "predicate")),
            object=_known(fields.field(entry, "object_tid", place), (*place, "object_tid"), categories),
            begin=begin,
            end=fields.integer(fields.field(entry, "end_fid", place), (*place, "end_fid"), begin, num_frames),
        )


def _known(value: Any, place: fields.Place, categories: dict[int, str]) -> int:
    number = fields.integer(value, place)
    if number not in categories:
        raise fields.unexpected(value, place, "a tid of subject/objects")
    return number
