"""A self-contained page for the browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import as_path_name
from trajtrack.columns import as_count
from trajtrack.decoding.frames import DEFAULT_RATE
from trajtrack.detections import Detections
from trajtrack.files.atomic import atomic_output
from trajtrack.metrics import GroundTruth
from trajtrack.metrics.comparison import Comparison, compare
from trajtrack.printable import escaped, shown
from trajtrack.trajectories import Trajectories
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.content import LINE_SEPARATORS, ViewSummary, content_of
from trajtrack.viewer.errors import errors_of, metrics_of
from trajtrack.viewer.images import Encoded, Images, check_presentation, open_images
from trajtrack.viewer.question import Question
from trajtrack.viewer.sources import Joined, join

__all__ = ["PAGE_SUFFIXES", "write_page"]

PAGE_SUFFIXES: Final = (".html", ".htm")
"""Suffixes of pages, for commands that tell by the name what to write; `write_page` takes any name."""

_SCRIPTS = (
    *(
        "content",
        "elements",
        "images",
        "video",
        "camera",
        "timeline",
        "scene",
        "crops",
        "details",
        "errors",
        "question",
    ),
    *("filters", "player", "address", "picture", "palette", "gif", "recording", "clip", "splitter", "main"),
)
"""Modules of the page's program, each after the modules that it imports."""
_MEDIA = " media-src 'self' blob: file:;"
"""What a page with a linked video may open besides itself: the video, and the file that the user chooses."""


