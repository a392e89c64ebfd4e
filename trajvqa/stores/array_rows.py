"""Rows of an array that are read from its file when needed."""

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

__all__ = ["ArrayRows", "reporting_damage"]

_BLOCK_BYTES = 1 << 24


@contextmanager
def reporting_damage(path: Path) -> Iterator[None]:
    """Turn h5py's errors about the content of a file into ValueError, naming the file."""
    try:
        yield
    # h5py raises RuntimeError for broken links between the parts of a file, TypeError for types that NumPy lacks.
    except (OSError, RuntimeError, TypeError) as error:
        raise ValueError(f"{path}: found a truncated or damaged HDF5 file ({error}), expected an intact one") from error


class ArrayRows:
    """Rows of an HDF5 dataset or of a ``.npy`` file.

    Contiguous arrays are memory-mapped, which is fastest and shares pages between processes. Others are read by h5py.
    In both cases, each process opens the file at its first read, so that the object can be pickled and used after
    fork.
    """

    shape: tuple[int, ...]
    """Shape (R, ...) of the array of R rows."""
    dtype: np.dtype[Any]
    """Type of the numbers in the file."""

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
    def of_dataset(dataset: h5py.Dataset) -> ArrayRows:
        """Return the rows of an HDF5 dataset."""
        contiguous = dataset.chunks is None and not dataset.is_virtual and dataset.external is None and dataset.size
        return ArrayRows(
            dataset.file.filename,
            str(dataset.name).lstrip("/"),
            dataset.shape,
            dataset.dtype,
            dataset.id.get_offset() if contiguous else None,
            dataset.chunks[0] if dataset.chunks else 1,
        )

    @staticmethod
    def of_npy(path: str | os.PathLike[str]) -> ArrayRows:
        """Return the rows of a ``.npy`` file.

        Raises
        ------
        ValueError
            If the file is invalid or truncated, or in Fortran order; naming the file.
        """
        try:
            array = np.load(path, mmap_mode="r")
        # NumPy's parser of headers lets errors of many types through, also for sizes beyond the file's.
        except Exception as error:
            if isinstance(error, OSError) and error.filename is not None:
                raise
            raise ValueError(
                f"{os.fspath(path)}: found an unreadable .npy file ({error}), expected a valid one"
            ) from None
        if not isinstance(array, np.memmap) or not array.flags.c_contiguous:
            raise ValueError(f"{os.fspath(path)}: found no array in C order, expected one")
        return ArrayRows(path, "array", array.shape, array.dtype, array.offset)

    def __len__(self) -> int:
        return self.shape[0]

    def __getstate__(self) -> dict[str, Any]:
        # Pickling the map would copy the whole array.
        return {**self.__dict__, "_map": None}

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        self._map = None
        self._file.close()

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows (len(rows), ...); they may be in any order and repeat.

        Raises
        ------
        ValueError
            If the file is damaged.
        """
        if self._offset is not None:
            return np.asarray(self._mapped()[rows])
        distinct, inverse = np.unique(rows, return_inverse=True)
        return self._by_h5py(distinct)[inverse]

    def pick(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[Any]:
        """Return the entries ``[row, column]`` for pairs of rows and columns, both (n,).

        Raises
        ------
        ValueError
            If the file is damaged.
        """
        if self._offset is not None:
            return np.asarray(self._mapped()[rows, columns])
        distinct, inverse = np.unique(rows, return_inverse=True)
        return self._by_h5py(distinct)[inverse, columns]

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield all rows in blocks of about 16 MiB, each with the index of its first row.

        Raises
        ------
        ValueError
            If the file is damaged.
        """
        row_bytes = max(int(np.prod(self.shape[1:])) * self.dtype.itemsize, 1)
        # Blocks consist of whole chunks, so that no chunk is read and unpacked twice.
        step = -(-max(_BLOCK_BYTES // row_bytes, 1) // self._chunk_rows) * self._chunk_rows
        for start in range(0, len(self), step):
            rows = slice(start, min(start + step, len(self)))
            if self._offset is not None:
                yield start, np.asarray(self._mapped()[rows])
            else:
                file = self._file.open()
                with reporting_damage(self.path):
                    block = file[self._name][rows]
                yield start, block

    def _mapped(self) -> NDArray[Any]:
        if self._map is None:
            assert self._offset is not None
            try:
                self._map = np.memmap(self.path, self.dtype, "r", self._offset, self.shape)
            except (ValueError, TypeError, OverflowError) as error:
                raise ValueError(
                    f"{self.path}: {self._name}: found values beyond the end of the file ({error}), expected them in it"
                ) from error
        return self._map

    def _by_h5py(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        values = np.empty((len(rows), *self.shape[1:]), self.dtype)
        file = self._file.open()
        with reporting_damage(self.path):
            dataset = file[self._name]
            # Row by row, because HDF5 takes many times as long for a list of rows.
            for index, row in enumerate(rows.tolist()):
                dataset.read_direct(values, np.s_[row], np.s_[index])
        return values
