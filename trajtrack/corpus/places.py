"""Files and folders, local or at the URL of any file system that pyarrow or fsspec knows."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from trajtrack.files.atomic import atomic_path, is_unfinished

__all__ = ["Place", "open_place", "path_in"]


class Place:
    """A file or a folder.

    Attributes
    ----------
    filesystem
        Its pyarrow file system.
    path
        Its path there.
    is_local
        Whether it is on this machine.
    """

    def __init__(self, filesystem: Any, path: str, is_local: bool) -> None:
        self.filesystem, self.path, self.is_local = filesystem, path, is_local

    def __truediv__(self, name: str) -> Place:
        return Place(self.filesystem, f"{self.path.rstrip('/')}/{name}", self.is_local)

    def info(self) -> Any:
        """Return what the file system says about it."""
        return self.filesystem.get_file_info(self.path)

    def exists(self) -> bool:
        """Return whether there is such a file or folder."""
        from pyarrow.fs import FileType

        return bool(self.info().type != FileType.NotFound)

    def files(self) -> Iterator[tuple[str, Any]]:
        """Yield relative path and information of all files of a folder, at any depth; none if it does not exist."""
        from pyarrow.fs import FileSelector

        selector = FileSelector(self.path, allow_not_found=True, recursive=True)
        for info in self.filesystem.get_file_info(selector):
            if info.is_file:
                yield path_in(self.path, info.path), info

    def make_folder(self) -> None:
        """Create a folder, and those that it is in."""
        self.filesystem.create_dir(self.path, recursive=True)

    def read(self) -> bytes:
        """Return the content of a file."""
        with self.filesystem.open_input_stream(self.path) as file:
            return bytes(file.read())

    def remove(self) -> None:
        """Remove a file if it exists."""
        with suppress(FileNotFoundError, NotADirectoryError):
            self.filesystem.delete_file(self.path)

    def remove_unfinished(self) -> None:
        """Remove temporary files of killed processes, at any depth; no other process may be writing to the folder."""
        for name, _ in self.files():
            if is_unfinished(os.path.basename(name)):
                (self / name).remove()

    @contextmanager
    def written(self) -> Iterator[Any]:
        """Open a stream to a file, which appears, or is replaced, when the block ends without an exception."""
        folder, _, name = self.path.rpartition("/")
        self.filesystem.create_dir(folder, recursive=True)
        if self.is_local:
            with atomic_path(self.path) as unfinished, open(unfinished, "wb") as file:
                yield file
            return
        beside = Place(self.filesystem, f"{folder}/.{secrets.token_hex(8)}{os.path.splitext(name)[1]}", False)
        try:
            with self.filesystem.open_output_stream(beside.path) as file:
                yield file
            self.filesystem.move(beside.path, self.path)
        except BaseException:
            with suppress(OSError):
                beside.remove()
            raise


def open_place(name: str) -> Place:
    """Return the file or folder of a path or a URL.

    Raises
    ------
    ValueError
        If no file system knows the URL.
    ImportError
        If it needs a package that is not installed.
    """
    from pyarrow import ArrowException
    from pyarrow.fs import FileSystem, LocalFileSystem

    if "://" not in name:
        return Place(LocalFileSystem(), os.path.abspath(name), True)
    try:
        filesystem, path = FileSystem.from_uri(name)
    except (ArrowException, ValueError):
        return _of_fsspec(name)
    return Place(filesystem, path, isinstance(filesystem, LocalFileSystem))


def _of_fsspec(url: str) -> Place:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ImportError(f"{url} needs fsspec: pip install fsspec") from None
    filesystem, path = url_to_fs(url)
    return Place(PyFileSystem(FSSpecHandler(filesystem)), path, False)


def path_in(folder: str, path: str) -> str:
    """Return the path of a file relative to a folder that it is in."""
    return path.removeprefix(folder.rstrip("/")).lstrip("/")
