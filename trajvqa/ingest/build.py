"""Building trajectory stores from files of detections, annotations, regions or tracklets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trajtrack
from trajtrack import Detections, FlowOptions, LinkOptions
from trajtrack.arguments import warnings_about
from trajtrack.option_fields import check_options, choice, count, flag
from trajvqa.datasets.questions import Questions
from trajvqa.ingest.region_detections import detections_of_regions
from trajvqa.ingest.tracklets import read_mega_tracklets, read_seq_nms_tracklets, video_of_file
from trajvqa.ingest.tracks import ClassNames, TrackedVideo, from_linking
from trajvqa.ingest.video_info import VideoInfo, info_from_file, info_from_questions, read_row_features
from trajvqa.stores import (
    LINKS,
    VideoTrajectories,
    cut_attributes,
    cut_trajectories,
    open_region_features,
    write_trajectories,
)
from trajvqa.stores.many_files import RegionsInFiles

__all__ = ["SOURCES", "BrokenVideo", "BuildOptions", "BuildReport", "build_trajectories"]

SOURCES = {
    "detections": f"trajtrack {trajtrack.__version__}",
    "regions": f"trajtrack {trajtrack.__version__}",
    "mega": "deepSORT (VidVRD-tracklets)",
    "seq-nms": "Seq-NMS (OpenVoc-VidVRD)",
}
"""Kinds of source files, with their trackers: detections or annotations, or regions of all videos of a split in one
file, which are linked here; or tracklets."""
_LINKED = ("detections", "regions")


@dataclass(frozen=True)
class BuildOptions:
    """Options of `build_trajectories`.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    source: str = choice("detections", tuple(SOURCES), "Kind of the source files, one of `SOURCES`.")
    link: LinkOptions | FlowOptions = field(default_factory=lambda: LinkOptions(min_length=2, rescore="sum"))
    """Options of linking; their class chooses the method. By default Seq-NMS, as in the paper, and a trajectory's score
    is the sum over its detections, the path score of Seq-NMS."""
    links: str = choice("all", LINKS, "Links between a trajectory's detections that are kept, one of `LINKS`.")
    clips: int = count(16, 1, 10**6, 'Number of clips of a video, for ``links="segments"`` and ``"clips"``.')
    format: str | None = None
    """Format of files of detections, a name in `trajtrack.FORMATS`; None to infer it from the files."""
    features: Path | None = None
    """Folder of features: for detections, ``{video}.npy`` with one row for each of the file's detections; for Seq-NMS
    tracklets, ``{file name}_traj_features.npy`` with one row for each tracklet. None for the features in the source
    files, or geometry if there are none."""
    image_size: tuple[int, int] | None = None
    """Width and height in pixels of images whose size is in no file; needed for geometry."""
    limit: int | None = None
    """Maximum number of trajectories of a video; the highest scores are kept. None for no limit."""
    classes: tuple[str, ...] | None = None
    """All permitted class names, in the order of the labels; None to collect them from the files."""
    keep_boxes: bool = flag(False, "Whether the boxes are stored, too.")
    half: bool = flag(False, "Whether features are rounded to float16, which halves the store.")

    def __post_init__(self) -> None:
        check_options(self)
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit: found {self.limit}, expected at least 1")
        if self.image_size is not None and min(self.image_size) < 1:
            raise ValueError(f"image_size: found {self.image_size}, expected a width and a height of at least 1")
        if self.features is not None and not self.features.is_dir():
            raise ValueError(f"features: found no folder {self.features}, expected one")
        if self.links != "all" and self.source not in _LINKED:
            raise ValueError(f"links: found {self.links!r}, expected 'all': tracklets have no features of detections")
        if self.keep_boxes and self.source == "regions":
            raise ValueError("keep_boxes: found True, expected False: regions do not say which frames were sampled")
        if self.features is not None and self.source in ("mega", "regions"):
            kind = "MEGA tracklets" if self.source == "mega" else "regions"
            raise ValueError(f"features: found a folder, expected none: the files of {kind} contain features")


@dataclass(frozen=True)
class BrokenVideo:
    """A source file that was skipped because of an error."""

    path: str
    """Path of the file."""
    error: Exception
    """The error."""


@dataclass(frozen=True)
class BuildReport:
    """Summary of a written store."""

    videos: int
    """Number of videos written."""
    trajectories: int
    """Number of trajectories written."""
    classes: int
    """Number of classes."""
    feature_size: int
    """Width of a trajectory's features."""
    other_videos: int
    """Number of videos skipped because no question is about them."""
    missing_videos: tuple[str, ...]
    """Videos of questions for which there is no file."""
    broken: tuple[BrokenVideo, ...]
    """Files skipped because of an error, or with videos that were."""


def build_trajectories(
    inputs: Sequence[str],
    output: str | os.PathLike[str],
    options: BuildOptions | None = None,
    *,
    questions: Questions | None = None,
    skip_broken: bool = False,
    on_file: Callable[[str], None] = lambda path: None,
) -> BuildReport:
    """Write a trajectory store in the layout of `trajvqa.stores.trajectories`.

    Parameters
    ----------
    inputs
        The source files, one per video, or one of regions for many. The video ID is the one in the file or, if there is
        none, the file name without VidOR's group prefix.
    output
        The store, written atomically.
    options
        Options; default: `BuildOptions()`.
    questions
        The questions of the split. Other videos are skipped. Image sizes, and for tracklets the lengths of
        videos, are taken from the questions if a source file does not have them.
    skip_broken
        Whether to skip and report a broken file, or a broken video of a file of regions; otherwise, it raises.
    on_file
        Called with each path before the file is read.

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the file, what was found and what was expected.
    """
    builder = _Builder(options or BuildOptions(), questions, skip_broken)
    write_trajectories(
        output,
        builder.videos(inputs, on_file),
        builder.classes.names,
        half=builder.options.half,
        tracker=SOURCES[builder.options.source],
        options=repr(builder.options.link) if builder.options.source in _LINKED else "",
        **cut_attributes(builder.options.links, builder.options.clips),
    )
    return builder.report()


