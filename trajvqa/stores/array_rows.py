"""Rows of an array that stays in its file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from trajvqa.stores.hdf5 import LazyFile

__all__ = ["StoredRows", "naming_damage"]

_BLOCK_BYTES = 1 << 24


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Turn what h5py raises about the inside of a file into ValueError, which names the file."""
    try:
        yield
    # RuntimeError is what h5py raises for broken links between the parts of a file.
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path}: found a truncated or damaged HDF5 file ({error}), expected a whole one") from error


class StoredRows:
    """Reads rows of a dataset in HDF5 or of a ``.npy`` file.

    An array that lies in one piece in its file is mapped to memory: that is quickest, and pages are shared between
    processes. Others are read by h5py. Either way a process opens the file when it first reads; the object
    survives pickling and fork.
    """

    shape: tuple[int, ...]
    """(R, ...) rows and their shape."""
    dtype: np.dtype[Any]
    """Of the numbers in the file."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        offset: int | None,
        chunk_rows: int = 1,
    ) -> None:
        self.path = Path(path)
        self.shape, self.dtype = shape, dtype
        self._name = name
        self._offset = offset
        self._chunk_rows = chunk_rows
        self._map: NDArray[Any] | None = None
        self._file = LazyFile(path)

    @staticmethod
    def of_dataset(dataset: h5py.Dataset) -> StoredRows:
        """Return the rows of a dataset."""
        in_one_piece = dataset.chunks is None and not dataset.is_virtual and dataset.external is None and dataset.size
        return StoredRows(
            dataset.file.filename,
            str(dataset.name).lstrip("/"),
            dataset.shape,
            dataset.dtype,
            dataset.id.get_offset() if in_one_piece else None,
            dataset.chunks[0] if dataset.chunks else 1,
        )

    @staticmethod
    def of_npy(path: str | os.PathLike[str]) -> StoredRows:
        """Return the rows of a ``.npy`` file.

        Raises
        ------
        ValueError
            When it is none, is cut off, or has columns first; naming the file.
        """
        try:
            array = np.load(path, mmap_mode="r")
        except (ValueError, EOFError) as error:
            raise ValueError(
                f"{os.fspath(path)}: found no .npy file that can be read ({error}), expected one"
            ) from None
        if not isinstance(array, np.memmap) or not array.flags.c_contiguous:
            raise ValueError(f"{os.fspath(path)}: found no array in the order of C, expected one")
        return StoredRows(path, "array", array.shape, array.dtype, array.offset)

    def __len__(self) -> int:
        return self.shape[0]

    def __getstate__(self) -> dict[str, Any]:
        # A pickled map would be a copy of the whole array.
        return {**self.__dict__, "_map": None}

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows (len(rows), ...) in any order, also the same one more than once.

        Raises
        ------
        ValueError
            For a file that is damaged.
        """
        if self._offset is not None:
            return np.asarray(self._mapped()[rows])
        different, inverse = np.unique(rows, return_inverse=True)
        return self._by_h5py(different)[inverse]

    def pick(self, rows: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[Any]:
        """Return the entry ``[row, place]`` for each of several rows and places.

        Raises
        ------
        ValueError
            For a file that is damaged.
        """
        if self._offset is not None:
            return np.asarray(self._mapped()[rows, places])
        different, inverse = np.unique(rows, return_inverse=True)
        return self._by_h5py(different)[inverse, places]

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Return all rows in blocks of some MiB: the number of the first row, and the rows.

        Raises
        ------
        ValueError
            For a file that is damaged.
        """
        row_bytes = max(int(np.prod(self.shape[1:])) * self.dtype.itemsize, 1)
        # Whole chunks, so that none is read and unpacked twice.
        step = -(-max(_BLOCK_BYTES // row_bytes, 1) // self._chunk_rows) * self._chunk_rows
        for start in range(0, len(self), step):
            rows = slice(start, min(start + step, len(self)))
            if self._offset is not None:
                yield start, np.asarray(self._mapped()[rows])
            else:
                file = self._file.open()
                with naming_damage(self.path):
                    block = file[self._name][rows]
                yield start, block

    def _mapped(self) -> NDArray[Any]:
        if self._map is None:
            assert self._offset is not None
            self._map = np.memmap(self.path, self.dtype, "r", self._offset, self.shape)
        return self._map

    def _by_h5py(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        values = np.empty((len(rows), *self.shape[1:]), self.dtype)
        file = self._file.open()
        with naming_damage(self.path):
            dataset = file[self._name]
            # Row by row: for a list of rows HDF5 takes many times as long.
            for place, row in enumerate(rows.tolist()):
                dataset.read_direct(values, np.s_[row], np.s_[place])
        return values
