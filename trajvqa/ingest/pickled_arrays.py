"""Arrays of Python objects in ``.npy`` files, read without running what a pickle may hold."""

from __future__ import annotations

import os
import pickle
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["read_array"]


def _latin1(text: str, encoding: str) -> bytes:
    """Return bytes that protocol 2 of pickle wrote as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"found the encoding {encoding}, expected latin1")
    return text.encode("latin1")


# What NumPy's own pickles call; its modules had other names before NumPy 2.
_ADMITTED: dict[str, Any] = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "_reconstruct": np.empty(0).__reduce__()[0],
    "scalar": np.float32(0).__reduce__()[0],
    "_frombuffer": np.empty(1).__reduce_ex__(5)[0],
}
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")


class _ArrayUnpickler(pickle.Unpickler):
    """Admits what arrays and numbers of NumPy are rebuilt with, and refuses anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        if module in _MODULES and name in _ADMITTED:
            return _ADMITTED[name]
        raise pickle.UnpicklingError(f"found a call of {module}.{name}, expected arrays and numbers alone")


def read_array(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read a ``.npy`` file, whose numbers may be in Python lists.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is no such file, is cut off, or its pickle holds anything but arrays, lists and numbers; naming the
        file.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        except (ValueError, EOFError, pickle.UnpicklingError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise ValueError(f"{os.fspath(path)}: found an unreadable .npy file ({error})") from error


def _read(file: BinaryIO) -> NDArray[Any]:
    version = npy.read_magic(file)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    _, _, dtype = header(file)
    if dtype.hasobject:
        array = _ArrayUnpickler(file).load()
        if not isinstance(array, np.ndarray):
            raise ValueError(f"found {type(array).__name__}, expected an array")
        return array
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)
