"""The benchmark *VidVRD questions*: real tracks and real relations of ImageNet-VidVRD, asked about as NExT-QA does.

Splits. The dataset's own test split has 100 videos, too few for a tight interval, and these are annotated throughout,
its training videos in part. So all 900 are split anew by a seed. Many are shots of one film, which their names tell
(``ILSVRC2015_train_00010021`` and ``..._00010024``); films are not divided between splits.
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
from trajvqa.datasets.nextqa.questions import write_questions
from trajvqa.datasets.questions import NUM_CANDIDATES, Questions
from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo, read_annotations
from trajvqa.datasets.vidvrd.candidates import Asked, Pools, choose_questions, collect_answers, with_candidates
from trajvqa.datasets.vidvrd.claims import noun
from trajvqa.datasets.vidvrd.detections import DetectorOptions, link_video
from trajvqa.datasets.vidvrd.features import clip_features, trajectory_features
from trajvqa.datasets.vidvrd.questions import Draft, draft_questions
from trajvqa.datasets.vidvrd.statistics import SeenVideo, statistics
from trajvqa.datasets.vidvrd.timeline import Story
from trajvqa.stores.frame_features import write_frame_features
from trajvqa.stores.trajectories import write_trajectories
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["VidvrdOptions", "film", "make_vidvrd_questions", "split_videos"]

_SHOT_DIGITS = 3
"""Last digits of a name, which count the shots of a film."""


@dataclass(frozen=True)
class VidvrdOptions:
    """What is asked, of which videos, and how well they are seen.

    Raises
    ------
    ValueError
        Naming the option, what was found and what was expected.
    """

    val_videos: int = 80
    """Validation videos, at least."""
    test_videos: int = 240
    """Test videos, at least; the rest is for training."""
    most_questions: int = 15
    """Questions of a validation or test video."""
    most_training_questions: int = 25
    """Questions of a training video."""
    near: int = 2
    """Wrong candidates of a question that are true of another object or at another time, where there are any."""
    clips: int = 8
    """Clips of a video."""
    seed: int = 0
    """Seed of all chance."""
    detector: DetectorOptions = field(default_factory=DetectorOptions)
    """How well objects are seen."""

    def __post_init__(self) -> None:
        for name in ("val_videos", "test_videos", "most_questions", "most_training_questions", "clips"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected at least 1")
        if not 0 <= self.near < NUM_CANDIDATES:
            raise ValueError(f"near: found {self.near}, expected 0 to {NUM_CANDIDATES - 1}")
        if self.seed < 0:
            raise ValueError(f"seed: found {self.seed}, expected at least 0")


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
        ``VidVRD-dataset.zip``, or a folder of its JSON files, or of VidOR's.
    folder
        Made where there is none.
    options
        The defaults where left out.
    on_progress
        Told what is done next.

    Returns
    -------
    The statistics of each split, see `trajvqa.datasets.vidvrd.statistics.statistics`.

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the file, what was found and what was expected.
    """
    options = options or VidvrdOptions()
    tell = on_progress or (lambda message: None)
    tell("reading annotations")
    videos = list(read_annotations(source))
    parts = split_videos(videos, options)
    classes = sorted({category for video in videos for category in video.categories.values()})
    folder = Path(folder)
    for name in ("vid_feat", "traj_feat"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    asked: dict[str, list[Asked]] = {}
    pools: Pools = {}
    # Wrong candidates of all splits come from the training answers, which stand first.
    for place, (split, members) in enumerate(parts.items()):
        tell(f"{split}: asking and linking {len(members)} videos")
        rng = np.random.Generator(np.random.PCG64([options.seed, place]))
        drafts = [draft for video in members for draft in _drafts(video, options)]
        if split == "train":
            pools = collect_answers(drafts)
        chosen = choose_questions(drafts, *_amount(split, options), rng)
        seen = _see(members, with_candidates(chosen, pools, options.near, rng), classes, options)
        if not seen:
            raise ValueError(f"{os.fspath(source)}: found no question about the {len(members)} {split} videos")
        _write(folder, split, seen, classes, options)
        asked[split] = [question for each in seen for question in each.asked]
        found[split] = statistics(seen, classes, asked["train"])
    document = {"options": asdict(options), "statistics": found}
    with atomic_output(folder / "vidvrd.json") as file:
        file.write(f"{json.dumps(document, indent=1)}\n".encode())
    return found


def split_videos(videos: Sequence[AnnotatedVideo], options: VidvrdOptions) -> dict[str, list[AnnotatedVideo]]:
    """Divide videos among ``train``, ``val`` and ``test`` by the seed; shots of one film stay together.

    Raises
    ------
    ValueError
        When no video is left for training.
    """
    films: dict[str, list[AnnotatedVideo]] = {}
    for video in videos:
        films.setdefault(film(video.name), []).append(video)
    names = sorted(films)
    parts: dict[str, list[AnnotatedVideo]] = {"train": [], "val": [], "test": []}
    for place in np.random.Generator(np.random.PCG64(options.seed)).permutation(len(names)).tolist():
        if len(parts["test"]) < options.test_videos:
            split = "test"
        else:
            split = "val" if len(parts["val"]) < options.val_videos else "train"
        parts[split] += films[names[place]]
    if not parts["train"]:
        raise ValueError(
            f"test_videos, val_videos: found {options.test_videos} and {options.val_videos}, expected fewer: "
            f"of {len(videos)} videos none is left for training"
        )
    return {split: sorted(members, key=lambda video: video.name) for split, members in parts.items()}


def film(name: str) -> str:
    """Return what the names of all shots of a film have in common; other names are films of their own."""
    return name[:-_SHOT_DIGITS] if name.startswith("ILSVRC") else name


def _drafts(video: AnnotatedVideo, options: VidvrdOptions) -> Iterable[Draft]:
    return draft_questions(Story(video, options.detector.longest_hole))


def _amount(split: str, options: VidvrdOptions) -> tuple[int, float]:
    """Return the most questions of a video, and how much larger that is than of a test video."""
    if split != "train":
        return options.most_questions, 1.0
    return options.most_training_questions, options.most_training_questions / options.most_questions


def _see(
    videos: Iterable[AnnotatedVideo], asked: Iterable[Asked], classes: Sequence[str], options: VidvrdOptions
) -> list[SeenVideo]:
    """Link the videos that something is asked about."""
    labels = {name: label for label, name in enumerate(classes)}
    by_video: dict[str, list[Asked]] = {}
    for question in asked:
        by_video.setdefault(question.draft.video, []).append(question)
    seen = []
    for video in videos:
        if video.name in by_video:
            rng = np.random.Generator(np.random.PCG64([options.seed, *video.name.encode()]))
            tracks = link_video(video, labels, options.detector, rng)
            seen.append(SeenVideo(video, by_video[video.name], tracks))
    return seen


def _write(folder: Path, split: str, seen: Sequence[SeenVideo], classes: Sequence[str], options: VidvrdOptions) -> None:
    write_questions(folder / f"{split}.csv", _questions(seen))
    write_frame_features(
        folder / "vid_feat" / f"app_mot_{split}.h5",
        [each.video.name for each in seen],
        np.stack([clip_features(each.tracks, _size(each.video), len(classes), options.clips) for each in seen]),
    )
    write_trajectories(
        folder / "traj_feat" / f"trajectories_{split}.h5",
        (_stored(each) for each in seen),
        [noun(name) for name in classes],
        tracker="trajtrack",
        detector="annotated boxes with noise",
    )


def _stored(seen: SeenVideo) -> VideoTrajectories:
    tracks = seen.tracks
    ends: NDArray[np.float64] = np.stack([tracks.starts, tracks.ends + 1], axis=1) / seen.video.num_frames
    return VideoTrajectories(
        video=seen.video.name,
        features=trajectory_features(tracks, _size(seen.video)),
        spans=ends.astype(np.float32),
        labels=tracks.labels,
        scores=tracks.scores.astype(np.float32),
    )


def _size(video: AnnotatedVideo) -> tuple[int, int]:
    return video.width, video.height


def _questions(seen: Sequence[SeenVideo]) -> Questions:
    rows = [(each.video, number, question) for each in seen for number, question in enumerate(each.asked)]
    return Questions(
        videos=tuple(video.name for video, _, _ in rows),
        qids=tuple(str(number) for _, number, _ in rows),
        types=tuple(question.draft.type for *_, question in rows),
        questions=tuple(question.draft.question for *_, question in rows),
        candidates=tuple(
            tuple(question.draft.text(candidate) for candidate in question.candidates) for *_, question in rows
        ),
        answers=np.array([question.place for *_, question in rows], np.int64),
        frame_counts=np.array([video.num_frames for video, *_ in rows], np.int64),
        widths=np.array([video.width for video, *_ in rows], np.int64),
        heights=np.array([video.height for video, *_ in rows], np.int64),
    )
