"""One column of numbers, from whatever container holds it, as a NumPy array."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import gpu

__all__ = ["as_array", "as_count", "as_integers", "as_reals"]


def as_array(name: str, values: Any) -> NDArray[Any]:
    """Take `values` as a NumPy array, without a copy where its memory layout allows; from a GPU they are copied.

    Parameters
    ----------
    name
        What the column is called in error messages.
    values
        A NumPy array, a torch tensor, anything with ``__array__``, ``__dlpack__``, ``__cuda_array_interface__`` or the
        buffer protocol, or nested sequences of numbers.

    Raises
    ------
    TypeError
        When the values are no numbers, or lie on a GPU that this build cannot read.
    ValueError
        When nested sequences have unequal lengths.
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
                f"{name}: expected a rectangular array of numbers, found rows of unequal lengths"
            ) from error
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected numbers, found dtype {array.dtype}")
    return array


def as_reals(name: str, values: Any, ndim: int) -> NDArray[np.float32]:
    """Take `values` as a C-contiguous float32 array with `ndim` axes; doubles are rounded once, to nearest."""
    if type(values) is np.ndarray and values.dtype == np.float32 and values.ndim == ndim and values.flags.carray:
        return values
    array = as_array(name, values)
    if ndim == 2 and array.shape == (0,):  # how an empty list arrives
        array = array.reshape(0, 4)
    if array.ndim != ndim:
        raise ValueError(f"{name}: expected {'one axis' if ndim == 1 else f'{ndim} axes'}, found shape {array.shape}")
    with np.errstate(over="ignore"):  # what overflows to infinity is reported as not finite
        return np.require(array, np.float32, ["C", "ALIGNED"])


def as_integers(name: str, values: Any, dtype: type[np.signedinteger[Any]] = np.int32) -> NDArray[Any]:
    """Take `values` as a C-contiguous integer array with one axis; floats must hold exact integers.

    Raises
    ------
    ValueError
        Naming the first row whose value is no integer or does not fit `dtype`.
    """
    array = as_array(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one axis, found shape {array.shape}")
    if array.size == 0:
        return np.empty(0, dtype)
    if array.dtype == dtype:
        return np.require(array, dtype, ["C", "ALIGNED"])
    limits = np.iinfo(dtype)
    if array.dtype.kind == "f":
        bad = ~(np.isfinite(array) & (np.trunc(array) == array))
        _refuse(name, array, bad, "an integer")
        # The upper limit is no float; its successor, a power of two, is one in every width of 32 bits and more.
        wide = array.astype(np.float64, copy=False)
        bad = (wide < float(limits.min)) | (wide >= -float(limits.min))
    else:
        bad = (array < limits.min) | (array > limits.max)
    _refuse(name, array, bad, f"a value from {limits.min} to {limits.max}")
    return np.require(array, dtype, ["C", "ALIGNED"])


def as_count(name: str, value: Any, minimum: int = 0, maximum: int | None = None) -> int:
    """Take `value` as an int of at least `minimum` and at most `maximum`."""
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected an integer, found {value!r}") from None
    if count < minimum or (maximum is not None and count > maximum):
        limits = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise ValueError(f"{name}: expected an integer {limits}, found {count}")
    return count


def _refuse(name: str, array: NDArray[Any], bad: NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{name}, row {row}: found {array[row]}, expected {expected}")
