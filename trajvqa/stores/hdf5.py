"""Opening and checking HDF5 files, with errors that name the file and the dataset."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import DISK_FULL, atomic_path
from trajtrack.printable import shown
from trajvqa.stores.heaps import require_sound_heaps
from trajvqa.stores.own_values import own_dataset, require_small, require_stored

__all__ = [
    "KEPT_IN_MEMORY",
    "LazyFile",
    "created",
    "is_text",
    "open_checked",
    "read_column",
    "read_ids",
    "require_dataset",
    "require_videos",
    "write_ids",
]

Kind = Literal["float", "integer"]

_KINDS = {"float": "f", "integer": "iu"}
KEPT_IN_MEMORY = 256 << 20
"""Maximum number of bytes of features of a store that stay in memory after the first read."""
_MAX_NAMED = 5
"""Maximum number of missing videos, or of datasets, in a message."""
_MAX_ID = 4096
"""Maximum number of bytes of an ID."""
_BLOCK_BYTES = 1 << 24
_IN_MEMORY = "/dev/shm"


def open_checked(path: str | os.PathLike[str]) -> h5py.File:
    """Open a file for reading.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    IsADirectoryError
        If the path is a folder.
    ValueError
        If the file is not HDF5 or is truncated, naming the file.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise IsADirectoryError(errno.EISDIR, "Is a directory, expected an HDF5 file", name)
    if not os.path.exists(name):
        raise FileNotFoundError(errno.ENOENT, "No such file, expected an HDF5 file", name)
    try:
        file = h5py.File(name, "r")
        require_sound_heaps(name)
        return file
    except PermissionError as error:
        raise PermissionError(errno.EACCES, "No permission to read", name) from error
    except OSError as error:
        reason = str(error)
        if "truncated file" in reason:
            found = f"found {os.path.getsize(name)} bytes, expected more: the file is truncated"
        elif "file signature not found" in reason:
            found = "found another format, expected an HDF5 file"
        else:
            found = f"found an unreadable HDF5 file ({reason}), expected a valid one"
        raise ValueError(f"{name}: {found}") from error