def write_page(
    tracks: Trajectories | Detections,
    path: str | os.PathLike[str],
    *,
    detections: Detections | None = None,
    images: str | os.PathLike[str] | None = None,
    embed: bool = True,
    max_width: int | None = None,
    size: tuple[float, float] | None = None,
    frame_rate: float | None = None,
    title: str | None = None,
    question: Question | None = None,
    truth: Detections | GroundTruth | None = None,
    class_agnostic: bool = False,
    beside: Trajectories | Detections | None = None,
    names: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> ViewSummary:
    """Write a page that plays the boxes of a video in a browser.

    The page is one file that needs no network. It shows what happened to each detection: exactly for `Trajectories`,
    otherwise as far as known.

    Parameters
    ----------
    tracks
        Trajectories, or boxes with `track_ids`.
    path
        File to create or replace, which is written completely or not at all.
    detections
        All detections of the video, if `tracks` are boxes with `track_ids`. Boxes are matched with detections of the
        same frame to within half a pixel; the other detections are shown as untracked.
    images
        Folder of numbered ``.jpg`` or ``.png`` files, the first of which is frame 0, or a video file. Frames without an
        image have a plain background; images beyond the last frame are ignored.
    embed
        Whether the page holds the images. If not, it plays them from the video file, which must stay where it is
        relative to the page and be of a kind that browsers play. Boxes are drawn over the frames that they belong to,
        whether or not the frame rate is constant.
    max_width
        Wider images become JPEG files of this width in pixels; coordinates of boxes refer to the original images.
    size
        Width and height of the video in pixels, if there are no images; default: large enough for all boxes.
    frame_rate
        Frames per second; default: that of the video, or 25.
    title
        Title of the page.
    question
        A question about the video: its candidates and scores are shown beside the scene, and trajectories are
        highlighted by their weights.
    truth
        Ground truth: boxes with `track_ids`, or annotations with the rules of their benchmark. The page lists misses,
        false boxes and identity switches, as the CLEAR metrics count them, and shows the metrics.
    class_agnostic
        Whether labels are ignored when tracks are compared with the ground truth.
    beside
        Another result for the same video, to be shown beside the first.
    names
        Names of the results; default: ``Tracks``, or ``Left`` and ``Right`` for two.
    progress
        Called after each image with the number of frames done and the number of all frames.

    Raises
    ------
    ImportError
        If images are given and Pillow, or PyAV for videos, is not installed; or ground truth without TrackEval.
    TypeError
        If `tracks` are not Trajectories or Detections.
    ValueError
        If boxes have no identities, two results name a class differently, an option is out of range, or images cannot
        be read.
    OSError
        If a file cannot be read or written.
    """
    as_path_name(path)
    if max_width is not None:
        as_count("max_width", max_width, minimum=1)
    check_presentation(images, size, frame_rate)
    if not embed:
        _check_linked(images, max_width)
    results = [tracks] if beside is None else [tracks, beside]
    names = _names(names, len(results))
    contents = [content_of(tracks, detections), *map(content_of, results[1:])]
    for content in contents[1:]:
        _check_classes(contents[0].label_names, content.label_names)
    comparisons = [] if truth is None else [compare(truth, each, class_agnostic=class_agnostic) for each in results]
    of_truth = [content_of(comparison.truth) for comparison in comparisons[:1]]
    joined = join([*contents, *of_truth])
    num_frames = joined.content.num_frames
    source = None if images is None else open_images(images)
    if source is not None:
        size = source.size
    rate = frame_rate or (source.rate if source is not None else None) or DEFAULT_RATE
    steps = None
    if source is not None and not embed:
        steps = _steps(source, num_frames, progress)
    about = {
        "title": escaped(title or "Trajectories", keep=LINE_SEPARATORS),
        "size": size,
        "rate": rate,
        "images": source is not None,
        "video": None if images is None or embed else _address(images, path),
        "question": None if question is None else question.to_dict(),
        "results": names,
        "metrics": [metrics_of(comparison) for comparison in comparisons],
    }
    begin, end = _document(joined, comparisons, about, steps)
    count = 0 if steps is None else steps.size
    with atomic_output(path) as file:
        file.write(begin)
        for image in () if source is None or not embed else source.encoded(num_frames, max_width):
            file.write(_element(image))
            count += 1
            if progress is not None:
                progress(image.frame + 1, num_frames)
        file.write(end)
    return contents[0].summary(None if source is None else count)


def _check_linked(images: str | os.PathLike[str] | None, max_width: int | None) -> None:
    """Raise ValueError if there is no video file to link, or its images would have to be changed."""
    if images is None or os.path.isdir(images):
        found = "no images" if images is None else "a folder of images"
        raise ValueError(f"embed: found False and {found}, expected a video file that the page plays")
    if max_width is not None:
        raise ValueError("max_width: found a number and embed=False, expected images that are held by the page")


def _steps(source: Images, num_frames: int, progress: Callable[[int, int], None] | None) -> NDArray[np.float64]:
    """Return the microseconds from the first frame to each frame, as steps from one frame to the next."""
    times = []
    for time in source.times(num_frames):
        times.append(round(1_000_000 * time))
        if progress is not None:
            progress(len(times), num_frames)
    return np.diff(np.array(times, np.float64), prepend=0.0)


def _address(video: str | os.PathLike[str], page: str | os.PathLike[str]) -> str:
    """Return the address of a video, relative to a page."""
    path = os.path.abspath(video)
    try:
        path = os.path.relpath(path, os.path.dirname(os.path.abspath(page)))
    except ValueError:  # another drive
        return Path(path).as_uri()
    # A name that is not UTF-8 is held with surrogates.
    return quote(path.replace(os.sep, "/"), errors="surrogateescape")


def _check_classes(first: Mapping[int, str], second: Mapping[int, str]) -> None:
    for label in sorted(first.keys() & second.keys()):
        if first[label] != second[label]:
            raise ValueError(
                f"beside, label_names, label {label}: found {shown(second[label])}, expected {shown(first[label])} as "
                "in the first result"
            )


def _names(names: Sequence[str], count: int) -> list[str]:
    """Return the names of the results."""
    if not names:
        return ["Tracks"] if count == 1 else ["Left", "Right"]
    if isinstance(names, str) or len(names) != count:
        raise ValueError(f"names: found {shown(names)}, expected a name for each of the {count} results")
    return [escaped(name, keep=LINE_SEPARATORS) for name in names]


def _document(
    joined: Joined, comparisons: Sequence[Comparison], about: Mapping[str, Any], steps: NDArray[np.float64] | None
) -> tuple[bytes, bytes]:
    """Return the parts of the page before and after the images."""
    content = joined.content
    columns = {**_columns(joined), **_error_columns(joined, comparisons)}
    if steps is not None:
        columns["videoSteps"] = steps
    description = {
        **about,
        "numFrames": content.num_frames,
        "extent": content.extent,
        "labelNames": {str(label): name for label, name in content.label_names.items()},
        "trackIds": list(map(str, content.track_ids.tolist())),  # JavaScript numbers cannot hold 64-bit integers
        "columns": {name: [column.dtype.str[1:], column.size] for name, column in columns.items()},
    }
    packed = gzip.compress(b"".join(_shuffled(column) for column in columns.values()), compresslevel=6, mtime=0)
    style, script = _asset("page.css"), _program()
    fields = {
        "title": escape(str(about["title"])),
        "policy": f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        f"img-src data:;{'' if steps is None else _MEDIA} base-uri 'none'; form-action 'none'",
        "style": style,
        "description": _as_script_text(description),
        "columns": base64.b64encode(packed).decode(),
        "script": script,
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda match: fields[match[1]], _asset("page.html"))
    begin, end = page.split("<!-- images -->\n")
    return begin.encode(), end.encode()


def _columns(joined: Joined) -> dict[str, NDArray[Any]]:
    """Return the binary columns of boxes and trajectories, in their order."""
    content = joined.content
    return {
        "frames": content.frames,
        "boxes": content.boxes.reshape(-1),
        "scores": content.scores,
        "labels": content.labels,
        "suppressedBy": content.suppressed_by,
        "offsets": content.offsets,
        "trackLabels": content.track_labels,
        "trackScores": content.track_scores,
        "trackSources": joined.track_sources,
        "untrackedSources": joined.untracked_sources,
        "reasons": content.reasons,
        "colours": track_colours(content.track_ids).reshape(-1),
    }


def _error_columns(joined: Joined, comparisons: Sequence[Comparison]) -> dict[str, NDArray[Any]]:
    """Return the binary columns of the errors of each result; trajectories by their index on the page."""
    index = {
        (source, number): track
        for track, (source, number) in enumerate(
            zip(joined.track_sources.tolist(), joined.content.track_ids.tolist(), strict=True)
        )
    }
    rows = [
        (
            *(error.kind, source, error.first, error.last),
            *(index.get((source, error.track), -1), index.get((len(comparisons), error.truth), -1)),
            index.get((source, error.before), -1),
        )
        for source, comparison in enumerate(comparisons)
        for error in errors_of(comparison)
    ]
    table = np.array(rows, np.int32).reshape(-1, 7)
    names = ("Kinds", "Sources", "Firsts", "Lasts", "Tracks", "Truths", "Befores")
    return {f"error{name}": np.ascontiguousarray(column) for name, column in zip(names, table.T, strict=True)}


def _shuffled(column: NDArray[Any]) -> bytes:
    """Return all first bytes, then all second bytes, and so on: similar bytes side by side compress well."""
    little = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, column.itemsize).T.tobytes()


def _element(image: Encoded) -> bytes:
    start = f'<script type="{image.media_type};base64" id="image-{image.frame}">'
    return start.encode() + base64.b64encode(image.content) + b"</script>\n"


def _program() -> str:
    """Return the modules joined in one scope, because a page opened from disk cannot import modules."""
    text = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    text = re.sub(r"^import [^;]*;\n", "", text, flags=re.MULTILINE)
    return '"use strict";\n{\n' + re.sub(r"^export ", "", text, flags=re.MULTILINE) + "}\n"


def _asset(name: str) -> str:
    return resources.files("trajtrack.viewer").joinpath("assets", name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return the hash by which the content security policy allows an inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _as_script_text(value: Any) -> str:
    """Return JSON that can neither end the script element around it nor start a comment."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
