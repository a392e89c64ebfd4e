"""Files and folders, local or at the URL of any file system that pyarrow or fsspec knows."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from trajtrack.files.atomic import atomic_path, is_unfinished
from trajtrack.printable import shown

__all__ = ["Place", "open_place", "path_in", "without_secrets"]

_OF_PYARROW = {"abfs", "abfss", "file", "gcs", "gs", "hdfs", "s3", "viewfs"}
_CREDENTIALS = re.compile(r"(?<=://)[^/?@]*:[^/?@]*@")


class Place:
    """A file or a folder.

    Attributes
    ----------
    filesystem
        Its pyarrow file system.
    path
        Its path there.
    name
        What messages call it: its path, or its URL without secrets.
    is_local
        Whether it is on this machine.
    """

    def __init__(self, filesystem: Any, path: str, name: str, is_local: bool) -> None:
        self.filesystem, self.path, self.name, self.is_local = filesystem, path, name, is_local

    def __truediv__(self, name: str) -> Place:
        path, full_name = (f"{each.rstrip('/')}/{name}" for each in (self.path, self.name))
        return Place(self.filesystem, path, full_name, self.is_local)

    def info(self) -> Any:
        """Return what the file system says about it."""
        with self._calling():
            self._forget()
            return self.filesystem.get_file_info(self.path)

    def exists(self) -> bool:
        """Return whether there is such a file or folder."""
        from pyarrow.fs import FileType

        return bool(self.info().type != FileType.NotFound)

    def files(self) -> Iterator[tuple[str, Any]]:
        """Yield relative path and information of all files of a folder, at any depth; none if it does not exist."""
        from pyarrow.fs import FileSelector

        selector = FileSelector(self.path, allow_not_found=True, recursive=True)
        with self._calling():
            self._forget()
            found = self.filesystem.get_file_info(selector)
        for info in found:
            if info.is_file:
                yield path_in(self.path, info.path), info

    def make_folder(self) -> None:
        """Create a folder, and those that it is in."""
        with self._calling():
            self.filesystem.create_dir(self.path, recursive=True)

    def read(self) -> bytes:
        """Return the content of a file."""
        with self._calling(), self.filesystem.open_input_stream(self.path) as file:
            return bytes(file.read())

    def remove(self) -> None:
        """Remove a file if it exists."""
        with suppress(FileNotFoundError, NotADirectoryError), self._calling():
            self.filesystem.delete_file(self.path)

    def remove_unfinished(self) -> None:
        """Remove temporary files of killed processes, at any depth; no other process may be writing to the folder."""
        for name, _ in self.files():
            if is_unfinished(os.path.basename(name)):
                (self / name).remove()

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Turn into an OSError what the library of the file system raises, which may be anything."""
        try:
            yield
        except OSError:
            raise
        except Exception as error:
            raise OSError(f"{self.name}: {error}") from error

    def _forget(self) -> None:
        """Let fsspec forget its listings of folders, in which other processes write."""
        handler = getattr(self.filesystem, "handler", None)
        if handler is not None:
            handler.fs.invalidate_cache()

    def _folder(self) -> Place:
        path, full_name = (each.rpartition("/")[0] for each in (self.path, self.name))
        return Place(self.filesystem, path, full_name, self.is_local)

    @contextmanager
    def written(self) -> Iterator[Any]:
        """Open a stream to a file, which appears, or is replaced, when the block ends without an exception."""
        folder = self._folder()
        folder.make_folder()
        if self.is_local:
            with atomic_path(self.path) as unfinished, open(unfinished, "wb") as file:
                yield file
            return
        beside = folder / f".{secrets.token_hex(8)}{os.path.splitext(self.path)[1]}"
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
    from pyarrow import ArrowException, ArrowNotImplementedError
    from pyarrow.fs import FileSystem, LocalFileSystem

    if "://" not in name:
        path = os.path.abspath(name)
        return Place(LocalFileSystem(), path, path, True)
    try:
        filesystem, path = FileSystem.from_uri(name)
    except (ArrowException, ValueError) as error:
        # This pyarrow may have been built without it.
        if name.partition("://")[0] not in _OF_PYARROW or isinstance(error, ArrowNotImplementedError):
            return _of_fsspec(name)
        raise _invalid(name, error) from error
    is_local = isinstance(filesystem, LocalFileSystem)
    return Place(filesystem, path, path if is_local else without_secrets(name), is_local)


def _of_fsspec(url: str) -> Place:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    try:
        from fsspec.core import url_to_fs
        from fsspec.registry import get_filesystem_class
    except ImportError:
        raise ImportError(f"{without_secrets(url)} needs fsspec: pip install fsspec") from None
    scheme = re.split("::|://", url)[0]
    try:
        get_filesystem_class(scheme)
    except ValueError:
        raise ValueError(
            f"{without_secrets(url)}: found the unknown scheme {shown(scheme)}, expected one that pyarrow or fsspec "
            "knows, such as s3, gs or hdfs"
        ) from None
    except ImportError as error:
        raise ImportError(f"{without_secrets(url)}: {error}") from error
    try:
        filesystem, path = url_to_fs(url)
    except Exception as error:  # any, by the file system
        raise _invalid(url, error) from error
    return Place(PyFileSystem(FSSpecHandler(filesystem)), path, without_secrets(url), False)


def _invalid(url: str, error: Exception) -> ValueError:
    named = without_secrets(url)
    reason = str(error).replace(url, named)
    return ValueError(f"{named}: found an invalid URL ({reason}), expected one such as s3://bucket/folder")


def without_secrets(name: str) -> str:
    """Return a path as it is, and a URL without its credentials and options."""
    return _CREDENTIALS.sub("", name.partition("?")[0]) if "://" in name else name


def path_in(folder: str, path: str) -> str:
    """Return the path of a file relative to a folder that it is in."""
    return path.removeprefix(folder.rstrip("/")).lstrip("/")