@contextmanager
def created(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """Open a new file for writing; it replaces `path` as `trajtrack.files.atomic.atomic_path` describes.

    Raises
    ------
    OSError
        If it cannot be written, naming the file.
    """
    with atomic_path(path) as unfinished:
        try:
            with h5py.File(unfinished, "w") as file, _closable(file):
                yield file
        except (OSError, RuntimeError) as error:
            # The library reports a full disk in a paragraph, or when the file is closed as a RuntimeError.
            number = next((each for each in DISK_FULL if f"errno = {each}," in str(error)), None)
            if number is None:
                raise
            raise OSError(number, os.strerror(number), os.fspath(path)) from error


@contextmanager
def _closable(file: h5py.File) -> Iterator[None]:
    """Write all that a file holds, or else make sure that it can be closed.

    The library keeps what it could not write, tries again when the process ends, and crashes if it still cannot. After
    an error it is therefore given a file in memory in place of the one on the disk, which will be removed.
    """
    try:
        yield
        file.flush()
    except BaseException:
        with tempfile.TemporaryFile(dir=_IN_MEMORY if os.path.isdir(_IN_MEMORY) else None) as replacement:
            os.dup2(replacement.fileno(), file.id.get_vfd_handle())
        raise


def require_dataset(file: h5py.File, name: str, shape_text: str, kind: Kind | None = None) -> h5py.Dataset:
    """Return a dataset of the required shape and kind.

    Parameters
    ----------
    file
        The file.
    name
        Name of the dataset.
    shape_text
        Shape of the dataset, as in ``"(V, 16, D)"``: letters stand for any size, numbers for that size.
    kind
        Kind of its numbers; default: any.

    Raises
    ------
    ValueError
        If the dataset is missing, has another shape or kind, or has values that are not in the file: in another file,
        or never written; naming the file, what was found and what was expected.
    """
    found = own_dataset(file, name)
    if found is None:
        others = ", ".join(sorted(file)[:_MAX_NAMED]) + (", ..." if len(file) > _MAX_NAMED else "")
        raise ValueError(
            f"{file.filename}: {name}: found no such dataset (only {others or 'nothing'}), expected shape {shape_text}"
        )
    sizes = [size.strip() for size in shape_text.strip("()").split(",") if size.strip()]
    shape = found.shape or ()
    if len(shape) != len(sizes) or any(
        wanted.isdecimal() and int(wanted) != size for wanted, size in zip(sizes, shape, strict=True)
    ):
        raise ValueError(f"{file.filename}: {name}: found shape {found.shape}, expected {shape_text}")
    if kind is not None and found.dtype.kind not in _KINDS[kind]:
        raise ValueError(f"{file.filename}: {name}: found {found.dtype}, expected {kind} numbers")
    require_stored(found, f"{file.filename}: {name}")
    return found


def read_column(file: h5py.File, name: str, shape_text: str, kind: Kind) -> NDArray[Any]:
    """Return all values of a dataset that `require_dataset` accepts.

    Raises
    ------
    ValueError
        As `require_dataset`, and if the values take more than 1 GiB.
    """
    dataset = require_dataset(file, name, shape_text, kind)
    require_small(dataset, f"{file.filename}: {name}")
    values: NDArray[Any] = dataset[:]
    return values


def read_ids(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Return the IDs in a dataset of integers or text, as text.

    Raises
    ------
    ValueError
        If the dataset has another type, an ID repeats or has more than 4096 bytes; naming the file and the rows.
    """
    where = f"{dataset.file.filename}: {str(dataset.name).lstrip('/')}"
    if dataset.ndim != 1:
        raise ValueError(f"{where}: found shape {dataset.shape}, expected (V,)")
    if dataset.dtype.kind not in "iuSOT" or (dataset.dtype.kind == "O" and not is_text(dataset.dtype)):
        raise ValueError(f"{where}: found {dataset.dtype}, expected integers or text")
    if dataset.dtype.kind == "S" and dataset.dtype.itemsize > _MAX_ID:
        raise ValueError(f"{where}: found IDs of {dataset.dtype.itemsize} bytes, expected at most {_MAX_ID}")
    require_small(dataset, where)
    # Many rows may share one text, which may be as long as the file.
    row_bytes = os.path.getsize(dataset.file.filename) if dataset.dtype.kind in "OT" else dataset.dtype.itemsize
    step = max(_BLOCK_BYTES // max(row_bytes, 1), 1)
    first_rows: dict[str, int] = {}
    for start in range(0, len(dataset), step):
        for row, value in enumerate(dataset[start : start + step].tolist(), start):
            each = _as_text(value, f"{where}, row {row}")
            first = first_rows.setdefault(each, row)
            if first != row:
                raise ValueError(f"{where}: found {shown(each)} in rows {first} and {row}, expected unique IDs")
    return tuple(first_rows)


def is_text(dtype: np.dtype[Any]) -> bool:
    """Return whether values of a type are text; the library crashes when it reads others of no fixed length."""
    return h5py.check_string_dtype(dtype) is not None


def write_ids(file: h5py.File, name: str, ids: Sequence[str]) -> None:
    """Write IDs as a dataset of UTF-8 text."""
    file.create_dataset(name, data=np.array(ids, dtype=object), dtype=h5py.string_dtype())


class LazyFile:
    """A file that each process opens at its first read, so that it can be pickled and used after fork.

    HDF5 handles must not be shared between processes, because their reads would interfere.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: h5py.File | None = None
        self._process = 0

    def open(self) -> h5py.File:
        """Return the file as opened by this process.

        Raises
        ------
        FileNotFoundError, ValueError
            As `open_checked`.
        """
        if self._file is None or self._process != os.getpid():
            self._file = open_checked(self.path)
            self._process = os.getpid()
        return self._file

    def close(self) -> None:
        """Close the file if this process has opened it; the next read opens it again."""
        if self._file is not None and self._process == os.getpid():
            self._file.close()
        self._file = None

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_file": None, "_process": 0}


def _as_text(value: Any, where: str) -> str:
    if isinstance(value, bytes | str) and len(value) > _MAX_ID:
        raise ValueError(f"{where}: found an ID of {len(value)} bytes, expected at most {_MAX_ID}")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ValueError(f"{where}: found {shown(value)}, expected UTF-8 text") from None
    if isinstance(value, int | str):
        return str(value)
    raise ValueError(f"{where}: found {type(value).__name__}, expected an integer or text")


def require_videos(path: str | os.PathLike[str], known: Container[str], videos: Iterable[str]) -> None:
    """Raise ValueError if videos are not among the known IDs of a file.

    The message names the file, the number of missing videos and the first of them.
    """
    required = dict.fromkeys(videos)
    missing = [video for video in required if video not in known]
    if missing:
        named = ", ".join(missing[:_MAX_NAMED]) + (", ..." if len(missing) > _MAX_NAMED else "")
        raise ValueError(
            f"{os.fspath(path)}: ids: found {len(required) - len(missing)} of {len(required)} videos, expected all; "
            f"{len(missing)} missing: {named}"
        )
