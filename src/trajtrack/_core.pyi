"""The compiled core; arrays go in and come out C-contiguous and with exactly these dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.linking import LinkOptions

__version__: Final[str]

def build_config() -> dict[str, str]:
    """Compiler, vector instructions in use, threads, CUDA."""

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
    ) -> tuple[_StreamRows, _TrajectoryColumns]:
        """Take a frame, later than any before."""

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
