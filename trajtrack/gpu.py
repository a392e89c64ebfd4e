"""Columns in the memory of a GPU, of whatever library: recognised by protocol, read where they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core

if TYPE_CHECKING:
    from trajtrack._core import DeviceArray

__all__ = ["GpuColumns", "choose_device", "is_on_gpu", "place", "to_host", "upload", "view"]

_HOST_DEVICES = (1, 3)
"""DLPack's numbers of main memory, pinned memory included."""


@dataclass(frozen=True)
class GpuColumns:
    """The columns of `Detections` on one GPU, as objects of the libraries that hold them."""

    boxes: Any
    scores: Any
    frames: Any
    labels: Any
    device: int
    count: int
    last_frame: int

    def views(self) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
        """Return the columns as the core reads them, after whatever is under way on them now."""
        return (
            view("boxes", self.boxes),
            view("scores", self.scores),
            view("frames", self.frames),
            view("labels", self.labels),
        )


def is_on_gpu(values: Any) -> bool:
    """Tell whether `values`, detached, lie elsewhere than in main memory."""
    # torch asks CUDA before it answers for its tensors of the host, which fails in a process forked after CUDA's start.
    if getattr(getattr(values, "device", None), "type", None) == "cpu":
        return False
    if hasattr(values, "__dlpack_device__"):
        return values.__dlpack_device__()[0] not in _HOST_DEVICES
    return hasattr(values, "__cuda_array_interface__")


def detached(values: Any) -> Any:
    """Return the values without the gradient that they may ask for."""
    return values.detach() if getattr(values, "requires_grad", False) else values


def view(name: str, values: Any) -> DeviceArray:
    """Take values that are on a GPU as the core reads them."""
    try:
        return _core.DeviceArray.view(values)
    except (BufferError, TypeError, ValueError) as error:
        raise TypeError(f"{name}: {error}") from error


def upload(values: NDArray[Any], device: int) -> DeviceArray:
    """Copy an array to a GPU."""
    return _core.DeviceArray.upload(np.ascontiguousarray(values), device)


def place(name: str, values: Any, dtype: str, ndim: int, device: int, convert: Callable[[], NDArray[Any]]) -> Any:
    """Return `values` themselves where they are such a contiguous array on that device; else a copy of `convert()`."""
    values = detached(values)
    if is_on_gpu(values):
        found = view(name, values)
        if (found.dtype, len(found.shape), found.device, found.contiguous) == (dtype, ndim, device, True):
            return values
    return upload(convert(), device)


def to_host(name: str, values: Any) -> NDArray[Any]:
    """Copy values that are on a GPU to main memory.

    Raises
    ------
    TypeError
        When this build or machine cannot read them.
    """
    problem = _core.cuda_problem()
    if problem is not None:
        raise TypeError(
            f"{name}: found values on a GPU, expected values in main memory: {problem}; "
            f"copy them first, for example with .cpu()"
        )
    return view(name, values).to_host()


def choose_device(device: str | None, of_boxes: int | None) -> int | None:
    """Return the number of the GPU that `device` names, None for the CPU.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or None for where the boxes are.
    of_boxes
        The GPU that holds the boxes, or None.

    Raises
    ------
    ValueError
        When `device` is none of these or there is no such GPU.
    RuntimeError
        When no GPU can be used, saying why.
    """
    if device is None:
        return of_boxes
    if device == "cpu":
        return None
    named = re.fullmatch(r"cuda(?::(\d+))?", device) if isinstance(device, str) else None
    if named is None:
        raise ValueError(f"device: found {device!r}, expected 'cpu', 'cuda', 'cuda:N' or None")
    problem = _core.cuda_problem()
    if problem is not None:
        raise RuntimeError(f"device: found {device!r}, but {problem}; expected 'cpu'")
    if named[1] is None:
        return _core.current_cuda_device() if of_boxes is None else of_boxes
    number, count = int(named[1]), _core.num_cuda_devices()
    if number >= count:
        raise ValueError(f"device: found {device!r}, expected one of the {count} devices, cuda:0 to cuda:{count - 1}")
    return number
