"""Columns in GPU memory from any library, recognised by protocol and read in place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.printable import shown

if TYPE_CHECKING:
    from trajtrack._core import DeviceArray

__all__ = ["GpuColumns", "choose_device", "is_on_gpu", "place", "readable", "to_host", "upload", "view"]

_HOST_DEVICES = (1, 3)
"""DLPack device types of main memory, including pinned memory."""


@dataclass(frozen=True)
class GpuColumns:
    """The columns of `Detections` on one GPU, as objects of the libraries that own them."""

    boxes: Any
    scores: Any
    frames: Any
    labels: Any
    device: int
    count: int
    last_frame: int

    def views(self) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
        """Return views for the core, ordered after the work now pending on the columns."""
        return (
            view("boxes", self.boxes),
            view("scores", self.scores),
            view("frames", self.frames),
            view("labels", self.labels),
        )


def is_on_gpu(values: Any) -> bool:
    """Return whether `values`, already made `readable`, are outside main memory."""
    # For CPU tensors too, torch's __dlpack_device__ queries CUDA, which fails in a process forked after CUDA started.
    if getattr(getattr(values, "device", None), "type", None) == "cpu":
        return False
    if hasattr(values, "__dlpack_device__"):
        return values.__dlpack_device__()[0] not in _HOST_DEVICES
    return hasattr(values, "__cuda_array_interface__")


def readable(values: Any) -> Any:
    """Return a tensor detached from autograd if it requires a gradient, and widened to float32 if it is narrow."""
    values = values.detach() if getattr(values, "requires_grad", False) else values
    dtype = str(getattr(values, "dtype", ""))
    return values.float() if ("bfloat16" in dtype or "float8" in dtype) and hasattr(values, "float") else values


def view(name: str, values: Any) -> DeviceArray:
    """Return a view of values on a GPU for the core."""
    try:
        return _core.DeviceArray.view(values)
    except (BufferError, TypeError, ValueError) as error:
        raise TypeError(f"{name}: {error}") from error


def upload(values: NDArray[Any], device: int) -> DeviceArray:
    """Copy an array to a GPU."""
    return _core.DeviceArray.upload(np.ascontiguousarray(values), device)


def place(name: str, values: Any, dtype: str, ndim: int, device: int, convert: Callable[[], NDArray[Any]]) -> Any:
    """Return `values` if already a contiguous array of this kind on the device, otherwise upload `convert()`."""
    values = readable(values)
    if is_on_gpu(values):
        found = view(name, values)
        if (found.dtype, len(found.shape), found.device, found.contiguous) == (dtype, ndim, device, True):
            return values
    return upload(convert(), device)


def to_host(name: str, values: Any) -> NDArray[Any]:
    """Copy values on a GPU to main memory.

    Raises
    ------
    TypeError
        If this build or machine cannot read them.
    """
    problem = _core.cuda_problem()
    if problem is not None:
        raise TypeError(
            f"{name}: found values on a GPU, expected values in main memory: {problem}; "
            f"copy them first, for example with .cpu()"
        )
    return view(name, values).to_host()


def choose_device(device: str | None, of_boxes: int | None) -> int | None:
    """Return the index of the GPU that `device` names, or None for the CPU.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or None for the device of the boxes.
    of_boxes
        Index of the GPU that holds the boxes, or None.

    Raises
    ------
    ValueError
        If `device` is none of these or there is no such GPU.
    RuntimeError
        If no GPU can be used; the message says why.
    """
    if device is None:
        return of_boxes
    if device == "cpu":
        return None
    named = re.fullmatch(r"cuda(?::(\d+))?", device) if isinstance(device, str) else None
    if named is None:
        raise ValueError(f"device: found {shown(device)}, expected 'cpu', 'cuda', 'cuda:N' or None")
    problem = _core.cuda_problem()
    if problem is not None:
        raise RuntimeError(f"device: found {device!r}, but {problem}; expected 'cpu'")
    if named[1] is None:
        return _core.current_cuda_device() if of_boxes is None else of_boxes
    number, count = int(named[1]), _core.num_cuda_devices()
    if number >= count:
        raise ValueError(f"device: found {device!r}, expected one of the {count} devices, cuda:0 to cuda:{count - 1}")
    return number
