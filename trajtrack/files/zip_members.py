"""The bytes of a file, which may lie in a zip archive."""

from __future__ import annotations

import errno
import os
import zipfile
import zlib
from pathlib import Path

__all__ = ["read_content"]


def read_content(name: str) -> bytes:
    """Return the content of a file or of a member of a zip archive.

    Raises
    ------
    OSError
        As `open` does; FileNotFoundError also where the archive has no such member.
    ValueError
        When the archive cannot be read, or when it is named without a member.
    """
    path = Path(name)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory, expected a file", name)
    if not path.exists():
        for parent in path.parents:
            if _is_archive(parent):
                return _read_member(parent, path.relative_to(parent).as_posix(), name)
    elif _is_archive(path):
        raise ValueError(f"{name}: found a zip archive, expected the name of a file in it after the archive's")
    return path.read_bytes()


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file()


def _read_member(archive: Path, member: str, name: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as files:
            return files.read(member)
    except KeyError:
        raise FileNotFoundError(errno.ENOENT, "No such file in the archive", name) from None
    # RuntimeError is how zipfile refuses what is encrypted, or compressed in a way that it does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ValueError(f"{os.fspath(archive)}: found no zip archive that can be read ({error})") from error
