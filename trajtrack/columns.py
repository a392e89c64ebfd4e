"""Convert a column of numbers from any container to a NumPy array."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import gpu

__all__ = ["CORNERS", "LEFT_TOP_SIZE", "TABLE_COLUMNS", "as_array", "as_count", "as_integers", "as_reals"]

CORNERS = ("x1", "y1", "x2", "y2")
LEFT_TOP_SIZE = ("x", "y", "w", "h")
TABLE_COLUMNS = ("frame", "score", *CORNERS, *LEFT_TOP_SIZE, "label", "track_id")
"""Names of the columns of tables that are read; tables may have others."""


def as_array(name: str, values: Any) -> NDArray[Any]:
    """Convert `values` to a NumPy array, without a copy if the memory layout allows; GPU memory is copied.

    Parameters
    ----------
    name
        Name of the column in error messages.
    values
        A NumPy array, a torch tensor, anything with ``__array__``, ``__dlpack__``, ``__cuda_array_interface__`` or the
        buffer protocol, or nested sequences of numbers.

    Raises
    ------
    TypeError
        If the values are not numbers, or are on a GPU that this build cannot read.
    ValueError
        If nested sequences have unequal lengths.
    """
    if isinstance(values, np.ndarray):
        array = values
    else:
        values = gpu.detached(values)
        try:
            if gpu.is_on_gpu(values):
                array = gpu.to_host(name, values)
            else:
                exchanged = hasattr(values, "__dlpack__") and not hasattr(values, "__array__")
                array = np.from_dlpack(values) if exchanged else np.asarray(values)
        except ValueError as error:
            raise ValueError(
                f"{name}: found rows of unequal lengths, expected a rectangular array of numbers"
            ) from error
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: found dtype {array.dtype}, expected numbers")
    return array


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
        raise TypeError(f"{name}: found {value!r}, expected an integer") from None
    if count < minimum or (maximum is not None and count > maximum):
        limits = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise ValueError(f"{name}: found {count}, expected an integer {limits}")
    return count


def _reject(name: str, array: NDArray[Any], bad: NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{name}, row {row}: found {array[row]}, expected {expected}")
