"""Read and link many videos in parallel, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar, Unpack, overload

from trajtrack import _core
from trajtrack.arguments import warnings_about
from trajtrack.detections import BoxFormat, Detections
from trajtrack.flow_options import FlowOptions
from trajtrack.inputs import DetectionsLike
from trajtrack.io import Reading, read_file, reading_of
from trajtrack.linking import count_threads, link
from trajtrack.methods import Method, resolve_method
from trajtrack.options import LinkOptions
from trajtrack.overrides import FlowOverrides, SeqNmsOverrides
from trajtrack.tables import is_table
from trajtrack.trajectories import Trajectories

__all__ = ["LinkedVideo", "in_threads", "link_many"]

Result = TypeVar("Result")

_PENDING_PER_THREAD = 2


@dataclass(frozen=True, eq=False)
class LinkedVideo:
    """The result of one of many videos."""

    index: int
    """Index of the video in the input, from 0."""
    source: DetectionsLike
    """Input: as it was given, except that paths are strings."""
    trajectories: Trajectories | None
    """Trajectories; None if the video failed."""
    error: Exception | None
    """Reason for the failure; None if there was none."""

    def result(self) -> Trajectories:
        """Return the trajectories, or raise `error` if the video failed."""
        if self.trajectories is None:
            assert self.error is not None
            raise self.error
        return self.trajectories


@overload
def link_many(
    videos: Iterable[DetectionsLike],
    options: FlowOptions | None = None,
    *,
    method: Literal["flow"] | None = None,
    num_threads: int | None = None,
    ordered: bool = True,
    box_format: BoxFormat | None = None,
    format: str | None = None,
    video: str | int | None = None,
    first_frame: int | None = None,
    frame_step: float | None = None,
    image_size: tuple[float, float] | None = None,
    **overrides: Unpack[FlowOverrides],
) -> Iterator[LinkedVideo]: ...
@overload
def link_many(
    videos: Iterable[DetectionsLike],
    options: LinkOptions | None = None,
    *,
    method: Literal["seq-nms"] | None = None,
    num_threads: int | None = None,
    ordered: bool = True,
    box_format: BoxFormat | None = None,
    format: str | None = None,
    video: str | int | None = None,
    first_frame: int | None = None,
    frame_step: float | None = None,
    image_size: tuple[float, float] | None = None,
    **overrides: Unpack[SeqNmsOverrides],
) -> Iterator[LinkedVideo]: ...
@overload
def link_many(
    videos: Iterable[DetectionsLike],
    options: LinkOptions | FlowOptions | None = None,
    *,
    method: Method | None = None,
    num_threads: int | None = None,
    ordered: bool = True,
    box_format: BoxFormat | None = None,
    format: str | None = None,
    video: str | int | None = None,
    first_frame: int | None = None,
    frame_step: float | None = None,
    image_size: tuple[float, float] | None = None,
) -> Iterator[LinkedVideo]: ...
def link_many(
    videos: Iterable[DetectionsLike],
    options: LinkOptions | FlowOptions | None = None,
    *,
    method: Method | None = None,
    num_threads: int | None = None,
    ordered: bool = True,
    box_format: BoxFormat | None = None,
    format: str | None = None,
    video: str | int | None = None,
    first_frame: int | None = None,
    frame_step: float | None = None,
    image_size: tuple[float, float] | None = None,
    **overrides: Any,
) -> Iterator[LinkedVideo]:
    """Link many videos, each on one thread, several at a time.

    Parameters
    ----------
    videos
        What `link` takes, for each video: detections, a path, one entry per frame, a table and so on. Items are taken
        from the iterable only when there is room, so that memory holds a few videos per thread.
    options
        Linking options, of the class of the method; default: its defaults.
    method
        Linking method, as in `link`.
    num_threads
        Number of videos processed at a time; default: the number of cores that the process may use.
    ordered
        Whether results come in input order; otherwise as they become ready.
    box_format
        Format of boxes in arrays and in columns of boxes, as in `link`.
    format, video, first_frame, frame_step, image_size
        How to read the files, as in `read`.
    **overrides
        Options of the method that replace those of `options`.

    Yields
    ------
    LinkedVideo
        One result per video. A video that cannot be read or linked has an `error`; the others continue.

    Warns
    -----
    TrajtrackWarning
        As `link`, naming the file or the index of the video.

    Raises
    ------
    TypeError, ValueError
        If an option is invalid, before the first video is read. An exception of the iterable itself ends the run.
    """
    _check_several(videos)
    options = resolve_method(options, method, overrides)
    threads = count_threads(num_threads)
    reading = reading_of(video, first_frame, frame_step, image_size)
    return in_threads(
        (partial(link_video, k, each, options, 1, format, reading, box_format) for k, each in enumerate(videos)),
        threads,
        ordered,
    )


def _check_several(videos: Any) -> None:
    """Raise TypeError if this is one video instead of several."""
    if isinstance(videos, str | bytes | os.PathLike | Detections | Mapping) or is_table(videos):
        found = type(videos).__name__
        raise TypeError(f"videos: found one {found}, expected an iterable of videos; link(...) takes one video")


def link_video(
    index: int,
    source: DetectionsLike,
    options: LinkOptions | FlowOptions,
    num_threads: int | None,
    format: str | None = None,
    reading: Reading | None = None,
    box_format: BoxFormat | None = None,
) -> LinkedVideo:
    """Read and link one of many videos; an exception becomes its `error`."""
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    try:
        with warnings_about(source if isinstance(source, str) else f"videos, entry {index}"):
            detections = source
            if isinstance(source, str) and box_format is None:
                detections = read_file(source, format, reading).detections
            tracks = link(detections, options, box_format=box_format, num_threads=num_threads)
            return LinkedVideo(index, source, tracks, None)
    except Exception as error:  # one faulty video must not end the others
        return LinkedVideo(index, source, None, error)


def in_threads(tasks: Iterable[Callable[[], Result]], threads: int, ordered: bool = True) -> Iterator[Result]:
    """Run the tasks, a few at a time, and yield their results."""
    pending: deque[Future[Result]] = deque()
    # Signals such as that of Ctrl-C reach the main thread alone.
    stop = _core.StopFlag()
    executor = ThreadPoolExecutor(threads, thread_name_prefix="trajtrack", initializer=stop.watch)
    try:
        for task in tasks:
            pending.append(executor.submit(task))
            if len(pending) >= _PENDING_PER_THREAD * threads:
                yield _take(pending, ordered)
        while pending:
            yield _take(pending, ordered)
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


def _take(pending: deque[Future[Result]], ordered: bool) -> Result:
    if ordered:
        return pending.popleft().result()
    done = next(iter(wait(pending, return_when=FIRST_COMPLETED).done))
    pending.remove(done)
    return done.result()
