"""What a file format is to `read` and `write`."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trajtrack.detections import Detections
from trajtrack.files import json_fields

__all__ = ["Format", "Source"]


@dataclass(frozen=True)
class Source:
    """A file that is being read."""

    path: str
    """Its name, as the caller gave it."""
    content: bytes
    """All of it."""
    video: str | int | None = None
    """Name or id of the video that the caller wants of it."""

    @cached_property
    def document(self) -> Any:
        """The content as JSON; ValueError with the line where it is none."""
        return json_fields.parse(self.content)

    @property
    def first_line(self) -> bytes:
        """The first line that is not blank, or its beginning."""
        return self.content[:1000].removeprefix(codecs.BOM_UTF8).lstrip().split(b"\n", 1)[0].rstrip()

    @property
    def is_text(self) -> bool:
        """Whether the content may be a text table."""
        return b"\0" not in self.content[:1000] and not self.is_json and not self.is_xml

    @property
    def is_json(self) -> bool:
        """Whether the content may be JSON."""
        return self.first_line.startswith((b"{", b"["))

    @property
    def is_xml(self) -> bool:
        """Whether the content may be XML."""
        return self.first_line.startswith(b"<")

    def has_keys(self, *keys: str) -> bool:
        """Whether the content is a JSON object that has all these keys."""
        return self.is_json and isinstance(self.document, dict) and self.document.keys() >= {*keys}


@dataclass(frozen=True)
class Format:
    """One file format: a line of the registry `FORMATS`."""

    name: str
    layout: str
    """One line for people: what is in such a file."""
    suffixes: tuple[str, ...]
    """In lower case, with the dot."""
    recognise: Callable[[Source], bool]
    """Whether the content is of this format and of no other."""
    decode: Callable[[Source], Detections]
    """Raises ValueError with the place in the file, what was found and expected; `read` adds the name."""
    encode: Callable[[Detections, str], bytes] | None
    """From detections and the name of their video; None for a format that is only read."""
    names_videos: bool = False
    """Whether its files say which video they are about."""
