"""Extract the videos of a split into a data folder; several processes may share one."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import trajtrack
from trajtrack.arguments import TrajtrackWarning, warnings_about
from trajtrack.detect.detecting import Progress
from trajtrack.files.folders import make_folder
from trajtrack.files.locks import claimed, locked_folder
from trajvqa.data.folder import FRAME_FEATURES, TRAJECTORIES, FileKind
from trajvqa.extract.extracting import Extractor, video_id
from trajvqa.extract.parts import SUFFIX, of_video, read_part, write_part
from trajvqa.extract.recipe import RECIPE_FILE, Recipe, find_recipe
from trajvqa.extract.shards import Shard
from trajvqa.ingest.tracks import ClassNames
from trajvqa.stores import VideoTrajectories, store_files, write_frame_features, write_trajectories

__all__ = ["BrokenVideo", "ExtractReport", "Observer", "agree_on_recipe", "extract_split", "videos_in"]

_PAUSE = 0.2
"""Seconds between two looks at what another process does."""


@dataclass(frozen=True)
class BrokenVideo:
    """A video that was skipped because of an error."""

    path: str
    """Path of the video."""
    error: Exception
    """The error."""


@dataclass(frozen=True)
class ExtractReport:
    """What was extracted, and what the stores of the split hold."""

    extracted: int
    """Number of videos extracted by this call."""
    reused: int
    """Number of videos that had been extracted before, or were by another process."""
    broken: tuple[BrokenVideo, ...]
    """Videos skipped because of an error."""
    videos: int
    """Number of videos in the stores."""
    trajectories: int
    """Number of trajectories in the stores."""
    empty: tuple[str, ...]
    """Videos in the stores without a trajectory."""
    classes: int
    """Number of classes."""
    clip_size: int | None
    """Width of the features of a clip; None without clips."""
    trajectory_size: int
    """Width of the features of a trajectory."""


class Observer:
    """Is told what happens; the default does nothing."""

    def progress(self, path: str) -> contextlib.AbstractContextManager[Progress | None]:
        """Return what shows the frames of a video while it is extracted."""
        return contextlib.nullcontext()

    def skipped(self, broken: BrokenVideo) -> None:
        """Take note of an error."""

    def waiting(self, count: int) -> None:
        """Take note that another process extracts some videos."""


def videos_in(folder: Path, split: str) -> set[str]:
    """Return the IDs of the videos of a split that have been extracted."""
    return {path.name.removesuffix(SUFFIX) for path in _parts(folder, split)}


def agree_on_recipe(folder: Path, recipe: Recipe) -> Recipe:
    """Write the recipe of a data folder, or compare it with the one that is there.

    Returns
    -------
    The recipe, with the classes that are known by now.

    Raises
    ------
    ValueError
        If another recipe is there, naming the differences.
    """
    make_folder(folder)
    with _locked(folder):
        found = find_recipe(folder)
        words = [] if found is None else found.differences(recipe)
        if words:
            raise ValueError(
                f"{folder / RECIPE_FILE}: found {', '.join(words)}; give the same for all splits, or write to another "
                "folder"
            )
        known = found.classes if found is not None and recipe.classes is None else recipe.classes
        agreed = replace(recipe if found is None else found, classes=known)
        if agreed != found:
            agreed.write(folder)
    return agreed


def extract_split(
    videos: Sequence[str],
    folder: Path,
    split: str,
    extractor: Extractor,
    observer: Observer | None = None,
    shard: Shard | None = None,
) -> ExtractReport:
    """Extract videos, and assemble the stores of the split from all that have been extracted so far.

    A video is extracted whole or not at all, by one process at a time; one that has been is not extracted again. Memory
    holds one video.

    Parameters
    ----------
    videos
        Video files and folders of images with different IDs.
    folder
        The data folder.
    split
        Name of the split.
    extractor
        What extracts.
    observer
        Is told what happens.
    shard
        The shard of all videos that these are; its stores become files of their own. None for all in one file.

    Raises
    ------
    ValueError
        If the folder has another recipe or stores of another number of shards, an extracted video is of another recipe,
        no video could be extracted, or the shards would not know the same classes.
    OSError
        If a file cannot be written.
    """
    told = observer or Observer()
    for kind in (FRAME_FEATURES, TRAJECTORIES):
        _require_same_shards(kind, folder, split, shard)
    recipe = agree_on_recipe(folder, extractor.recipe)
    if shard is not None and recipe.classes is None:
        raise ValueError("classes: found a detector without names of classes, expected those of all shards (--classes)")
    parts = _parts_folder(folder, split)
    make_folder(parts)
    extracted = reused = 0
    broken: list[BrokenVideo] = []
    pending, waits = list(videos), False
    while pending:
        elsewhere = []
        for path in pending:
            part = parts / f"{video_id(path)}{SUFFIX}"
            with claimed(part.with_name(f"{video_id(path)}.lock")) as held:
                if not held:
                    elsewhere.append(path)
                    continue
                try:
                    if part.exists():
                        _check_part(part, Path(path), extractor)
                        reused += 1
                        continue
                    with warnings_about(path), told.progress(path) as progress:
                        found = extractor.extract(path, progress)
                    source = of_video(Path(path))
                except ImportError:
                    raise  # without its library no video can be extracted
                except Exception as error:  # one faulty video must not end the others
                    broken.append(BrokenVideo(path, error))
                    told.skipped(broken[-1])
                    continue
                write_part(part, found, source, recipe)
                extracted += 1
        if elsewhere and not waits:
            told.waiting(len(elsewhere))
            waits = True
        if elsewhere and len(elsewhere) == len(pending):
            time.sleep(_PAUSE)
        pending = elsewhere
    with _assembling(parts, shard), warnings.catch_warnings():
        # The report names the videos without a trajectory.
        warnings.simplefilter("ignore", TrajtrackWarning)
        report = _assemble(folder, split, extractor, recipe, shard)
    return replace(report, extracted=extracted, reused=reused, broken=tuple(broken))


def _parts_folder(folder: Path, split: str) -> Path:
    return folder / "extracted" / split


def _parts(folder: Path, split: str) -> list[Path]:
    return sorted(path for path in _parts_folder(folder, split).iterdir() if path.name.endswith(SUFFIX))


def _check_part(part: Path, path: Path, extractor: Extractor) -> None:
    found = read_part(part, extractor.options.link)
    if found.source != of_video(path):
        raise ValueError(f"{path}: found {part} of another file of that name; remove it to extract this one")
    if not found.is_of(extractor.recipe):
        raise ValueError(f"{path}: found {part} of another recipe; remove it to extract the video again")


def _require_same_shards(kind: FileKind, folder: Path, split: str, shard: Shard | None) -> None:
    """Raise ValueError if a store of the split has been written otherwise: both could not be read together."""
    whole = folder / kind.expected(split)
    others = [
        path for path in store_files(whole.with_suffix("")) if shard is None or not path.stem.endswith(shard.suffix)
    ]
    if shard is not None and whole.exists():
        others.append(whole)
    if others:
        expected = "no shards" if shard is None else f"those of {shard.count} shards"
        raise ValueError(f"{others[0]}: found a store of another number of shards, expected {expected}; remove it")


def _output(kind: FileKind, folder: Path, split: str, shard: Shard | None) -> Path:
    return kind.output(folder, split) if shard is None else kind.shard(folder, split, shard.name)


def _assemble(folder: Path, split: str, extractor: Extractor, recipe: Recipe, shard: Shard | None) -> ExtractReport:
    """Write the stores of a split, or those of a shard."""
    paths = [path for path in _parts(folder, split) if shard is None or shard.has(path.name.removesuffix(SUFFIX))]
    if not paths:
        raise ValueError("found no video that could be extracted, expected at least one")
    link = extractor.options.link
    names = ClassNames(recipe.classes)
    ids, shapes = [], set()
    for path in paths:
        part = read_part(path, link)
        if not part.is_of(recipe):
            raise ValueError(f"{path}: found a video of another recipe than {folder / RECIPE_FILE}; remove it")
        clips = part.extracted.clips
        shapes.add((part.extracted.appearance_size, None if clips is None else clips.shape[1]))
        ids.append(part.extracted.video)
        if recipe.classes is None:
            tracked = part.extracted.tracked()
            names.to_indices(tracked.labels, tracked.label_names)
    if recipe.classes is None:
        recipe = agree_on_recipe(folder, replace(recipe, classes=tuple(names.names)))
    assert recipe.classes is not None
    appearance_size, clip_size = shapes.pop()
    if clip_size is not None:
        features = (clips for path in paths if (clips := read_part(path, link).extracted.clips) is not None)
        # Motion alone has no such part.
        attributes = {"appearance_size": appearance_size} if appearance_size else {}
        write_frame_features(_output(FRAME_FEATURES, folder, split, shard), ids, features, attributes)
    counts: dict[str, int] = {}
    sizes: set[int] = set()

    def trajectories() -> Iterator[VideoTrajectories]:
        for path in paths:
            video = read_part(path, link).extracted
            try:
                found = video.as_trajectories(recipe.classes or ())
            except ValueError as error:
                raise ValueError(
                    f"{path}: {error}; name all classes of all splits when the folder is begun (--classes)"
                ) from error
            counts[video.video] = len(found)
            sizes.add(found.features.shape[1])
            yield found

    write_trajectories(
        _output(TRAJECTORIES, folder, split, shard),
        trajectories(),
        recipe.classes,
        tracker=f"trajtrack {trajtrack.__version__}",
        options=repr(link),
        detector=recipe.detector.path,
    )
    return ExtractReport(
        extracted=0,
        reused=0,
        broken=(),
        videos=len(ids),
        trajectories=sum(counts.values()),
        empty=tuple(video for video, count in counts.items() if not count),
        classes=len(recipe.classes),
        clip_size=clip_size,
        trajectory_size=sizes.pop(),
    )


@contextlib.contextmanager
def _assembling(parts: Path, shard: Shard | None) -> Iterator[None]:
    """Wait until no other process assembles the same; shards do not wait for one another."""
    if shard is None:
        with _locked(parts):
            yield
        return
    while True:
        with claimed(parts / f"{shard.name}.lock") as held:
            if held:
                yield
                return
        time.sleep(_PAUSE)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, after waiting for it."""
    while True:
        lock = locked_folder(folder)
        try:
            lock.__enter__()
            break
        except BlockingIOError:
            time.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