class _Builder:
    """Reads source files one by one and counts what goes into the report."""

    def __init__(self, options: BuildOptions, questions: Questions | None, skip_broken: bool) -> None:
        self.options = options
        self.classes = ClassNames(options.classes)
        self._required = None if questions is None else info_from_questions(questions)
        self._skip_broken = skip_broken
        self._paths: dict[str, str] = {}
        self._broken: list[BrokenVideo] = []
        self._trajectories = 0
        self._feature_size = 0
        self._others = 0

    def videos(self, inputs: Sequence[str], on_file: Callable[[str], None]) -> Iterator[VideoTrajectories]:
        for path in inputs:
            on_file(path)
            readers: Sequence[Callable[[], TrackedVideo | None]] = ()
            with self._skipping_broken(path):
                readers = self._readers(path)
            for read in readers:
                video = None
                with self._skipping_broken(path):
                    video = self._video(path, read)
                    self._others += video is None
                if video is not None:
                    self._trajectories += len(video)
                    yield video
        if not self._paths:
            raise ValueError(
                f"inputs: found no video to write in {len(inputs)} files ({len(self._broken)} broken, {self._others} "
                "of other videos), expected at least one"
            )

    def report(self) -> BuildReport:
        return BuildReport(
            videos=len(self._paths),
            trajectories=self._trajectories,
            classes=len(self.classes.names),
            feature_size=self._feature_size,
            other_videos=self._others,
            missing_videos=tuple(video for video in self._required or () if video not in self._paths),
            broken=tuple(self._broken),
        )

    @contextmanager
    def _skipping_broken(self, path: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # one faulty video must not end the others
            if not self._skip_broken:
                raise
            self._broken.append(BrokenVideo(path, error))

    def _readers(self, path: str) -> Sequence[Callable[[], TrackedVideo | None]]:
        """Return what reads each video of a file."""
        if self.options.source != "regions":
            return [partial(self._tracked, path)]
        regions = open_region_features(path)
        return [partial(self._of_regions, regions, video) for video in regions.ids]

    def _video(self, path: str, read: Callable[[], TrackedVideo | None]) -> VideoTrajectories | None:
        """Return the trajectories of a video, or None if no question is about it."""
        try:
            tracked = read()
            if tracked is None:
                return None
            video = tracked.best(self.options.limit).as_video(self.classes, self.options.keep_boxes)
            size = video.features.shape[1]
            if self._feature_size not in (0, size):
                raise ValueError(
                    f"features: found {size} numbers, expected {self._feature_size} as in the previous files"
                )
            other = self._paths.get(video.video)
            if other is not None:
                raise ValueError(f"found video {video.video}, expected a video other than that of {other}")
        except ValueError as error:
            if path in str(error):
                raise
            raise ValueError(f"{path}: {error}") from error
        self._feature_size = size
        self._paths[video.video] = path
        return video

    def _tracked(self, path: str) -> TrackedVideo | None:
        info = info_from_file(path) if self.options.source == "detections" else VideoInfo()
        video = info.video or video_of_file(path)
        required = VideoInfo() if self._required is None else self._required.get(video)
        if required is None:
            return None
        size = info.image_size or required.image_size or self.options.image_size
        match self.options.source:
            case "detections":
                return self._linked(path, video, size)
            case "mega":
                tracked = read_mega_tracklets(path)
            case "seq-nms":
                folder, name = self.options.features, f"{Path(path).stem}_traj_features.npy"
                tracked = read_seq_nms_tracklets(path, None if folder is None else folder / name)
        # The frame count of a container may differ from the number of decoded frames by one.
        return replace(tracked, num_frames=max(tracked.num_frames, required.num_frames or 0), image_size=size)

    def _linked(self, path: str, video: str, size: tuple[int, int] | None) -> TrackedVideo:
        detections = trajtrack.read(path, self.options.format)
        features = None
        if self.options.features is not None:
            features = read_row_features(self.options.features / f"{video}.npy", len(detections), path)
        return self._link(path, video, detections, features, size)

    def _of_regions(self, regions: RegionsInFiles, video: str) -> TrackedVideo | None:
        if self._required is not None and video not in self._required:
            return None
        name = f"{regions.path}: video {video}"
        found = regions.read([video])
        try:
            detections, features = detections_of_regions(found)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        return self._link(name, video, detections, features, None)

    def _link(
        self,
        source: str,
        video: str,
        detections: Detections,
        features: NDArray[np.floating] | None,
        size: tuple[int, int] | None,
    ) -> TrackedVideo:
        with warnings_about(source):
            tracks = trajtrack.link(detections, self.options.link)
        rng = np.random.Generator(np.random.PCG64(list(video.encode())))
        pieces, kept, owners = cut_trajectories(tracks, self.options.links, self.options.clips, rng)
        return replace(from_linking(video, pieces, features, size).only(kept), owners=owners)
