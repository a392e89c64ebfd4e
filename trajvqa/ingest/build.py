"""Trajectory stores out of files of detections, annotations or tracklets, one file a video."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import trajtrack
from trajtrack import LinkOptions
from trajvqa.datasets.questions import Questions
from trajvqa.ingest.tracklets import read_mega_tracklets, read_seq_nms_tracklets, video_of_file
from trajvqa.ingest.tracks import ClassNames, FoundTrajectories, from_linking
from trajvqa.ingest.video_info import VideoFacts, facts_in_file, facts_in_questions, read_row_features
from trajvqa.stores.trajectory_writer import write_trajectories
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["SOURCES", "BrokenVideo", "BuildOptions", "BuildReport", "build_trajectories"]

Source = Literal["detections", "mega", "seq-nms"]

SOURCES: dict[Source, str] = {
    "detections": f"trajtrack {trajtrack.__version__}",
    "mega": "deepSORT (VidVRD-tracklets)",
    "seq-nms": "Seq-NMS (OpenVoc-VidVRD)",
}
"""What files may hold, and what tracked it: detections or annotations that are linked here, or tracklets."""


@dataclass(frozen=True)
class BuildOptions:
    """How a trajectory store is made.

    Raises
    ------
    ValueError
        Naming the option, what was found and what was expected.
    """

    source: Source = "detections"
    """What the files hold, one of `SOURCES`."""
    link: LinkOptions = field(default_factory=lambda: LinkOptions(min_length=2, rescore="sum"))
    """How detections are linked. A trajectory's score is the sum of its detections', the path score of Seq-NMS."""
    format: str | None = None
    """Format of the files of detections, a name in `trajtrack.FORMATS`; told from the files where None."""
    features: Path | None = None
    """Folder of features: for detections ``{video}.npy`` with a row for each of a file's detections, for Seq-NMS
    tracklets ``{name of the file}_traj_features.npy`` with a row a tracklet. Where None, features are those that the
    file holds, or geometry."""
    image_size: tuple[int, int] | None = None
    """Width and height in pixels of images whose size no file tells; geometry needs it."""
    limit: int | None = None
    """Trajectories of a video at most, those of the greatest score; all where None."""
    classes: tuple[str, ...] | None = None
    """Names of the labels, which are all that may come; collected from the files where None."""
    keep_boxes: bool = False
    """Whether the boxes go into the store too."""
    half: bool = False
    """Whether features are rounded to float16, which halves the store."""

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"source: found {self.source!r}, expected one of {', '.join(SOURCES)}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit: found {self.limit}, expected at least 1")
        if self.image_size is not None and min(self.image_size) < 1:
            raise ValueError(f"image_size: found {self.image_size}, expected a width and a height of at least 1")
        if self.features is not None and not self.features.is_dir():
            raise ValueError(f"features: found no folder {self.features}, expected one")
        if self.features is not None and self.source == "mega":
            raise ValueError("features: found a folder, expected none: such tracklets hold their features themselves")


@dataclass(frozen=True)
class BrokenVideo:
    """A file that was left out."""

    path: str
    """The file."""
    error: Exception
    """What is wrong with it."""


@dataclass(frozen=True)
class BuildReport:
    """What went into a store."""

    videos: int
    """Videos written."""
    trajectories: int
    """Trajectories written."""
    classes: int
    """Names of labels."""
    feature_size: int
    """Width of a trajectory's feature."""
    other_videos: int
    """Files left out because no question is about their video."""
    missing_videos: tuple[str, ...]
    """Videos that questions are about and no file is."""
    broken: tuple[BrokenVideo, ...]
    """Files left out because something is wrong with them."""


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
        The files, one a video, named after it: VidOR's group before a name does not count, and an id within a file
        comes before the name.
    output
        The store, which appears whole or not at all.
    options
        How it is made; the defaults where left out.
    questions
        The questions of the split. Files about other videos are left out; image sizes, and lengths of the videos of
        tracklets, are taken from here where a file does not tell them.
    skip_broken
        Whether a file that cannot be used is left out and reported; otherwise it ends all.
    on_file
        Called with each file before it is read.

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the file, what was found and what was expected.
    """
    builder = _Builder(options or BuildOptions(), questions, skip_broken)
    write_trajectories(
        output,
        builder.videos(inputs, on_file),
        builder.classes.names,
        half=builder.options.half,
        tracker=SOURCES[builder.options.source],
        options=repr(builder.options.link) if builder.options.source == "detections" else "",
    )
    return builder.report()


class _Builder:
    """Reads the files one by one, and counts."""

    def __init__(self, options: BuildOptions, questions: Questions | None, skip_broken: bool) -> None:
        self.options = options
        self.classes = ClassNames(options.classes)
        self._asked = None if questions is None else facts_in_questions(questions)
        self._skip_broken = skip_broken
        self._paths: dict[str, str] = {}
        self._broken: list[BrokenVideo] = []
        self._trajectories = 0
        self._feature_size = 0
        self._others = 0

    def videos(self, inputs: Sequence[str], on_file: Callable[[str], None]) -> Iterator[VideoTrajectories]:
        for path in inputs:
            on_file(path)
            try:
                video = self._video(path)
            except (ValueError, OSError, ImportError, MemoryError) as error:
                if not self._skip_broken:
                    raise
                self._broken.append(BrokenVideo(path, error))
                continue
            if video is None:
                self._others += 1
                continue
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
            missing_videos=tuple(video for video in self._asked or () if video not in self._paths),
            broken=tuple(self._broken),
        )

    def _video(self, path: str) -> VideoTrajectories | None:
        """Return what goes into the store, None where no question is about the video."""
        try:
            found = self._found(path)
            if found is None:
                return None
            video = found.best(self.options.limit).as_video(self.classes, self.options.keep_boxes)
            size = video.features.shape[1]
            if self._feature_size not in (0, size):
                raise ValueError(
                    f"features: found {size} numbers, expected {self._feature_size} as in the files before"
                )
            other = self._paths.get(video.video)
            if other is not None:
                raise ValueError(f"found video {video.video}, expected another one than that of {other}")
        except ValueError as error:
            if path in str(error):
                raise
            raise ValueError(f"{path}: {error}") from error
        self._feature_size = size
        self._paths[video.video] = path
        return video

    def _found(self, path: str) -> FoundTrajectories | None:
        facts = facts_in_file(path) if self.options.source == "detections" else VideoFacts()
        video = facts.video or video_of_file(path)
        asked = VideoFacts() if self._asked is None else self._asked.get(video)
        if asked is None:
            return None
        size = facts.image_size or asked.image_size or self.options.image_size
        match self.options.source:
            case "detections":
                return self._linked(path, video, size)
            case "mega":
                found = read_mega_tracklets(path)
            case "seq-nms":
                folder, name = self.options.features, f"{Path(path).stem}_traj_features.npy"
                found = read_seq_nms_tracklets(path, None if folder is None else folder / name)
        # Containers count a frame more or less than decoders find.
        return replace(found, num_frames=max(found.num_frames, asked.num_frames or 0), image_size=size)

    def _linked(self, path: str, video: str, size: tuple[int, int] | None) -> FoundTrajectories:
        detections = trajtrack.read(path, self.options.format)
        features = None
        if self.options.features is not None:
            features = read_row_features(self.options.features / f"{video}.npy", len(detections), path)
        return from_linking(video, trajtrack.link(detections, self.options.link), features, size)
