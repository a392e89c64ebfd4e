"""Reading ``.npy`` files with pickled Python objects, without running code from the pickle."""

from __future__ import annotations

import os
import pickle
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["read_array"]


def _latin1(text: str, encoding: str) -> bytes:
    """Return bytes that pickle's protocol 2 wrote as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"found the encoding {encoding}, expected latin1")
    return text.encode("latin1")


# The callables in NumPy's own pickles; the modules had other names before NumPy 2.
_ADMITTED: dict[str, Any] = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "_reconstruct": np.empty(0).__reduce__()[0],
    "scalar": np.float32(0).__reduce__()[0],
    "_frombuffer": np.empty(1).__reduce_ex__(5)[0],
}
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")


class _ArrayUnpickler(pickle.Unpickler):
    """Permits only the callables that rebuild NumPy's arrays and numbers."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        if module in _MODULES and name in _ADMITTED:
            return _ADMITTED[name]
        raise pickle.UnpicklingError(f"found a call of {module}.{name}, expected only arrays and numbers")


def read_array(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read a ``.npy`` file, which may be an array of Python lists.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is invalid or truncated, or its pickle contains anything but arrays, lists and numbers; naming the
        file.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        except (ValueError, EOFError, pickle.UnpicklingError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise ValueError(
                f"{os.fspath(path)}: found an unreadable .npy file ({error}), expected a valid one"
            ) from error


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
