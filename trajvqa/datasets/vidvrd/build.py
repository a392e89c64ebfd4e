"""The benchmark *VidVRD questions*: NExT-QA-style questions about annotated tracks and relations of ImageNet-VidVRD.

The benchmark has its own splits. The dataset's test split has only 100 videos, too few for a tight interval; moreover,
they are annotated completely, the training videos only in part. Therefore, all 900 videos are split by a seed. Many are
shots of the same film, as their names show (``ILSVRC2015_train_00010021`` and ``..._00010024``); the shots of a film
stay in one split.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output
from trajtrack.option_fields import check_options, choice, count
from trajvqa.data.folder import FRAME_FEATURES, QUESTIONS, REGIONS, TRAJECTORIES
from trajvqa.datasets.nextqa import write_questions
from trajvqa.datasets.questions import NUM_CANDIDATES, Questions
from trajvqa.datasets.sampled_regions import sampled_regions
from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo, read_annotations
from trajvqa.datasets.vidvrd.candidates import MultipleChoice, Pools, choose_questions, collect_answers, with_candidates
from trajvqa.datasets.vidvrd.claims import noun
from trajvqa.datasets.vidvrd.detections import DetectorOptions, link_video
from trajvqa.datasets.vidvrd.features import clip_features, clip_span, region_features, trajectory_features
from trajvqa.datasets.vidvrd.questions import Draft, draft_questions
from trajvqa.datasets.vidvrd.statistics import LinkedVideo, statistics
from trajvqa.datasets.vidvrd.timeline import Timeline
from trajvqa.stores import (
    LINKS,
    VideoTrajectories,
    cut_attributes,
    cut_trajectories,
    write_frame_features,
    write_region_features,
    write_trajectories,
)

__all__ = ["VidvrdOptions", "film", "make_vidvrd_questions", "split_videos"]

_SHOT_DIGITS = 3
"""Number of final digits of a name, which number the shots of a film."""


@dataclass(frozen=True)
class VidvrdOptions:
    """Numbers of videos and questions, and quality of the simulated detector.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    val_videos: int = count(80, 1, 10**6, "Minimum number of validation videos.")
    test_videos: int = count(240, 1, 10**6, "Minimum number of test videos; the rest are training videos.")
    most_questions: int = count(15, 1, 10**6, "Maximum number of questions of a validation or test video.")
    most_training_questions: int = count(25, 1, 10**6, "Maximum number of questions of a training video.")
    near: int = count(
        2,
        0,
        NUM_CANDIDATES - 1,
        "Maximum number of wrong candidates of a question that are true of another object or at another time.",
    )
    clips: int = count(8, 1, 10_000, "Number of clips of a video.")
    links: str = choice("all", LINKS, "Links between a trajectory's detections that are kept, one of `LINKS`.")
    seed: int = count(0, 0, 2**31 - 1, "Seed of the random number generators.")
    detector: DetectorOptions = field(
        default_factory=DetectorOptions, metadata={"doc": "Quality of the simulated detector."}
    )

    def __post_init__(self) -> None:
        check_options(self)


