"""Read and link many videos in parallel, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from trajtrack import _core
from trajtrack.arguments import warnings_about
from trajtrack.detections import Detections
from trajtrack.flow_options import FlowOptions
from trajtrack.io import Reading, read_file, reading_of
from trajtrack.linking import count_threads, link
from trajtrack.methods import Method, resolve_method
from trajtrack.options import LinkOptions
from trajtrack.trajectories import Trajectories

__all__ = ["LinkedVideo", "in_threads", "link_many"]

Result = TypeVar("Result")

_PENDING_PER_THREAD = 2


@dataclass(frozen=True, eq=False)
class LinkedVideo:
    """The result of one of many videos."""

    index: int
    """Index of the video in the input, from 0."""
    source: Detections | str
    """Input: the detections, or the path of the file."""
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


def link_many(
    videos: Iterable[Detections | str | os.PathLike[str]],
    options: LinkOptions | FlowOptions | None = None,
    *,
    method: Method | None = None,
    num_threads: int | None = None,
    ordered: bool = True,
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
        Detections, or paths of files that `read` can read. Items are taken from the iterable only when there is room,
        so that memory holds a few videos per thread.
    options
        Linking options, of the class of the method; default: its defaults.
    method
        Linking method, as in `link`.
    num_threads
        Number of videos processed at a time; default: the number of cores that the process may use.
    ordered
        Whether results come in input order; otherwise as they become ready.
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
    options = resolve_method(options, method, overrides)
    threads = count_threads(num_threads)
    reading = reading_of(video, first_frame, frame_step, image_size)
    return in_threads(
        (partial(link_file, index, each, options, 1, format, reading) for index, each in enumerate(videos)),
        threads,
        ordered,
    )


def link_file(
    index: int,
    source: Detections | str | os.PathLike[str],
    options: LinkOptions | FlowOptions,
    num_threads: int | None,
    format: str | None = None,
    reading: Reading | None = None,
) -> LinkedVideo:
    """Read and link one of many videos; an exception becomes its `error`."""
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    try:
        with warnings_about(source if isinstance(source, str) else f"videos, entry {index}"):
            detections = read_file(source, format, reading).detections if isinstance(source, str) else source
            return LinkedVideo(index, source, link(detections, options, num_threads=num_threads), None)
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
