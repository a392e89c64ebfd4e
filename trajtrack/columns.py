"""Convert a column of numbers from any container to a NumPy array."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import gpu
from trajtrack.printable import shown

__all__ = ["as_array", "as_count", "as_integers", "as_reals"]

_NARROW_FLOATS = ("bfloat16", "float8")
"""Names of data types that NumPy stores for other libraries, but does not count as numbers."""

_MISSING_TYPES = ("NAType", "NaTType")
"""Types of pandas' missing values."""


def as_array(name: str, values: Any, kinds: str = "fiu") -> NDArray[Any]:
    """Convert `values` to a NumPy array, without a copy if the memory layout allows; GPU memory is copied.

    Parameters
    ----------
    name
        Name of the column in error messages.
    values
        A NumPy array, a torch tensor, anything with ``__array__``, ``__dlpack__``, ``__cuda_array_interface__`` or the
        buffer protocol, or nested sequences of numbers. Decimals and other number objects are converted; floats of
        fewer than 16 bits and bfloat16 are widened to float32.
    kinds
        Kinds of data types that count as numbers.

    Raises
    ------
    TypeError
        If the values are not numbers, or are on a GPU that this build cannot read.
    ValueError
        If a value is masked or missing, naming the first row, or nested sequences have unequal lengths.
    """
    array = values if isinstance(values, np.ndarray) else _converted(name, values)
    if isinstance(array, np.ma.MaskedArray):
        _refuse_missing(name, np.ma.getmaskarray(array), "masked")
        array = array.data
    if array.dtype.kind == "O" and array.ndim > 0:
        array = _numbers_of(name, array)
    elif array.dtype.name.startswith(_NARROW_FLOATS):
        array = array.astype(np.float32)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name}: found dtype {array.dtype}, expected numbers")
    return array


def _converted(name: str, values: Any) -> NDArray[Any]:
    values = gpu.readable(values)
    if gpu.is_on_gpu(values):
        return gpu.to_host(name, values)
    try:
        if isinstance(values, list | tuple) and _hold_arrays(values):
            # Converted one by one: NumPy would drop masks, and cannot read narrow floats.
            return np.ma.stack([np.ma.asanyarray(_converted(name, value)) for value in values])
        if hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
            return np.from_dlpack(values)
        return np.asanyarray(values)  # keeps the mask of a masked array
    except ValueError as error:
        raise ValueError(f"{name}: found rows of unequal lengths, expected a rectangular array of numbers") from error
    except (TypeError, RuntimeError, BufferError) as error:
        raise TypeError(f"{name}: found {type(values).__name__} ({error}), expected numbers") from error


def _hold_arrays(values: Sequence[Any]) -> bool:
    """Return whether nested sequences hold arrays of any library."""
    kinds = set(map(type, values))
    if kinds & {list, tuple}:
        kinds |= set(map(type, chain.from_iterable(value for value in values if isinstance(value, list | tuple))))
    return any(hasattr(kind, "dtype") and not issubclass(kind, np.generic) for kind in kinds)


def _numbers_of(name: str, objects: NDArray[np.object_]) -> NDArray[Any]:
    """Convert number objects, such as decimals, to int64 if all are such integers, otherwise to float64."""
    missing = np.array([_is_missing(value) for value in objects.flat], np.bool_)
    _refuse_missing(name, missing.reshape(objects.shape), "missing")
    for index, value in np.ndenumerate(objects):
        if isinstance(value, bool) or not isinstance(value, Decimal | Real):
            raise TypeError(f"{name}, row {index[0]}: found {shown(value)}, expected a number")
    values = objects.ravel().tolist()
    try:
        integers = [int(value) for value in values]
        if integers == values:
            return np.array(integers, np.int64).reshape(objects.shape)
    except (OverflowError, ValueError):  # infinities, NaN and integers beyond int64
        pass
    return np.array([_as_float(value) for value in values], np.float64).reshape(objects.shape)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # reported as not finite
        return math.inf if value > 0 else -math.inf
    except ValueError:  # a signaling NaN
        return math.nan


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in _MISSING_TYPES


def _refuse_missing(name: str, missing: NDArray[np.bool_], kind: str) -> None:
    if missing.any():
        place = f", row {np.argwhere(missing)[0][0]}" if missing.ndim else ""
        raise ValueError(f"{name}{place}: found a {kind} value, expected a number")


def as_reals(name: str, values: Any, ndim: int) -> NDArray[np.float32]:
    """Convert `values` to a C-contiguous float32 array with `ndim` axes; doubles are rounded once, to nearest."""
    if type(values) is np.ndarray and values.dtype == np.float32 and values.ndim == ndim and values.flags.carray:
        return values
    array = as_array(name, values)
    if ndim == 2 and array.shape == (0,):  # an empty list
        array = array.reshape(0, 4)
    if array.ndim != ndim:
        raise ValueError(f"{name}: found shape {array.shape}, expected {'one axis' if ndim == 1 else f'{ndim} axes'}")
    with np.errstate(over="ignore"):  # overflow to infinity is reported as not finite
        return np.require(array, np.float32, ["C", "ALIGNED"])


def as_integers(name: str, values: Any, dtype: type[np.signedinteger[Any]] = np.int32) -> NDArray[Any]:
    """Convert `values` to a C-contiguous integer array with one axis; floats must hold exact integers.

    Raises
    ------
    ValueError
        If a value is not an integer or does not fit `dtype`; the message names the first such row.
    """
    array = as_array(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name}: found shape {array.shape}, expected one axis")
    if array.size == 0:
        return np.empty(0, dtype)
    if array.dtype == dtype:
        return np.require(array, dtype, ["C", "ALIGNED"])
    limits = np.iinfo(dtype)
    if array.dtype.kind == "f":
        bad = ~(np.isfinite(array) & (np.trunc(array) == array))
        _reject(name, array, bad, "an integer")
        # The upper limit is not exact as a float; the power of two above it is, in float32 and wider.
        wide = array.astype(np.float64, copy=False)
        bad = (wide < float(limits.min)) | (wide >= -float(limits.min))
    else:
        bad = (array < limits.min) | (array > limits.max)
    _reject(name, array, bad, f"a value from {limits.min} to {limits.max}")
    return np.require(array, dtype, ["C", "ALIGNED"])


def as_count(name: str, value: Any, minimum: int = 0, maximum: int | None = None) -> int:
    """Convert `value` to an int from `minimum` to `maximum`, both included."""
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: found {shown(value)}, expected an integer") from None
    if count < minimum or (maximum is not None and count > maximum):
        limits = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise ValueError(f"{name}: found {shown(count)}, expected an integer {limits}")
    return count


def _reject(name: str, array: NDArray[Any], bad: NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{name}, row {row}: found {array[row]}, expected {expected}")
