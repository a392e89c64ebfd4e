"""From a video to trajectories."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trajtrack.arguments import as_path_name
from trajtrack.detect.detecting import BATCH_SIZE, DetectionRun, Progress, open_journal, prepare
from trajtrack.detect.detector import Detector
from trajtrack.detect.found_boxes import DetectedVideo
from trajtrack.detect.kept import check_parquet, read_kept, write_kept
from trajtrack.detections import Detections
from trajtrack.flow_options import FlowOptions
from trajtrack.linking import link
from trajtrack.methods import Method, resolve_method
from trajtrack.options import LinkOptions
from trajtrack.trajectories import Trajectories

__all__ = ["detect_or_reuse", "link_detected", "track"]


def track(
    video: str | os.PathLike[str],
    detector: Detector | str | os.PathLike[str],
    options: LinkOptions | FlowOptions | None = None,
    *,
    method: Method | None = None,
    fps: float | None = None,
    start: float | None = None,
    end: float | None = None,
    frame_rate: float | None = None,
    min_detection_score: float | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    threads: int | None = None,
    keep: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **overrides: Any,
) -> Trajectories:
    """Detect objects in the frames of a video, and link the detections into trajectories.

    Parameters
    ----------
    video, detector, fps, start, end, frame_rate, batch_size, device, threads, progress
        As in `detect`.
    options, method, **overrides
        As in `link`. Options that count frames count those that the detector has seen.
    min_detection_score
        As `min_score` in `detect`; here `min_score` is the option of `link`.
    keep
        Parquet file of the detections. If it exists, its detections are linked and the detector is not even loaded;
        otherwise it is written, and a stopped call goes on where it stopped. Default: none.

    Returns
    -------
    Trajectories
        Frames are numbered as in the video; boxes in frames between those that the detector has seen are interpolated.

    Raises
    ------
    ValueError, TypeError, RuntimeError, OSError, ImportError
        As in `detect` and `link`; ValueError also if the kept detections are those of another video, detector or
        choice of frames.

    Warns
    -----
    TrajtrackWarning
        As in `detect` and `link`.
    """
    chosen = resolve_method(options, method, overrides)
    run = prepare(
        video,
        detector,
        fps=fps,
        start=start,
        end=end,
        frame_rate=frame_rate,
        min_score=min_detection_score,
        batch_size=batch_size,
        device=device,
        threads=threads,
    )
    kept = None if keep is None else Path(as_path_name(keep))
    return link_detected(detect_or_reuse(run, kept, progress), chosen, threads)


def detect_or_reuse(
    run: DetectionRun,
    kept: Path | None,
    progress: Progress | None = None,
    resumed: Callable[[int], None] = lambda num_frames: None,
) -> DetectedVideo:
    """Return the kept detections of a run, or detect and keep them.

    If a stopped run is continued, `resumed` is called with the number of its frames.
    """
    if kept is None:
        with open_journal(run, None) as journal:
            return run.detect(journal, progress)
    check_parquet()
    recipe = run.recipe
    if kept.exists():
        return read_kept(kept, recipe)
    with open_journal(run, unfinished_path(kept)) as journal:
        if len(journal.frames):
            resumed(len(journal.frames))
        found = run.detect(journal, progress)
        write_kept(kept, found, recipe)
        journal.remove()
    return found


def unfinished_path(output: Path) -> Path | None:
    """Return the path of the journal beside an output; None for a device or a pipe."""
    if output.exists() and not output.is_file():
        return None
    return output.with_name(f"{output.name}.unfinished")


def link_detected(
    found: DetectedVideo, options: LinkOptions | FlowOptions, num_threads: int | None = None
) -> Trajectories:
    """Link detections, taking the frames that the detector has seen as successive ones."""
    given = found.detections
    successive = Detections(
        given.boxes,
        given.scores,
        np.searchsorted(found.frames, given.frames),
        given.labels,
        len(found.frames),
        label_names=given.label_names,
    )
    return dataclasses.replace(link(successive, options, num_threads=num_threads), detections=given)
