"""Recognise videos and images that are given in place of detections."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable

__all__ = ["are_images", "medium_of"]

_STARTS = {
    b"\x1a\x45\xdf\xa3": "a video",  # Matroska, WebM
    b"\x00\x00\x01\xba": "a video",  # MPEG
    b"FLV\x01": "a video",
    b"\x89PNG\r\n": "an image",
    b"\xff\xd8\xff": "an image",  # JPEG
    b"GIF8": "an image",
}


def medium_of(content: bytes) -> str | None:
    """Return "a video" or "an image" if the content is one, as its first bytes say."""
    if content[4:8] == b"ftyp" or (content.startswith(b"RIFF") and content[8:12] == b"AVI "):
        return "a video"
    return next((medium for start, medium in _STARTS.items() if content.startswith(start)), None)


def are_images(names: Iterable[str]) -> bool:
    """Return whether all names, one at least, are those of images."""
    kinds = {(mimetypes.guess_type(name)[0] or "").partition("/")[0] for name in names}
    return kinds == {"image"}