def make_vidvrd_questions(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    options: VidvrdOptions | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write the benchmark as a data folder in NExT-QA's layout, with its options and statistics in ``vidvrd.json``.

    Parameters
    ----------
    source
        ``VidVRD-dataset.zip``, or a folder of JSON files of ImageNet-VidVRD or VidOR.
    folder
        The folder to write, created if it does not exist.
    options
        Options; default: `VidvrdOptions()`.
    on_progress
        Called with a message before each step.

    Returns
    -------
    The statistics of each split; see `trajvqa.datasets.vidvrd.statistics.statistics`.

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the file, what was found and what was expected.
    """
    options = options or VidvrdOptions()
    report_progress = on_progress or (lambda message: None)
    report_progress("reading annotations")
    videos = list(read_annotations(source))
    parts = split_videos(videos, options)
    classes = sorted({category for video in videos for category in video.categories.values()})
    folder = Path(folder)
    found: dict[str, Any] = {}
    asked: dict[str, list[MultipleChoice]] = {}
    pools: Pools = {}
    # The training split comes first: wrong candidates of all splits are drawn from its answers.
    for index, (split, members) in enumerate(parts.items()):
        report_progress(f"{split}: asking about and linking {len(members)} videos")
        rng = np.random.Generator(np.random.PCG64([options.seed, index]))
        drafts = [draft for video in members for draft in _drafts(video, options)]
        if split == "train":
            pools = collect_answers(drafts)
        chosen = choose_questions(drafts, *_limits(split, options), rng)
        linked = _link(members, with_candidates(chosen, pools, options.near, rng), classes, options)
        if not linked:
            raise ValueError(
                f"{os.fspath(source)}: found no question about the {len(members)} {split} videos, expected at least one"
            )
        _write(folder, split, linked, classes, options)
        asked[split] = [question for each in linked for question in each.asked]
        found[split] = statistics(linked, classes, asked["train"])
    document = {"options": asdict(options), "statistics": found}
    with atomic_output(folder / "vidvrd.json") as file:
        file.write(f"{json.dumps(document, indent=1)}\n".encode())
    return found


def split_videos(videos: Sequence[AnnotatedVideo], options: VidvrdOptions) -> dict[str, list[AnnotatedVideo]]:
    """Divide videos into ``train``, ``val`` and ``test`` at random; the shots of a film stay together.

    Raises
    ------
    ValueError
        If no video is left for training.
    """
    films: dict[str, list[AnnotatedVideo]] = {}
    for video in videos:
        films.setdefault(film(video.name), []).append(video)
    names = sorted(films)
    parts: dict[str, list[AnnotatedVideo]] = {"train": [], "val": [], "test": []}
    for index in np.random.Generator(np.random.PCG64(options.seed)).permutation(len(names)).tolist():
        if len(parts["test"]) < options.test_videos:
            split = "test"
        else:
            split = "val" if len(parts["val"]) < options.val_videos else "train"
        parts[split] += films[names[index]]
    if not parts["train"]:
        raise ValueError(
            f"test_videos, val_videos: found {options.test_videos} and {options.val_videos}, expected fewer: "
            f"of {len(videos)} videos none is left for training"
        )
    return {split: sorted(members, key=lambda video: video.name) for split, members in parts.items()}


def film(name: str) -> str:
    """Return the part of a video's name that all shots of its film share; other names are returned unchanged."""
    return name[:-_SHOT_DIGITS] if name.startswith("ILSVRC") else name


def _drafts(video: AnnotatedVideo, options: VidvrdOptions) -> Iterable[Draft]:
    return draft_questions(Timeline(video, options.detector.longest_hole))


def _limits(split: str, options: VidvrdOptions) -> tuple[int, float]:
    """Return the maximum number of questions of a video, and its ratio to that of a test video."""
    if split != "train":
        return options.most_questions, 1.0
    return options.most_training_questions, options.most_training_questions / options.most_questions


def _link(
    videos: Iterable[AnnotatedVideo], asked: Iterable[MultipleChoice], classes: Sequence[str], options: VidvrdOptions
) -> list[LinkedVideo]:
    """Link the videos that have questions."""
    labels = {name: label for label, name in enumerate(classes)}
    by_video: dict[str, list[MultipleChoice]] = {}
    for question in asked:
        by_video.setdefault(question.draft.video, []).append(question)
    linked = []
    for video in videos:
        if video.name in by_video:
            rng = np.random.Generator(np.random.PCG64([options.seed, *video.name.encode()]))
            tracks = link_video(video, labels, options.detector, rng)
            linked.append(LinkedVideo(video, by_video[video.name], tracks))
    return linked


def _write(
    folder: Path, split: str, linked: Sequence[LinkedVideo], classes: Sequence[str], options: VidvrdOptions
) -> None:
    write_questions(QUESTIONS.output(folder, split), _questions(linked))
    write_frame_features(
        FRAME_FEATURES.output(folder, split),
        [each.video.name for each in linked],
        np.stack([clip_features(each.tracks, _size(each.video), len(classes), options.clips) for each in linked]),
    )
    write_region_features(
        REGIONS.output(folder, split),
        [each.video.name for each in linked],
        (_regions(each, len(classes), options.clips) for each in linked),
    )
    write_trajectories(
        TRAJECTORIES.output(folder, split),
        (_video_trajectories(each, options) for each in linked),
        [noun(name) for name in classes],
        tracker="trajtrack",
        detector="annotated boxes with noise",
        **cut_attributes(options.links, options.clips),
    )


def _regions(linked: LinkedVideo, classes: int, clips: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    detections = linked.tracks.detections
    features = region_features(detections, _size(linked.video), classes)
    return sampled_regions(detections, features, clips, clip_span(linked.tracks))


def _video_trajectories(linked: LinkedVideo, options: VidvrdOptions) -> VideoTrajectories:
    rng = np.random.Generator(np.random.PCG64(list(linked.video.name.encode())))
    tracks, kept, owners = cut_trajectories(linked.tracks, options.links, options.clips, rng)
    spans: NDArray[np.float64] = np.stack([tracks.starts, tracks.ends + 1], axis=1) / linked.video.num_frames
    return VideoTrajectories(
        video=linked.video.name,
        features=trajectory_features(tracks, _size(linked.video))[kept],
        spans=spans.astype(np.float32)[kept],
        labels=tracks.labels[kept],
        scores=tracks.scores.astype(np.float32)[kept],
        owners=owners,
    )


def _size(video: AnnotatedVideo) -> tuple[int, int]:
    return video.width, video.height


def _questions(linked: Sequence[LinkedVideo]) -> Questions:
    rows = [(each.video, index, question) for each in linked for index, question in enumerate(each.asked)]
    return Questions(
        videos=tuple(video.name for video, _, _ in rows),
        qids=tuple(str(index) for _, index, _ in rows),
        types=tuple(question.draft.type for *_, question in rows),
        questions=tuple(question.draft.question for *_, question in rows),
        candidates=tuple(
            tuple(question.draft.text(candidate) for candidate in question.candidates) for *_, question in rows
        ),
        answers=np.array([question.answer for *_, question in rows], np.int64),
        frame_counts=np.array([video.num_frames for video, *_ in rows], np.int64),
        widths=np.array([video.width for video, *_ in rows], np.int64),
        heights=np.array([video.height for video, *_ in rows], np.int64),
    )
