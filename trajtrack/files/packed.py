"""Files that may be compressed with gzip, and text that may be in another encoding than UTF-8."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path

__all__ = ["GZIP", "decode", "marked_encoding", "max_unpacked", "other_encoding", "read_unpacked", "unpacked"]

GZIP = b"\x1f\x8b"
"""First bytes of a file compressed with gzip."""

_MAX_SIZE = 1 << 30
_MAX_RATIO, _MAX_DENSE_SIZE = 200, 1 << 26
"""Compression ratio that no table or annotation reaches, and size up to which the ratio does not matter."""

_ENCODINGS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (GZIP, "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)


def max_unpacked(packed: int) -> int:
    """Return the maximum size of the content of `packed` bytes: 200 times as many, but from 64 MiB to 1 GiB."""
    return min(max(_MAX_RATIO * packed, _MAX_DENSE_SIZE), _MAX_SIZE)


def read_unpacked(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file, decompressed if it is compressed with gzip, whatever its suffix.

    Raises
    ------
    OSError
        As `open`.
    ValueError
        If the content is damaged or larger than `max_unpacked`; the message does not name the file.
    """
    return unpacked(Path(path).read_bytes())


def unpacked(content: bytes) -> bytes:
    """Return the content of a file as `read_unpacked` does."""
    if not content.startswith(GZIP):
        return content
    limit = max_unpacked(len(content))
    try:
        with gzip.open(io.BytesIO(content)) as file:
            result = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"found damaged gzip ({error}), expected an intact file") from error
    if len(result) > limit:
        raise ValueError(f"found more than {limit} bytes in {len(content)} bytes of gzip, expected fewer")
    return result


def marked_encoding(content: bytes) -> str | None:
    """Return the encoding or compression that the first bytes of a file mark, or None."""
    return next((name for mark, name in _ENCODINGS if content.startswith(mark)), None)


def other_encoding(content: bytes) -> str | None:
    """Return the encoding or compression of content that is not UTF-8, or None if its beginning does not show it.

    UTF-16 without a byte order mark is recognised by its zero bytes.
    """
    return marked_encoding(content) or ("UTF-16" if b"\0" in content[:2] else None)


def decode(content: bytes, expected: str = "text in UTF-8") -> str:
    """Return text in UTF-8, with or without a byte order mark.

    Raises
    ------
    ValueError
        If it is not UTF-8; the message names the other encoding if it is recognised, otherwise the line.
    """
    other = other_encoding(content)
    if other is not None:
        raise ValueError(f"line 1: found {other}, expected {expected}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ValueError(f"line {line}: found byte 0x{content[error.start]:02x}, expected {expected}") from None
