"""Link the videos of an Arrow table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from trajtrack.arguments import warnings_about
from trajtrack.detections import Detections
from trajtrack.flow_options import FlowOptions
from trajtrack.linking import count_threads, link
from trajtrack.many_videos import in_threads
from trajtrack.methods import Method, resolve_method
from trajtrack.options import LinkOptions
from trajtrack.printable import shown
from trajtrack.table_linking.results import ResultColumns
from trajtrack.table_linking.videos import TableVideos
from trajtrack.tables import arrow_table
from trajtrack.trajectories import Trajectories

__all__ = ["LinkedTable", "TableOptions", "link_rows", "link_table"]


@dataclass(frozen=True)
class TableOptions:
    """How to link a table; `link_table` documents the fields."""

    linking: LinkOptions | FlowOptions
    video: str = "video"
    columns: Mapping[str, str] | None = None
    boxes: bool = False
    interpolate: bool = False


@dataclass(frozen=True, eq=False)
class LinkedTable:
    """A linked table, and the sums of what is in it."""

    table: Any
    """The table with the columns of the result."""
    failed: list[tuple[Any, Exception]]
    """Name and error of each video that cannot be linked, in the order of their first rows."""
    num_videos: int
    num_tracks: int
    num_linked: int


def link_table(
    table: Any,
    options: LinkOptions | FlowOptions | None = None,
    *,
    video: str = "video",
    columns: Mapping[str, str] | None = None,
    boxes: bool = False,
    interpolate: bool = False,
    errors: Literal["raise", "column"] = "raise",
    method: Method | None = None,
    num_threads: int | None = None,
    **overrides: Any,
) -> Any:
    """Link the videos of a table, Arrow in and Arrow out.

    This is what engines for tables call, once for each batch of whole videos. The result for a video is that of `link`
    for its rows, whatever else is in the table.

    Parameters
    ----------
    table
        A pyarrow table or record batch, or any object that exports an Arrow stream (``__arrow_c_stream__``: Polars,
        DuckDB, pandas), with one row per detection. Its columns are found as in `Detections.from_table`; existing
        identities are ignored.
    options
        Linking options, of the class of the method; default: its defaults.
    video
        Name of the column with the video of each row, text or integers. All rows of a video must be in the table; they
        need not be adjacent.
    columns
        Names in the table of columns, as in `Detections.from_table`.
    boxes
        Whether to add the columns ``track_x1, track_y1, track_x2, track_y2``, float32: the box of the trajectory,
        smoothed if the method smooths. They are null in rows without a trajectory.
    interpolate
        Whether to add a row for each frame in a gap of a trajectory, after the last row of its video, by trajectory and
        frame. It holds the video, the frame, the label of the trajectory, ``track_id`` and the box, so that `boxes` is
        implied. All its other columns are null.
    errors
        What to do with a video whose rows are invalid: ``"raise"`` an error that names the video and the row of the
        table; or write the error to the ``"column"`` ``error`` of its rows, which is null for the other videos.
    method
        Linking method, as in `link`.
    num_threads
        Number of threads; default: the number of cores that the process may use. Several videos are linked one on each
        thread. Results do not depend on it.
    **overrides
        Options of the method that replace those of `options`.

    Returns
    -------
    pyarrow.Table
        The columns of `table`, not copied unless rows are interpolated, followed by

        - ``track_id``, int64: the trajectory of the row in its video, from 0; -1 for none;
        - ``reason``, int8: the `Reason`;
        - ``suppressed_by``, int64: the row of the box that suppressed it, counted from 0 in the rows of its video; -1
          for none;
        - what `boxes` and `errors` add.

        The first three are null in the rows of a video with an error. Rows keep their order.

    Raises
    ------
    ValueError, TypeError
        If an option is invalid, a column is missing or has the name of one that is added, or a video is invalid.
    ImportError
        If pyarrow is not installed.

    Warns
    -----
    TrajtrackWarning
        As `link`, naming the video.
    """
    if errors not in ("raise", "column"):
        raise ValueError(f"errors: found {shown(errors)}, expected 'raise' or 'column'")
    chosen = TableOptions(resolve_method(options, method, overrides), video, columns, boxes or interpolate, interpolate)
    threads = count_threads(num_threads)
    return link_rows(arrow_table(table), chosen, threads, raises=errors == "raise").table


def link_rows(
    table: Any, options: TableOptions, num_threads: int, *, first_row: int = 0, raises: bool = False
) -> LinkedTable:
    """Link the videos of a pyarrow table.

    Parameters
    ----------
    table
        As in `link_table`.
    options
        How to link it.
    num_threads
        Number of threads.
    first_row
        Number of the first row in error messages.
    raises
        Whether the error of a video is raised; otherwise it is in the last column, ``error``.
    """
    videos = TableVideos.of(table, options.video, options.columns, first_row)
    columns = ResultColumns(
        table,
        videos,
        video=options.video,
        boxes=options.boxes,
        interpolate=options.interpolate,
        errors=not raises,
    )
    failed: list[tuple[Any, Exception]] = []
    num_tracks = num_linked = 0
    for number, result in enumerate(_results(videos, options.linking, num_threads)):
        if isinstance(result, Trajectories):
            columns.take(number, result)
            num_tracks += len(result)
            num_linked += len(result.rows)
            continue
        if raises:
            raise result
        columns.fail(number, result)
        failed.append((videos.names[number], result))
    return LinkedTable(columns.finish(), failed, len(videos.names), num_tracks, num_linked)


def _results(
    videos: TableVideos, options: LinkOptions | FlowOptions, num_threads: int
) -> Iterator[Trajectories | Exception]:
    """Link each video: one on all threads, several on one thread each."""
    tasks = (partial(_link_video, videos, number, options, 1) for number in range(len(videos.names)))
    if len(videos.names) > 1 and num_threads > 1:
        yield from in_threads(tasks, num_threads)
    elif len(videos.names) > 1:
        yield from (task() for task in tasks)
    elif len(videos.names) == 1:
        yield _link_video(videos, 0, options, num_threads)


def _link_video(
    videos: TableVideos, number: int, options: LinkOptions | FlowOptions, num_threads: int
) -> Trajectories | Exception:
    try:
        detections: Detections = videos.detections(number)
        with warnings_about(f"video {shown(videos.names[number])}"):
            return link(detections, options, num_threads=num_threads)
    except Exception as error:  # one faulty video must not end the others
        return error
