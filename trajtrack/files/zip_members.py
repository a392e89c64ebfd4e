"""Files and members of zip archives, read alike."""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trajtrack.printable import escaped

__all__ = ["is_archive", "member_names", "read_content"]


def read_content(name: str) -> bytes:
    """Return the content of a file or of a member of a zip archive.

    Raises
    ------
    OSError
        As `open`; FileNotFoundError also if the archive has no such member.
    ValueError
        If the archive cannot be read, or is named without a member.
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


def _read_member(archive: Path, member: str, name: str) -> bytes:
    try:
        with _opened(archive) as files:
            return files.read(member)
    except KeyError:
        raise FileNotFoundError(errno.ENOENT, "No such file in the archive", name) from None


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as files:
            yield files
    # zipfile raises RuntimeError for encrypted members and unknown compression methods.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ValueError(
            f"{escaped(str(archive))}: found an unreadable file ({error}), expected a zip archive"
        ) from error
