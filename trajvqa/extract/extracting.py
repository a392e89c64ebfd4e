"""Run detector and models over the frames of a video."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections
from trajtrack.arguments import as_path_name
from trajtrack.decoding import Frame, FrameSource, Sampling, open_frames
from trajtrack.decoding.frames import DEFAULT_RATE
from trajtrack.detect import TransformersDetector
from trajtrack.detect.callables import GivenCallable, NamedCallable
from trajtrack.detect.detecting import DetectionRun, Progress
from trajtrack.detect.detector import Detector, DetectorSource, names_of
from trajtrack.detect.journal import Journal
from trajtrack.detect.model_folders import CONFIG, WEIGHTS, check_folder, folder_identity, libraries
from trajtrack.detect.sources import source_of
from trajtrack.printable import shown
from trajvqa.extract.clips import ClipReader, clip_frames
from trajvqa.extract.extracted import ExtractedVideo
from trajvqa.extract.image_models import ImageModel, check_image_folder
from trajvqa.extract.options import ExtractOptions, link_from_recipe, link_to_recipe
from trajvqa.extract.recipe import GEOMETRY, MODELS, QUERIES, ModelRecord, Recipe
from trajvqa.extract.video_models import VideoModel, check_video_folder
from trajvqa.text.encoders import TOKENIZERS

__all__ = ["KINDS", "Extractor", "text_record", "video_id"]

KINDS = ("clips", "trajectories")
"""What is extracted from pixels."""
_DECISIVE = {
    "clips": ("appearance", "motion", "clips", "frames_per_clip"),
    "trajectories": ("detector", "regions", "min_score", "link", "classes"),
}
"""Fields of a recipe that decide each."""


def video_id(path: str | os.PathLike[str]) -> str:
    """Return the ID of a video: the name of its file without the suffix, or of its folder of images.

    Raises
    ------
    ValueError
        If the name is no text.
    """
    source = Path(as_path_name(path))
    name = source.resolve().name if source.is_dir() else source.stem
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{path}: found a name that is not UTF-8, expected one that can be the ID of a video"
        ) from error
    return name


class Extractor:
    """Detector and models, loaded once for many videos.

    Parameters
    ----------
    options
        What to extract.

    Raises
    ------
    ValueError, TypeError
        If an option is invalid, or a model cannot be loaded.
    ImportError
        If a package is not installed.
    """

    recipe: Recipe
    """Everything that decides the numbers."""

    def __init__(self, options: ExtractOptions) -> None:
        self.options = options
        Sampling(options.fps)
        self._source = source_of(options.detector)
        # All folders are looked at before the first model, which may take long, is loaded.
        if options.appearance is not None:
            check_image_folder(options.appearance)
        if options.motion is not None:
            check_video_folder(options.motion)
        if options.regions not in (None, QUERIES, GEOMETRY):
            check_image_folder(Path(str(options.regions)))
        text = None if options.text is None else text_record(options.text)
        has_models = options.appearance or options.motion or options.regions not in (None, QUERIES, GEOMETRY)
        if options.threads is not None and has_models:
            libraries()[0].set_num_threads(options.threads)
        is_function = isinstance(self._source, GivenCallable | NamedCallable)
        self._detector = self._source.loaded(None if is_function else options.device, options.threads)
        self._min_score = self._source.min_score if options.min_score is None else options.min_score
        self._appearance = None if options.appearance is None else self._image_model(options.appearance)
        self._motion = None if options.motion is None else VideoModel(options.motion, options.device)
        self._regions = self._region_model()
        names = names_of(self._detector)
        known = None if names is None else tuple(dict.fromkeys(names[label] for label in sorted(names)))
        self.recipe = Recipe(
            detector=ModelRecord(self._source.name, self._source.recipe()),
            fps=options.fps,
            frame_rate=options.frame_rate,
            min_score=self._min_score,
            link=link_to_recipe(options.link),
            regions=self._regions.record if isinstance(self._regions, ImageModel) else self._regions,
            appearance=None if self._appearance is None else self._appearance.record,
            motion=None if self._motion is None else self._motion.record,
            text=text,
            clips=options.clips,
            frames_per_clip=options.frames_per_clip,
            classes=known if options.classes is None else options.classes,
        )

    @staticmethod
    def from_recipe(
        recipe: Recipe,
        *,
        folders: Mapping[str, str | os.PathLike[str]] | None = None,
        device: str | None = None,
        threads: int | None = None,
        batch_size: int = 4,
        keep_damaged: bool = False,
        only: Collection[str] = KINDS,
    ) -> Extractor:
        """Load the models of a recipe.

        Parameters
        ----------
        recipe
            The recipe.
        folders
            Where models lie now, by ``detector``, ``appearance``, ``motion`` and ``regions``; default: where they were.
        device, threads, batch_size, keep_damaged
            As in `ExtractOptions`.
        only
            What to extract, of ``clips`` and ``trajectories``; models of the others are neither loaded nor compared.

        Raises
        ------
        ValueError
            If a model is another one than that of the recipe, naming it, or cannot be loaded.
        """
        places: dict[str, str] = {}
        for name in MODELS:
            record = getattr(recipe, name)
            if isinstance(record, ModelRecord):
                places[name] = record.path
        for name, folder in (folders or {}).items():
            if name not in places:
                raise ValueError(f"folders: found {shown(name)}, expected a model of the recipe: {', '.join(places)}")
            places[name] = os.fspath(folder)
        left_out = [name for kind in KINDS if kind not in only for name in _DECISIVE[kind]]
        for name in left_out:
            places.pop(name, None)
        has_tracks = "trajectories" in only
        options = ExtractOptions(
            detector=places["detector"] if has_tracks else _nothing,
            appearance=Path(places["appearance"]) if "appearance" in places else None,
            motion=Path(places["motion"]) if "motion" in places else None,
            regions=places.get("regions", str(recipe.regions)) if has_tracks else GEOMETRY,
            clips=recipe.clips,
            frames_per_clip=recipe.frames_per_clip,
            fps=recipe.fps,
            frame_rate=recipe.frame_rate,
            min_score=recipe.min_score,
            link=link_from_recipe(recipe.link),
            classes=recipe.classes,
            device=device,
            threads=threads,
            batch_size=batch_size,
            keep_damaged=keep_damaged,
        )
        extractor = Extractor(options)
        # Text is encoded elsewhere.
        kept = {name: getattr(recipe, name) for name in ("text", *left_out)}
        extractor.recipe = replace(extractor.recipe, **kept)
        words = extractor.recipe.differences(recipe)
        if words:
            raise ValueError(f"found another recipe than expected: {'; '.join(words)}")
        return extractor

    def extract(self, path: str | os.PathLike[str], progress: Progress | None = None) -> ExtractedVideo:
        """Extract a video; memory holds a batch of frames and the prepared frames of a clip.

        Parameters
        ----------
        path
            Video file of any container, or folder of numbered images.
        progress
            Called with the number of frames that the detector has seen and about how many there are.

        Raises
        ------
        ValueError
            If the video cannot be read, is damaged or ends early, unless such videos are kept.
        OSError
            If it cannot be opened.
        RuntimeError
            If the detector raises an exception.

        Warns
        -----
        TrajtrackWarning
            If nothing is detected, or a damaged video is kept.
        """
        options = self.options
        source = open_frames(path, frame_rate=_rate_for(path, options.frame_rate), threads=options.threads)
        facts = _Facts.of(source)
        problems = source.problems()
        if problems and not options.keep_damaged:
            raise ValueError(problems[0])
        clips = None
        if self._appearance is not None or self._motion is not None:
            chosen = clip_frames(facts.num_frames, options.clips, options.frames_per_clip)
            clips = ClipReader(chosen, self._appearance, self._motion, options.batch_size)
        described = _DescribingDetector(self._detector, self._regions, self._min_score)
        run = DetectionRun(
            video=source if clips is None else _Watched(source, clips),
            source=described,
            sampling=Sampling(options.fps),
            min_score=self._min_score,
            batch_size=options.batch_size,
            device=None,
            threads=None,
        )
        found = run.detect(Journal(None, None), progress)
        return ExtractedVideo(
            video=video_id(path),
            num_frames=found.detections.num_frames,
            width=source.size[0],
            height=source.size[1],
            frame_rate=source.rate or DEFAULT_RATE,
            duration=facts.duration,
            clips=None if clips is None else clips.features(),
            appearance_size=0 if self._appearance is None else self._appearance.size,
            detected=found,
            region_features=described.features(),
            link=options.link,
        )

    def _image_model(self, folder: Path) -> ImageModel:
        return ImageModel(folder, self.options.device, self.options.batch_size)

    def _region_model(self) -> ImageModel | str:
        wanted = self.options.regions
        detector = self._detector
        has_queries = isinstance(detector, TransformersDetector) and detector.feature_size is not None
        if wanted == QUERIES and not has_queries:
            raise ValueError(
                f"regions: found {QUERIES} with a detector without queries, expected a model of the DETR family in a "
                "folder of Transformers"
            )
        if wanted in (QUERIES, GEOMETRY):
            return str(wanted)
        if wanted is None:
            return QUERIES if has_queries else self._appearance or GEOMETRY
        if self.options.appearance is not None and Path(wanted).resolve() == self.options.appearance.resolve():
            assert self._appearance is not None
            return self._appearance
        return self._image_model(Path(wanted))


def _nothing(frames: Sequence[NDArray[np.uint8]]) -> list[None]:
    """Stand for a detector where trajectories are not wanted."""
    return [None] * len(frames)


def text_record(folder: Path) -> ModelRecord:
    """Return the record of a folder of a text model.

    Raises
    ------
    ValueError
        If it lacks a file.
    """
    check_folder(folder, CONFIG, TOKENIZERS, WEIGHTS)
    return ModelRecord(str(folder), folder_identity(folder, CONFIG, TOKENIZERS, WEIGHTS))


def _rate_for(path: str | os.PathLike[str], frame_rate: float | None) -> float | None:
    """Return the rate that applies: videos have their own, beside which folders of images may lie."""
    return frame_rate if Path(as_path_name(path)).is_dir() else None


@dataclass(frozen=True)
class _Facts:
    """What is known of a video after all frames have been decoded."""

    num_frames: int
    duration: float

    @staticmethod
    def of(source: FrameSource) -> _Facts:
        """Decode all frames without making pixels of them, which takes little time beside a model."""
        last, time = -1, Fraction(0)
        for frame in source.frames():
            last, time = frame.index, frame.time
        if last < 0:
            raise ValueError(f"{source.path}: found no frame that can be decoded, expected a video")
        return _Facts(last + 1, float(time) + 1 / (source.rate or DEFAULT_RATE))


class _Watched(FrameSource):
    """A source of frames that shows those of clips to their reader on the way to the detector."""

    def __init__(self, source: FrameSource, clips: ClipReader) -> None:
        self._source, self._clips = source, clips
        self.path, self.size, self.rate = source.path, source.size, source.rate
        self.expected_frames = source.expected_frames

    def frames(self) -> Iterator[Frame]:
        following = 0
        for frame in self._source.frames():
            self.num_read = self._source.num_read
            # Folders of images may lack numbers; the frame after the gap stands for those that are missing.
            for index in range(following, frame.index + 1):
                if self._clips.wants(index):
                    self._clips.add(index, frame.pixels())
            following = frame.index + 1
            yield frame

    def problems(self) -> list[str]:
        return self._source.problems()


class _DescribingDetector(DetectorSource):
    """A detector that keeps the features of the boxes that it returns."""

    def __init__(self, detector: Detector, regions: ImageModel | str, min_score: float | None) -> None:
        self.name = ""
        self.min_score = min_score
        self.names = getattr(detector, "names", None)
        self._detector, self._regions = detector, regions
        self._found: list[NDArray[np.float32]] = []

    def recipe(self) -> dict[str, Any]:
        return {}

    def load(self, device: str | None, threads: int | None) -> Detector:
        return self

    def __call__(self, frames: list[NDArray[np.uint8]], /) -> Sequence[Any]:
        if isinstance(self._regions, str):
            if self._regions == GEOMETRY:
                return self._detector(frames)
            assert isinstance(self._detector, TransformersDetector)
            entries: Sequence[Any] = self._detector.with_features(frames)
            for entry in entries:
                self._found.append(entry["features"][self._kept(entry["scores"])])
            return entries
        entries = self._detector(frames)
        try:
            found = [Detections.from_frames([entry]) for entry in entries]
        except (ValueError, TypeError):
            return entries  # refused where it is read, with a better message
        for image, boxes in zip(frames, found, strict=False):
            self._found.append(self._regions.describe(image, boxes.boxes[self._kept(boxes.scores)]))
        return entries

    def features(self) -> NDArray[np.float32] | None:
        """Return (n, R) features of all boxes; None for geometry.

        Raises
        ------
        ValueError
            If a number is not finite.
        """
        if self._regions == GEOMETRY:
            return None
        found = np.concatenate(self._found)
        if not np.isfinite(found).all():
            raise ValueError("regions: found features that are not finite, expected finite numbers")
        return found

    def _kept(self, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
        if self.min_score is None:
            return np.full(len(scores), True)
        kept: NDArray[np.bool_] = np.asarray(scores, np.float32) >= self.min_score
        return kept
