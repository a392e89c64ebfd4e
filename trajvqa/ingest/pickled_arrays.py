"""Reading ``.npy`` files, also of pickled lists, without running code from the pickle.

NumPy's own ``__setstate__`` believes its arguments: a damaged file can make it take bytes for pointers. Arrays are
therefore built here, from values that are checked first.
"""

from __future__ import annotations

import io
import math
import os
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from trajtrack.files.pickles import Function, PickleError, read_pickle
from trajtrack.printable import printable_errors

__all__ = ["read_array"]

# NumPy's modules had other names before NumPy 2.
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")
_NUMBERS = re.compile(r"[iu][1248]|f[248]|b1")
_OBJECTS = ("O", "O4", "O8")


@printable_errors
def read_array(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read a ``.npy`` file of numbers, or of Python lists and arrays of numbers.

    The elements of an array of lists are lists of numbers, arrays or numbers in honest files; nothing else in them is
    checked than that they are plain values.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is invalid or truncated, or its pickle contains anything but arrays, lists and numbers; naming the
        file.
    """
    with open(path, "rb") as file:
        content = file.read()
    try:
        return _read(content)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: found an unreadable .npy file ({error}), expected a valid one") from error


def _read(content: bytes) -> NDArray[Any]:
    file = io.BytesIO(content)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"found version {version}, expected 1.0, 2.0 or 3.0")
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, is_fortran, dtype = header(file)
    # NumPy's parser of headers lets errors of many types through.
    except Exception as error:
        raise ValueError(f"found an invalid header: {str(error)[:200]}") from error
    content = content[file.tell() :]
    if not dtype.hasobject:
        return _numbers(content, dtype, shape, is_fortran, whole=False)
    found = read_pickle(content, _find, _set_state)
    if not isinstance(found, _Array):
        raise ValueError(f"found {type(found).__name__}, expected an array")
    return found.top_level(len(content))


def _numbers(
    content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], is_fortran: bool, whole: bool = True
) -> NDArray[Any]:
    """Return the array that fills the content, or begins it if not `whole`."""
    if dtype.kind not in "iufb" or dtype.names is not None:
        raise ValueError(f"found an array of {dtype}, expected numbers")
    count = _count(shape)
    expected = count * dtype.itemsize
    if len(content) < expected or (whole and len(content) > expected):
        raise ValueError(f"found {len(content)} bytes for an array of shape {shape}, expected {expected}")
    if dtype.kind == "b":
        # A byte other than 0 and 1 is no valid bool.
        values: NDArray[Any] = np.frombuffer(content, np.uint8, count) != 0
    else:
        values = np.frombuffer(content, dtype, count)
    return values.reshape(shape, order="F" if is_fortran else "C")


def _count(shape: tuple[int, ...]) -> int:
    if len(shape) > 32 or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"found shape {shape}, expected at most 32 sizes of at least 0")
    # A size of 0 must not make the others free.
    count = math.prod(size for size in shape if size)
    if count > np.iinfo(np.intp).max:
        raise ValueError(f"found shape {shape}, expected one that fits into memory")
    return count if all(shape) else 0


@dataclass(eq=False)
class _Type:
    """Stands for a dtype: the code of its kind, and a byte order once its state is set."""

    code: str
    order: str | None = None

    def numbers(self) -> np.dtype[Any]:
        if self.code in _OBJECTS or self.order is None:
            raise PickleError(f"found an array of type {self.code}, expected numbers")
        return np.dtype(self.order + self.code)


@dataclass(eq=False)
class _Array:
    """Stands for an array: nothing but a name until its state is set."""

    shape: tuple[int, ...] | None = None
    values: NDArray[Any] | list[Any] | None = None
    """The array itself if it is one of numbers, or else its elements, which NumPy lists in C order in any case."""

    def numbers(self) -> NDArray[Any]:
        if not isinstance(self.values, np.ndarray):
            raise PickleError("found an array within an array that has no numbers, expected numbers")
        return self.values

    def top_level(self, size: int) -> NDArray[Any]:
        """Return the array; `size` is the number of bytes that it was read from, for limiting its elements."""
        if self.shape is None or self.values is None:
            raise PickleError("found an array without a state, expected its values")
        if isinstance(self.values, np.ndarray):
            return self.values
        elements = np.empty(len(self.values), object)
        total = 0
        for index, value in enumerate(self.values):
            element, count = _element(value)
            total += count
            # Each number takes a byte at least, unless one list stands in several places.
            if total > size:
                raise PickleError(f"found more than {size} numbers in {size} bytes, expected lists that are not shared")
            elements[index] = element
        return elements.reshape(self.shape)


def _element(value: Any) -> tuple[Any, int]:
    """Return an element of the array with what stands for arrays replaced by them, and its number of numbers."""
    if isinstance(value, _Array):
        array = value.numbers()
        return array, max(array.size, 1)
    if type(value) not in (list, tuple):
        return value, 1
    if _Array in set(map(type, value)):
        value = [each.numbers() if isinstance(each, _Array) else each for each in value]
        value = [each.item() if isinstance(each, np.ndarray) and each.ndim == 0 else each for each in value]
    return value, max(len(value), 1)


def _find(module: str, name: str) -> Any:
    """Return what a call in NumPy's own pickles stands for."""
    if (module, name) == ("_codecs", "encode"):
        return _bytes_of_text
    call = _CALLS.get(name) if module in _MODULES else None
    if call is None:
        raise PickleError(f"found a call of {module[:60]}.{name[:60]}, expected only arrays and numbers")
    return call


def _bytes_of_text(arguments: tuple[Any, ...]) -> bytes:
    """Return bytes that protocol 2 wrote as text."""
    match arguments:
        case (str(text), "latin1"):
            return text.encode("latin1")
    raise PickleError("found a call of encode, expected text and latin1")


def _type(arguments: tuple[Any, ...]) -> _Type:
    code = _as_text(arguments[0]) if arguments else ""
    if code not in _OBJECTS and _NUMBERS.fullmatch(code) is None:
        raise PickleError(f"found the type {code[:20]!r}, expected a type of numbers")
    return _Type(code)


def _empty_array(arguments: tuple[Any, ...]) -> _Array:
    match arguments:
        case (Function(name="numpy.ndarray"), (0,), b"b" | "b"):
            return _Array()
    raise PickleError("found a call of _reconstruct with other arguments, expected an array")


def _array_of_buffer(arguments: tuple[Any, ...]) -> _Array:
    match arguments:
        case (bytes(content), _Type() as kind, tuple(shape), "C" | "F" as order, *rest) if rest in ([], [None]):
            array = _numbers(content, kind.numbers(), shape, order == "F")
            return _Array(shape, array)
    raise PickleError("found a call of _frombuffer with other arguments, expected bytes, a type, a shape and an order")


def _scalar(arguments: tuple[Any, ...]) -> int | float | bool:
    match arguments:
        case (_Type() as kind, bytes(content)):
            number: int | float | bool = _numbers(content, kind.numbers(), (), False).item()
            return number
    raise PickleError("found a call of scalar with other arguments, expected a type and its bytes")


def _not_callable(arguments: tuple[Any, ...]) -> Any:
    raise PickleError("found a call of ndarray, expected only arrays and numbers")


_CALLS = {
    "ndarray": _not_callable,
    "dtype": _type,
    "_reconstruct": _empty_array,
    "scalar": _scalar,
    "_frombuffer": _array_of_buffer,
}


def _set_state(value: Any, state: Any) -> None:
    """Set the state of what stands for an array or a type, as their ``__reduce__`` writes it."""
    match value, state:
        case _Type(order=None), (3 | 4, order, None, None, None, -1, -1, int()):
            order = _as_text(order)
            if order not in ("<", ">", "|", "="):
                raise PickleError(f"found the byte order {order[:20]!r}, expected < or >")
            value.order = order
        case _Array(values=None), (1, tuple(shape), _Type() as kind, int() | bool() as is_fortran, content):
            value.shape = shape
            if kind.code in _OBJECTS and type(content) is list:
                if _count(shape) != len(content):
                    raise PickleError(f"found {len(content)} elements for shape {shape}, expected {_count(shape)}")
                value.values = content
            elif type(content) is bytes:
                value.values = _numbers(content, kind.numbers(), shape, bool(is_fortran))
            else:
                raise PickleError(f"found {type(content).__name__} for the values of an array, expected bytes")
        case _:
            raise PickleError(f"found a state of {type(value).__name__}, expected that of an array or a type")


def _as_text(value: Any) -> str:
    """Return text, which Python 2 writes as bytes."""
    if type(value) is bytes:
        value = value.decode("latin1")
    if type(value) is not str:
        raise PickleError(f"found {type(value).__name__}, expected text")
    return value
