"""Content of files as the decoders expect it: uncompressed, and text in UTF-8 with commas or blanks between columns."""

from __future__ import annotations

import re
from pathlib import Path

from trajtrack.files.packed import GZIP, marked_encoding, unpacked
from trajtrack.files.zip_members import read_content
from trajtrack.io.folders import Folder, sequence_file
from trajtrack.io.format import Reading, Source

__all__ = ["read_source"]

_PICKLED = (".pkl", ".pickle", ".pth", ".pt")
_PACKED = ("bzip2", "xz", "zip", "zstd")
_XML_ENCODING = re.compile(r"""(<\?xml[^>]*encoding\s*=\s*["'])utf-?16[^"']*""", re.IGNORECASE)
_BOM_EXPECTED = "UTF-8 text, or UTF-16 with a byte order mark"


def read_source(path: str, reading: Reading) -> Source:
    """Read a file, a file in a zip archive, or a folder.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If the file cannot be uncompressed or its text is in an encoding that is not read.
    """
    if Path(path).is_dir():
        folder = Folder(Path(path))
        file = sequence_file(folder, reading.is_truth)
        if file is None:
            return Source(path, b"", reading, folder=folder)
        path = str(file)
    content = read_content(path)
    if path.lower().endswith(_PICKLED):
        raise ValueError(f"{path}: found a pickle, which can run any program when it is read, expected JSON or text")
    try:
        return Source(path, _with_commas(_as_utf_8(_uncompressed(path, content))), reading)
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from error


def _uncompressed(path: str, content: bytes) -> bytes:
    if path.lower().endswith(".gz") and not content.startswith(GZIP):
        raise ValueError(f"line 1: found {content[:20]!r}, expected gzip data, as the suffix says")
    content = unpacked(content)
    packing = marked_encoding(content)
    if packing in _PACKED:
        raise ValueError(f"line 1: found data compressed as {packing}, expected a file that is uncompressed or gzip")
    return content


def _as_utf_8(content: bytes) -> bytes:
    encoding = marked_encoding(content)
    if encoding == "UTF-32":
        raise ValueError(f"line 1: found UTF-32 text, expected {_BOM_EXPECTED}")
    if encoding == "UTF-16":
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError(f"line 1: found invalid UTF-16 text ({error.reason}), expected {_BOM_EXPECTED}") from None
        return _XML_ENCODING.sub(r"\1utf-8", text, count=1).encode()
    start = content[:64]
    # Latin letters, digits and signs are every other byte of UTF-16.
    if any(len(start) >= 8 and not any(start[own::2]) and all(start[1 - own :: 2]) for own in (0, 1)):
        raise ValueError(f"line 1: found UTF-16 text without a byte order mark, expected {_BOM_EXPECTED}")
    return content


def _with_commas(content: bytes) -> bytes:
    """Replace semicolons between the columns of a text table by commas."""
    source = Source("", content)
    if not source.is_text or b";" not in source.first_line or b'"' in content:
        return content
    if b"," not in content:
        return content.replace(b";", b",")
    line = content.count(b"\n", 0, content.index(b",")) + 1
    raise ValueError(
        f"line {line}: found semicolons and commas, expected columns separated by one of them and decimal points"
    )
