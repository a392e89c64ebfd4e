"""Many videos: linked in parallel, read on the way, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from trajtrack.detections import Detections
from trajtrack.io import read
from trajtrack.linking import count_threads, link
from trajtrack.options import LinkOptions, resolve_options
from trajtrack.trajectories import Trajectories

__all__ = ["LinkedVideo", "link_many"]

_PENDING_PER_THREAD = 2


@dataclass(frozen=True, eq=False)
class LinkedVideo:
    """What became of one of many videos."""

    index: int
    """Its place in the input, from 0."""
    source: Detections | str
    """What was given: the detections, or the path of the file."""
    trajectories: Trajectories | None
    """Its trajectories; None where it failed."""
    error: Exception | None
    """Why it failed; None where it did not."""

    def result(self) -> Trajectories:
        """Return the trajectories; raise the error where there are none."""
        if self.trajectories is None:
            assert self.error is not None
            raise self.error
        return self.trajectories


def link_many(
    videos: Iterable[Detections | str | os.PathLike[str]],
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    ordered: bool = True,
    format: str | None = None,
    video: str | int | None = None,
    **overrides: Any,
) -> Iterator[LinkedVideo]:
    """Link many videos, each on one thread, several at a time.

    Parameters
    ----------
    videos
        Detections, or paths of files that `read` can read. The iterable is asked for the next when there is room, so
        that memory holds only a few videos for each thread.
    options
        How to link; the defaults where left out.
    num_threads
        Videos that are worked on at a time; as many as the process may use cores where left out.
    ordered
        Whether results come in the order of the input; otherwise as they are ready.
    format, video
        Format of the files, and which video of files that hold several, as in `read`.
    **overrides
        Fields of `LinkOptions` that replace those of `options`.

    Yields
    ------
    LinkedVideo
        One a video. A video that cannot be read or linked has an `error`; the others go on.

    Raises
    ------
    TypeError, ValueError
        For options that are wrong, before the first video is read. What the iterable itself raises ends all.
    """
    options = resolve_options(options, overrides)
    threads = count_threads(num_threads)
    return _results(
        (partial(link_file, index, each, options, 1, format, video) for index, each in enumerate(videos)),
        threads,
        ordered,
    )


def link_file(
    index: int,
    source: Detections | str | os.PathLike[str],
    options: LinkOptions,
    num_threads: int | None,
    format: str | None = None,
    video: str | int | None = None,
) -> LinkedVideo:
    """Read and link one of many videos; what goes wrong becomes its `error`."""
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    try:
        detections = read(source, format, video=video) if isinstance(source, str) else source
        return LinkedVideo(index, source, link(detections, options, num_threads=num_threads), None)
    except Exception as error:  # whatever is wrong with one video must not end the others
        return LinkedVideo(index, source, None, error)


def _results(tasks: Iterable[Callable[[], LinkedVideo]], threads: int, ordered: bool) -> Iterator[LinkedVideo]:
    """Run the tasks, a few at a time, and yield what they return."""
    pending: deque[Future[LinkedVideo]] = deque()
    executor = ThreadPoolExecutor(threads, thread_name_prefix="trajtrack")
    try:
        for task in tasks:
            pending.append(executor.submit(task))
            if len(pending) >= _PENDING_PER_THREAD * threads:
                yield _take(pending, ordered)
        while pending:
            yield _take(pending, ordered)
    finally:
        executor.shutdown(cancel_futures=True)


def _take(pending: deque[Future[LinkedVideo]], ordered: bool) -> LinkedVideo:
    if ordered:
        return pending.popleft().result()
    done = next(iter(wait(pending, return_when=FIRST_COMPLETED).done))
    pending.remove(done)
    return done.result()
