"""The compiled core; arrays go in and come out C-contiguous and with exactly these dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.options import LinkOptions

__version__: Final[str]

def build_config() -> dict[str, str]:
    """Compiler, vector instructions in use, CUDA."""

def first_fault(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], frames: NDArray[np.int32]
) -> tuple[str, int] | None:
    """Kind ("box_range", "box_order", "score", "frame") and number of the first row that is no detection."""

_TrajectoryColumns = tuple[
    NDArray[np.int64],
    NDArray[np.int8],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.float64],
]
"""The columns of `Trajectories`: track_ids, reasons, suppressed_by, offsets, rows, labels, scores."""

def link(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    frames: NDArray[np.int32],
    labels: NDArray[np.int32],
    options: LinkOptions,
    num_threads: int,
) -> _TrajectoryColumns: ...
def link_graph(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    frames: NDArray[np.int32],
    labels: NDArray[np.int32],
    options: LinkOptions,
    num_threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The columns of `LinkGraph`: offsets, targets."""

def cuda_problem() -> str | None:
    """Why no GPU can be used, None where one can. What follows is there only in a build with CUDA."""

class DeviceArray:
    """An array in the memory of a GPU."""

    @staticmethod
    def view(values: Any) -> DeviceArray:
        """Take an array by DLPack or ``__cuda_array_interface__``, after what its library has under way on it."""

    @staticmethod
    def upload(values: NDArray[Any], device: int) -> DeviceArray:
        """Copy a C-contiguous array to a GPU."""

    def to_host(self) -> NDArray[Any]:
        """Copy to main memory, strides and all."""

    @property
    def dtype(self) -> str:
        """The dtype as in ``__cuda_array_interface__``, for example ``"<f4"``."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def device(self) -> int: ...
    @property
    def contiguous(self) -> bool: ...
    @property
    def __cuda_array_interface__(self) -> dict[str, Any]: ...
    def __len__(self) -> int: ...

def num_cuda_devices() -> int:
    """Number of GPUs."""

def current_cuda_device() -> int:
    """The GPU that this thread uses where none is named."""

def check_cuda_columns(
    boxes: DeviceArray, scores: DeviceArray, frames: DeviceArray, labels: DeviceArray
) -> tuple[int | None, int]:
    """Number of the first row that is no detection, and the last frame, -1 where there are no rows."""

def link_graph_cuda(
    boxes: DeviceArray, scores: DeviceArray, frames: DeviceArray, labels: DeviceArray, options: LinkOptions
) -> tuple[DeviceArray, DeviceArray]:
    """The columns of `DeviceLinkGraph`."""

def link_cuda(
    boxes: DeviceArray,
    scores: DeviceArray,
    frames: DeviceArray,
    labels: DeviceArray,
    host_scores: NDArray[np.float32],
    host_frames: NDArray[np.int32],
    host_labels: NDArray[np.int32],
    options: LinkOptions,
    num_threads: int,
) -> _TrajectoryColumns:
    """The same as `link`."""

_StreamRows = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]
"""boxes, scores, frames, labels and stream rows, ascending by stream row."""

class Stream:
    """The detections of a stream that may still change; push and flush return those that cannot, and their links."""

    def __init__(self, options: LinkOptions, max_open_frames: int | None) -> None: ...
    def push(
        self,
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        labels: NDArray[np.int32],
        rows: NDArray[np.int64],
        frame: int,
    ) -> tuple[_StreamRows, _TrajectoryColumns] | None:
        """Take a frame, later than any before; None, and nothing happens, where a row is no detection."""

    def flush(self) -> tuple[_StreamRows, _TrajectoryColumns]:
        """Settle all that is open."""

    def open_rows(self) -> _StreamRows:
        """Return all that is open, and keep it."""

    def num_open_rows(self) -> int: ...
    def num_cut(self) -> int:
        """How many components were closed because they had become too long."""

def parse_numbers(text: bytes, max_columns: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32]]:
    """Numbers of a text table with commas or blanks between them; blank lines are left out.

    Returns (values, lines, widths): values (R, max_columns) with NaN where a row is shorter, the line number of each
    row from 1, and its number of columns. Raises ValueError "line L: ..." for what is no number and for longer rows.
    """

def format_numbers(blocks: Sequence[NDArray[Any]], separator: str) -> bytes:
    """Text of columns (R,) and tables (R, C) of finite numbers side by side.

    Each number has few digits and reads back the same. LF ends the lines.
    """

def short_decimals(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """For each float a double that rounds to that very float and has few decimal digits."""
