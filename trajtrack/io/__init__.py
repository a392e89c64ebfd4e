"""Detections and trajectories in files: one module per format, and a registry of them.

Nothing is dropped, clipped or shifted by a pixel. Coordinates are converted in float64 and rounded once to float32;
they are written with enough digits to be read back as the same float32 corners. Zeros may lose their sign.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from trajtrack.arguments import as_path_name
from trajtrack.columns import as_count, as_reals
from trajtrack.detections import Detections
from trajtrack.files.atomic import atomic_output
from trajtrack.io import (
    coco_results,
    coco_vid,
    csv_table,
    cvat,
    detrac,
    kitti,
    kitti_pointrcnn,
    kitti_rrc,
    label_studio,
    mmdet,
    mot,
    parquet,
    scalabel,
    tao,
    vidor,
    visdrone,
    yolo,
    youtube_vis,
)
from trajtrack.io.format import Format, Numbering, Reading, Source
from trajtrack.io.media import are_images, medium_of
from trajtrack.io.sources import read_source
from trajtrack.printable import near_name, printable_errors, shown
from trajtrack.trajectories import Trajectories

__all__ = [
    "FORMATS",
    "WRITABLE",
    "Format",
    "ReadFile",
    "Reading",
    "input_format",
    "output_format",
    "read",
    "read_file",
    "reading_of",
    "write",
]

_MAX_NUMBER = 2**31 - 1
_MAX_NEAR = 2

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        format.name: format
        for format in (
            mot.FORMAT,
            kitti.FORMAT,
            kitti_rrc.FORMAT,
            kitti_pointrcnn.FORMAT,
            visdrone.FORMAT,
            csv_table.FORMAT,
            yolo.FORMAT,
            vidor.FORMAT,
            coco_vid.FORMAT,
            tao.FORMAT,
            youtube_vis.FORMAT,
            coco_results.FORMAT,
            scalabel.FORMAT,
            mmdet.FORMAT,
            label_studio.FORMAT,
            cvat.FORMAT,
            detrac.FORMAT,
            parquet.FORMAT,
        )
    }
)
"""All formats by name. `write` uses the first of those that share a suffix."""

WRITABLE: Mapping[str, Format] = MappingProxyType(
    {name: format for name, format in FORMATS.items() if format.encode is not None}
)
"""The formats that `write` writes, by name."""


def read(
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    video: str | int | None = None,
    first_frame: int | None = None,
    frame_step: float | None = None,
    image_size: tuple[float, float] | None = None,
) -> Detections:
    """Read the detections of one video.

    Parameters
    ----------
    path
        A file, which may be compressed with gzip; a file in a zip archive: ``"annotations.zip/train/video.json"``; a
        sequence of MOTChallenge, whose ``det/det.txt`` is read, or ``gt/gt.txt`` if there is none; or a folder of a
        format with a file for each frame.
    format
        A name in `FORMATS`. By default the format is inferred from the suffix and the content: text whose first line
        names columns is CSV, text whose third field is a word or that has 17 columns is KITTI, text of 15 columns is
        detections of PointRCNN, text of 10 columns whose last three are a class and two flags is VisDrone, other text
        is MOT; the keys of JSON and the elements of XML decide.
        ``"kitti-rrc"`` cannot be distinguished from MOT and is only read by name.
    video
        Name or ID of the video to read; required for files that hold several videos.
    first_frame
        Number of the first frame in the file; default: that of the format.
    frame_step
        Difference between the numbers of two successive frames in the file, for videos of which only some frames are
        annotated; in a table of times the time between two frames. Default: 1, and none for times.
    image_size
        Width and height of the images in pixels, for files with relative coordinates.

    Raises
    ------
    ValueError
        If the file does not match its format, naming the file, the line or location in it, what was found and what was
        expected; if the file holds several videos and none was chosen.
    OSError
        If the file cannot be opened.
    ImportError
        If the file is Parquet and pyarrow is not installed.

    Warns
    -----
    TrajtrackWarning
        If the last of ten columns may be a class or a position.
    """
    return read_file(path, format, reading_of(video, first_frame, frame_step, image_size)).detections


def reading_of(
    video: str | int | None, first_frame: int | None, frame_step: float | None, image_size: tuple[float, float] | None
) -> Reading:
    """Check the arguments of `read`."""
    if first_frame is not None:
        first_frame = as_count("first_frame", first_frame, -_MAX_NUMBER, _MAX_NUMBER)
    if frame_step is not None:
        step = as_reals("frame_step", [frame_step], ndim=1)[0]
        if not (np.isfinite(step) and step > 0):
            raise ValueError(f"frame_step: found {shown(frame_step)}, expected a number above 0")
        frame_step = float(frame_step)
    if image_size is not None:
        size = as_reals("image_size", image_size, ndim=1)
        if len(size) != 2 or not (np.isfinite(size) & (size > 0)).all():
            raise ValueError(f"image_size: found {shown(image_size)}, expected a width and a height above 0")
        image_size = float(size[0]), float(size[1])
    return Reading(video, first_frame, frame_step, image_size)


@dataclass(frozen=True, eq=False)
class ReadFile:
    """The content of a file, and how it was written there."""

    path: str
    """Path as the caller gave it."""
    detections: Detections
    """The detections of one video."""
    format: Format
    """Format of the file."""
    numbering: Numbering
    """Numbers of the first frame and the first identity in the file."""


@printable_errors
def read_file(path: str | os.PathLike[str], format: str | None = None, reading: Reading | None = None) -> ReadFile:
    """Read the detections of one video as `read` does, and what the file says beyond them."""
    reading = reading or Reading()
    name = _as_name(path)
    chosen = None if format is None else _named(format)
    source = read_source(name, reading)
    try:
        if chosen is None:
            chosen = _recognised(source)
        if chosen.is_folder is not None and chosen.is_folder != (source.folder is not None):
            found, expected = ("a file", "a folder") if chosen.is_folder else ("a folder", "a file")
            raise ValueError(f"path: found {found}, expected {expected}, which {chosen.name} data are in")
        _check_reading(reading, chosen)
        return ReadFile(name, chosen.decode(source), chosen, source.numbering)
    except ValueError as error:
        hint = ""
        if format is None and chosen is mot.FORMAT and source.first_line.count(b",") == 5:
            hint = " (rows of frame,x1,y1,x2,y2,score are read with format='kitti-rrc' or --format kitti-rrc)"
        raise ValueError(f"{source.path}, {error}{hint}") from error


def _check_reading(reading: Reading, format: Format) -> None:
    """Raise ValueError if the caller knows something that files of the format do not have."""
    if reading.video is not None and not format.names_videos:
        raise ValueError(
            f"video: found {shown(reading.video)}, expected None: {format.name} files do not name their video"
        )
    if format.numbers_frames:
        return
    for argument, value in (("first_frame", reading.first_frame), ("frame_step", reading.frame_step)):
        if value is not None:
            raise ValueError(f"{argument}: found {value:g}, expected None: {format.name} files list all frames")


@printable_errors
def write(
    path: str | os.PathLike[str],
    detections: Detections | Trajectories,
    format: str | None = None,
    *,
    interpolate: bool = True,
    video: str | None = None,
) -> None:
    """Write one video to a file, completely or not at all.

    Reading the file gives the same rows as far as the format can store them; each format's module says what is lost.

    Parameters
    ----------
    path
        File to write; an existing one is replaced.
    detections
        Detections, or trajectories, whose rows are written by trajectory and frame with the trajectory's label.
    format
        A name in `FORMATS`. By default the suffix decides: ``.txt`` and ``.csv`` are MOT, ``.json`` is VidOR, ``.xml``
        is CVAT, ``.parquet`` is Parquet.
    interpolate
        Whether to write the interpolated boxes of trajectories, with score 0.
    video
        Name of the video, in formats that store it; default: name of the file without suffix.

    Raises
    ------
    ValueError
        If the format cannot store a value, naming the column and the first such row.
    OSError
        If the file cannot be written.
    ImportError
        If the format is Parquet and pyarrow is not installed.
    """
    if isinstance(detections, Trajectories):
        detections = detections.to_detections(interpolate=interpolate)
    elif not isinstance(detections, Detections):
        raise TypeError(f"detections: found {type(detections).__name__}, expected Detections or Trajectories")
    name = _as_name(path)
    chosen = output_format(name, format)
    assert chosen.encode is not None
    if video is not None and not chosen.names_videos:
        raise ValueError(f"video: found {shown(video)}, expected None: {chosen.name} files do not name their video")
    try:
        content = chosen.encode(detections, Path(name).stem if video is None else video)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    with atomic_output(name) as file:
        file.write(content)


@printable_errors
def input_format(path: str | os.PathLike[str], format: str | None = None) -> Format:
    """Return the format that `read` uses for a file: the named one, or the one inferred from suffix and content.

    Raises
    ------
    ValueError
        If no format matches the name or the content.
    OSError
        If the file cannot be opened.
    """
    if format is not None:
        return _named(format)
    source = read_source(_as_name(path), Reading())
    try:
        return _recognised(source)
    except ValueError as error:
        raise ValueError(f"{source.path}, {error}") from error


def output_format(path: str | os.PathLike[str], format: str | None = None) -> Format:
    """Return the format that `write` uses for a file: the named one, or the one inferred from the suffix.

    Raises
    ------
    ValueError
        If no writable format matches the name or the suffix.
    """
    if format is not None:
        chosen = _named(format)
        if chosen.encode is None:
            raise ValueError(f"format: found {format!r}, which is only read, expected one of {', '.join(WRITABLE)}")
        return chosen
    name = _as_name(path)
    suffix = Path(name).suffix.lower()
    for each in WRITABLE.values():
        if suffix in each.suffixes:
            return each
    suffixes = dict.fromkeys(known for each in WRITABLE.values() for known in each.suffixes)
    raise ValueError(
        f"path: found {name!r}, expected one of the suffixes {', '.join(suffixes)}, "
        f"or one of the formats {', '.join(WRITABLE)}"
    )


def _as_name(path: str | os.PathLike[str]) -> str:
    name = as_path_name(path)
    if not name:
        raise ValueError("path: found an empty name, expected the name of a file")
    return name


def _named(format: str) -> Format:
    try:
        return FORMATS[format]
    except (KeyError, TypeError):
        expected = f"expected one of {', '.join(FORMATS)}{near_name(format, FORMATS)}"
        raise ValueError(f"format: found {shown(format)}, {expected}") from None


def _recognised(source: Source) -> Format:
    if source.folder is not None:
        return _recognised_folder(source)
    medium = medium_of(source.content)
    if medium == "a video":
        raise ValueError(f"content: found {medium}, expected detections; {_how_to_track(source.path)}")
    if medium is not None:
        raise ValueError(f"content: found {medium}, expected detections")
    candidates = [format for format in FORMATS.values() if source.suffix in format.suffixes]
    if len(candidates) == 1:
        return candidates[0]
    candidates = candidates or list(FORMATS.values())
    for format in candidates:
        if format.recognise(source):
            return format
    found = source.first_line[:60].decode("ascii", "backslashreplace")
    names = ", ".join(format.name for format in candidates)
    near = "; ".join(f"{format.name}: {format.layout}" for format in _nearest(source, candidates))
    raise ValueError(
        f"line 1: found {found!r}, expected a format that is recognised, or one of {names} with format= or --format"
        f"{near and f' (nearest: {near})'}; 'trajtrack info --formats' lists all layouts"
    )


def _nearest(source: Source, candidates: list[Format]) -> list[Format]:
    """Return up to two formats: those whose layouts name the most keys of JSON content."""
    if len(candidates) <= _MAX_NEAR:
        return candidates
    named = {
        format: len(source.keys & {*re.findall(r"\w{3,}", format.layout)})
        for format in candidates
        if ".json" in format.suffixes
    }
    return [format for format in sorted(named, key=named.__getitem__, reverse=True)[:_MAX_NEAR] if named[format]]


def _how_to_track(path: str) -> str:
    return f"'trajtrack track {shlex.quote(path)} --detector MODEL -o page.html' detects objects and links them"


def _recognised_folder(source: Source) -> Format:
    for format in FORMATS.values():
        if format.recognise(source):
            return format
    if source.folder is not None and are_images(source.folder.names):
        raise IsADirectoryError(
            errno.EISDIR, f"Is a folder of images, expected detections; {_how_to_track(source.path)}", source.path
        )
    raise IsADirectoryError(
        errno.EISDIR,
        "Is a directory, expected a file, a sequence with det/det.txt or gt/gt.txt, or a folder with a file per frame",
        source.path,
    )
