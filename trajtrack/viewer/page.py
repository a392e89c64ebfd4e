"""A self-contained page for the browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from html import escape
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import as_path_name
from trajtrack.columns import as_count
from trajtrack.decoding.frames import DEFAULT_RATE
from trajtrack.detections import Detections
from trajtrack.files.atomic import atomic_output
from trajtrack.printable import escaped
from trajtrack.trajectories import Trajectories
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.content import LINE_SEPARATORS, Content, ViewSummary, content_of
from trajtrack.viewer.images import Encoded, check_presentation, open_images
from trajtrack.viewer.question import Question

__all__ = ["write_page"]

_SCRIPTS = (*("content", "images", "camera", "timeline", "scene", "details", "question", "filters", "player", "main"),)
"""Modules of the page's program, each after the modules that it imports."""


def write_page(
    tracks: Trajectories | Detections,
    path: str | os.PathLike[str],
    *,
    detections: Detections | None = None,
    images: str | os.PathLike[str] | None = None,
    max_width: int | None = None,
    size: tuple[float, float] | None = None,
    frame_rate: float | None = None,
    title: str | None = None,
    question: Question | None = None,
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
    progress
        Called after each image with the number of frames done and the number of all frames.

    Raises
    ------
    ImportError
        If images are given and Pillow, or PyAV for videos, is not installed.
    TypeError
        If `tracks` are not Trajectories or Detections.
    ValueError
        If boxes have no identities, an option is out of range, or images cannot be read.
    OSError
        If a file cannot be read or written.
    """
    as_path_name(path)
    if max_width is not None:
        as_count("max_width", max_width, minimum=1)
    check_presentation(images, size, frame_rate)
    content = content_of(tracks, detections)
    source = None if images is None else open_images(images)
    if source is not None:
        size = source.size
    rate = frame_rate or (source.rate if source is not None else None) or DEFAULT_RATE
    about = {
        "title": escaped(title or "Trajectories", keep=LINE_SEPARATORS),
        "size": size,
        "rate": rate,
        "images": source is not None,
        "question": None if question is None else question.to_dict(),
    }
    begin, end = _document(content, about)
    count = 0
    with atomic_output(path) as file:
        file.write(begin)
        for image in () if source is None else source.encoded(content.num_frames, max_width):
            file.write(_element(image))
            count += 1
            if progress is not None:
                progress(image.frame + 1, content.num_frames)
        file.write(end)
    return content.summary(None if source is None else count)


def _document(content: Content, about: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the parts of the page before and after the images."""
    columns = _columns(content)
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
        "img-src data:; base-uri 'none'; form-action 'none'",
        "style": style,
        "description": _as_script_text(description),
        "columns": base64.b64encode(packed).decode(),
        "script": script,
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda match: fields[match[1]], _asset("page.html"))
    begin, end = page.split("<!-- images -->\n")
    return begin.encode(), end.encode()


def _columns(content: Content) -> dict[str, NDArray[Any]]:
    """Return the binary columns of the page, in their order."""
    return {
        "frames": content.frames,
        "boxes": content.boxes.reshape(-1),
        "scores": content.scores,
        "labels": content.labels,
        "suppressedBy": content.suppressed_by,
        "offsets": content.offsets,
        "trackLabels": content.track_labels,
        "trackScores": content.track_scores,
        "reasons": content.reasons,
        "colours": track_colours(content.track_ids).reshape(-1),
    }


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
