"""The compiled core. All arrays, both arguments and results, are C-contiguous and have exactly these dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.flow_options import FlowConstants, FlowOptions
from trajtrack.options import LinkOptions

__version__: Final[str]
source_hash: Final[str]
"""Hash of the files of csrc that the core was built from, as by cmake/source_hash.cmake."""

def build_config() -> dict[str, str]:
    """Return the compiler, the vector instructions in use, and CUDA."""

def first_fault(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], frames: NDArray[np.int32]
) -> tuple[str, int] | None:
    """Return the kind ("box_range", "box_order", "score", "frame") and index of the first invalid row, if any."""

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
def link_flow(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    frames: NDArray[np.int32],
    labels: NDArray[np.int32],
    options: FlowOptions,
    constants: FlowConstants,
    num_threads: int,
) -> tuple[_TrajectoryColumns, NDArray[np.float32], bool]:
    """Return the columns, the smoothed boxes of their rows, and whether scores could be calibrated."""

def link_graph(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    frames: NDArray[np.int32],
    labels: NDArray[np.int32],
    options: LinkOptions,
    num_threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the columns of `LinkGraph`: offsets, targets."""

def cuda_problem() -> str | None:
    """Return why no GPU can be used, None if one can. The names from here to `link_cuda` need a build with CUDA."""

class DeviceArray:
    """An array in the memory of a GPU."""

    @staticmethod
    def view(values: Any) -> DeviceArray:
        """Import an array by DLPack or ``__cuda_array_interface__``; unfinished work of its library comes first."""

    @staticmethod
    def upload(values: NDArray[Any], device: int) -> DeviceArray:
        """Copy a C-contiguous array to a GPU."""

    def to_host(self) -> NDArray[Any]:
        """Copy to main memory, with the same strides."""

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
    """Return the number of GPUs."""

def current_cuda_device() -> int:
    """Return the current GPU of this thread."""

def check_cuda_columns(
    boxes: DeviceArray, scores: DeviceArray, frames: DeviceArray, labels: DeviceArray
) -> tuple[int | None, int]:
    """Return the first invalid row, if any, and the last frame, -1 if there are no rows."""

def link_graph_cuda(
    boxes: DeviceArray, scores: DeviceArray, frames: DeviceArray, labels: DeviceArray, options: LinkOptions
) -> tuple[DeviceArray, DeviceArray]:
    """Return the columns of `DeviceLinkGraph`: offsets, targets."""

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
    """Return the same as `link`."""

_StreamRows = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]
"""Boxes, scores, frames, labels and row indices in the stream, ascending by the latter."""

class StopFlag:
    """Stops the work of threads that the interpreter sends no signals."""

    def __init__(self) -> None: ...
    def set(self) -> None:
        """Make the core raise KeyboardInterrupt in the threads that watch the flag."""

    def watch(self) -> None:
        """Let the flag stop all further work of the calling thread, in place of signals."""

class Stream:
    """The open detections of a stream; push and flush return those that can no longer change, and their links."""

    def __init__(self, options: LinkOptions, max_open_frames: int | None) -> None: ...
    def push(
        self,
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        labels: NDArray[np.int32],
        rows: NDArray[np.int64],
        frame: int,
    ) -> tuple[_StreamRows, _TrajectoryColumns] | None:
        """Add a frame, later than all before. Return None, without any effect, if a row is invalid."""

    def flush(self) -> tuple[_StreamRows, _TrajectoryColumns]:
        """Settle all open detections."""

    def open_rows(self) -> _StreamRows:
        """Return all open detections, and keep them open."""

    def num_open_rows(self) -> int: ...
    def num_cut(self) -> int:
        """Return the number of components that were closed early because they had become too long."""

def parse_numbers(
    text: bytes, min_columns: int, max_columns: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32]]:
    """Parse a text table of numbers separated by commas or blanks; blank lines are skipped.

    Returns (values, lines, widths): values (R, max_columns), NaN where a row is shorter; the line number of each row,
    from 1; and its number of columns. Raises ValueError "line L: found ..., expected ..." for fields that are not
    finite numbers and for rows with fewer or more columns.
    """

def format_numbers(blocks: Sequence[NDArray[Any]], separator: str) -> bytes:
    """Format columns (R,) and tables (R, C) of finite numbers side by side.

    Each number has few digits and reads back as the same number. Lines end with LF.
    """

def short_decimals(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return for each float a double that rounds to exactly that float and has few decimal digits."""
