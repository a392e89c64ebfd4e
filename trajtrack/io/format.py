"""Interface between file formats and `read` and `write`."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any

from trajtrack.detections import Detections
from trajtrack.files import json_fields
from trajtrack.io.folders import Folder

__all__ = ["Format", "Numbering", "Reading", "Source"]


@dataclass(frozen=True)
class Reading:
    """What the caller knows about a file; `read` documents it."""

    video: str | int | None = None
    """Name or ID of the video to read; None for the only one."""
    first_frame: int | None = None
    """Number of the first frame; None for that of the format."""
    frame_step: float | None = None
    """Difference between the numbers or times of two successive frames; None for 1."""
    image_size: tuple[float, float] | None = None
    """Width and height of the images in pixels; None if unknown."""
    is_truth: bool = False
    """Whether ground truth is wanted of a folder that also has detections."""


@dataclass
class Numbering:
    """How a file counts what counts from 0 in memory."""

    first_frame: int = 0
    """Number of the first frame."""
    first_id: int = 0
    """Number of the identity 0."""


@dataclass(frozen=True)
class Source:
    """A file to read."""

    path: str
    """Path as the caller gave it."""
    content: bytes
    """Content of the file."""
    reading: Reading = Reading()
    """What the caller knows about the file."""
    numbering: Numbering = field(default_factory=Numbering)
    """Set by the decoder of a format that counts from 1."""
    folder: Folder | None = None
    """Folder with a file for each frame; None for a file."""

    @property
    def video(self) -> str | int | None:
        """Name or ID of the video to read; None for the only one."""
        return self.reading.video

    @property
    def suffix(self) -> str:
        """Suffix of the path in lower case, before that of compression."""
        return PurePath(self.path.lower().removesuffix(".gz")).suffix

    @cached_property
    def document(self) -> Any:
        """The content parsed as JSON; raises ValueError with the line if it is not JSON."""
        return json_fields.parse(self.content)

    @property
    def first_line(self) -> bytes:
        """The first line that is not blank, or its start if it is long."""
        return self.content[:1000].removeprefix(codecs.BOM_UTF8).lstrip().split(b"\n", 1)[0].rstrip()

    @property
    def is_text(self) -> bool:
        """Whether the content may be a text table."""
        return self.folder is None and b"\0" not in self.content[:1000] and not self.is_json and not self.is_xml

    @property
    def is_json(self) -> bool:
        """Whether the content may be JSON."""
        return self.first_line.startswith((b"{", b"["))

    @property
    def is_xml(self) -> bool:
        """Whether the content may be XML."""
        return self.first_line.startswith(b"<")

    @property
    def keys(self) -> set[str]:
        """The keys of a JSON object, or of the object that a JSON list begins with; none for other content."""
        first = self.document if self.is_json else None
        if isinstance(first, list):
            first = first[0] if first else None
        return set(first) if isinstance(first, dict) else set()

    def has_keys(self, *keys: str) -> bool:
        """Return whether the content is a JSON object with all of the keys."""
        return self.is_json and isinstance(self.document, dict) and self.document.keys() >= {*keys}

    def lists_objects_with(self, *keys: str) -> bool:
        """Return whether the content is a JSON list whose first entry is an object with all of the keys."""
        if not self.first_line.startswith(b"[") or not isinstance(self.document, list) or not self.document:
            return False
        return isinstance(self.document[0], dict) and self.document[0].keys() >= {*keys}


@dataclass(frozen=True)
class Format:
    """One file format, an entry of the registry `FORMATS`."""

    name: str
    """Name in the registry."""
    layout: str
    """One-line description of the content of a file."""
    suffixes: tuple[str, ...]
    """Suffixes in lower case, with the dot."""
    recognise: Callable[[Source], bool]
    """Returns whether the content is in this format and in no other."""
    decode: Callable[[Source], Detections]
    """Decodes a file; errors are ValueErrors with the location, found and expected, to which `read` adds the path."""
    encode: Callable[[Detections, str], bytes] | None
    """Encodes detections and the name of their video; None for a format that is only read."""
    names_videos: bool = False
    """Whether files of the format name their videos."""
    is_folder: bool | None = False
    """Whether a video is a folder with a file for each frame; None if it may be either."""
    numbers_frames: bool = True
    """Whether files of the format number their frames, rather than list all of them."""
