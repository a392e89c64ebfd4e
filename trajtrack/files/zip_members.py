"""Files and members of zip archives, read alike."""

from __future__ import annotations

import errno
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trajtrack.files.packed import max_unpacked
from trajtrack.printable import escaped

__all__ = ["is_archive", "member_names", "read_content", "read_members"]


_HEADER_LENGTH = 30
_NAME_LENGTHS = struct.Struct("<HH")
_LZMA = struct.Struct("<5xI")
"""Versions, length of the properties and the first of them; then the size of the dictionary."""
_MAX_DICTIONARY = 1 << 26


class _TooLargeError(ValueError):
    pass


def read_content(name: str) -> bytes:
    """Return the content of a file or of a member of a zip archive.

    Raises
    ------
    OSError
        As `open`; FileNotFoundError also if the archive has no such member.
    ValueError
        If the archive cannot be read or is named without a member, or the member is larger than `max_unpacked`.
    """
    path = Path(name)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory, expected a file", name)
    if not path.exists():
        for parent in path.parents:
            if is_archive(parent):
                return _read_member(parent, path.relative_to(parent).as_posix(), name)
    elif is_archive(path):
        raise ValueError(f"{escaped(name)}: found a zip archive, expected the path of a file in it")
    return path.read_bytes()


def is_archive(path: Path) -> bool:
    """Return whether a path is an existing file with the suffix ``.zip``."""
    return path.suffix.lower() == ".zip" and path.is_file()


def member_names(archive: Path) -> list[str]:
    """Return the sorted names of the files in a zip archive.

    Raises
    ------
    ValueError
        If the archive cannot be read.
    """
    with _opened(archive) as files:
        return sorted(name for name in files.namelist() if not name.endswith("/"))


def read_members(archive: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of the files in a zip archive whose names end with `suffix`, sorted by name.

    Raises
    ------
    ValueError
        If the archive cannot be read.
    """
    with _opened(archive) as files:
        for name in sorted(name for name in files.namelist() if name.endswith(suffix)):
            yield name, _content(files, name)


def _read_member(archive: Path, member: str, name: str) -> bytes:
    with _opened(archive) as files:
        if member not in files.NameToInfo:
            raise FileNotFoundError(errno.ENOENT, "No such file in the archive", name)
        return _content(files, member)


def _content(files: zipfile.ZipFile, member: str) -> bytes:
    info = files.getinfo(member)
    assert files.filename is not None
    size = os.path.getsize(files.filename)
    # What a member claims here would otherwise raise the limit, and zipfile takes as much memory at once.
    if info.compress_size > size:
        raise _TooLargeError(
            f"{escaped(f'{files.filename}/{member}')}: found {info.compress_size} compressed bytes in an archive of "
            f"{size}, expected fewer"
        )
    limit = max_unpacked(info.compress_size)
    if info.file_size > limit:
        raise _TooLargeError(
            f"{escaped(f'{files.filename}/{member}')}: found {info.file_size} bytes, compressed to "
            f"{info.compress_size}, expected at most {limit}"
        )
    if info.compress_type == zipfile.ZIP_LZMA:
        dictionary = _dictionary_of(files, info)
        if dictionary > _MAX_DICTIONARY:
            raise _TooLargeError(
                f"{escaped(f'{files.filename}/{member}')}: found LZMA with a dictionary of {dictionary} bytes, "
                f"expected at most {_MAX_DICTIONARY}"
            )
    # The size is what the archive claims; zipfile reads no more than that.
    return files.read(info)


def _dictionary_of(files: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """Return the number of bytes that decompressing a member by LZMA takes, whatever its size."""
    assert files.fp is not None
    files.fp.seek(info.header_offset)
    names = sum(_NAME_LENGTHS.unpack_from(files.fp.read(_HEADER_LENGTH), _HEADER_LENGTH - _NAME_LENGTHS.size))
    files.fp.seek(names, os.SEEK_CUR)
    dictionary: int = _LZMA.unpack(files.fp.read(_LZMA.size))[0]
    return dictionary


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as files:
            yield files
    except (_TooLargeError, MemoryError):
        raise
    # Each compression method has errors of its own; that of bz2 is an OSError, as is that of an impossible offset.
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise ValueError(
            f"{escaped(str(archive))}: found an unreadable file ({error}), expected a zip archive"
        ) from error
