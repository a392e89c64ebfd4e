"""Evaluate trajectories with HOTA, CLEAR and identity metrics, computed by TrackEval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np

from trajtrack.arguments import list_names, warn
from trajtrack.detections import Detections
from trajtrack.metrics.ground_truth import GroundTruth
from trajtrack.metrics.matching import Origin, Video
from trajtrack.printable import shown
from trajtrack.trajectories import Trajectories

__all__ = [
    *("HotaCurves", "Metrics", "choose_labels", "combine", "evaluate", "evaluate_from", "evaluate_many"),
    "import_trackeval",
]


@dataclass(frozen=True)
class HotaCurves:
    """HOTA and its two parts at each overlap at which boxes match, as fractions."""

    hotas: tuple[float, ...] = ()
    """HOTA at each overlap."""
    detas: tuple[float, ...] = ()
    """Detection accuracy at each overlap."""
    assas: tuple[float, ...] = ()
    """Association accuracy at each overlap."""

    @property
    def overlaps(self) -> tuple[float, ...]:
        """The overlaps: 0.05, 0.1, and so on to 0.95."""
        return tuple(number / 20 for number in range(1, len(self.hotas) + 1))


@dataclass(frozen=True)
class Metrics:
    """The metrics of TrackEval for a set of tracks; fractions are from 0 to 1, MOTA has no lower bound."""

    hota: float
    """Higher-order tracking accuracy: the geometric mean of detection and association accuracy, averaged over overlap
    thresholds from 0.05 to 0.95."""
    deta: float
    """Detection accuracy, averaged over the same thresholds."""
    assa: float
    """Association accuracy, averaged over the same thresholds."""
    loca: float
    """Localisation accuracy: overlap of matched boxes, averaged over the same thresholds."""
    mota: float
    """Multi-object tracking accuracy: 1 - (misses + false positives + switches) / true boxes."""
    motp: float
    """Multi-object tracking precision: mean overlap of matched boxes."""
    precision: float
    """Fraction of track boxes that are matched."""
    recall: float
    """Fraction of true boxes that are matched."""
    idf1: float
    """F1 score of boxes under the best assignment of tracks to identities over the whole video."""
    id_precision: float
    """Precision under that assignment."""
    id_recall: float
    """Recall under that assignment."""
    switches: int
    """Number of times that an identity is matched to a different track than before."""
    fragments: int
    """Number of times that the match of an identity is interrupted."""
    mostly_tracked: int
    """Number of identities matched in more than 80 % of their frames."""
    partly_tracked: int
    """Number of identities matched in 20 to 80 % of their frames."""
    mostly_lost: int
    """Number of identities matched in less than 20 % of their frames."""
    true_positives: int
    """Number of matched boxes."""
    false_positives: int
    """Number of track boxes without a match."""
    false_negatives: int
    """Number of true boxes without a match."""
    truth_tracks: int
    """Number of identities in the ground truth."""
    tracks: int
    """Number of evaluated tracks."""
    classes: Mapping[int, Metrics] = field(default_factory=dict)
    """Metrics by label; empty if classes were ignored."""
    videos: tuple[Metrics, ...] = ()
    """Metrics of each video; empty if there was only one."""
    curves: HotaCurves = field(default_factory=HotaCurves, repr=False)
    """HOTA, detection and association accuracy at each overlap, whose means are above."""


def evaluate(
    truth: Detections | GroundTruth,
    tracks: Detections | Trajectories,
    *,
    class_agnostic: bool = False,
    classes: Iterable[int | str] | None = None,
    iou_threshold: float = 0.5,
) -> Metrics:
    """Evaluate the tracks of a video against its ground truth.

    Parameters
    ----------
    truth
        Detections with `track_ids`, all to be found; or annotations with the rules of their benchmark
        (`mot_ground_truth`, `kitti_ground_truth`).
    tracks
        Trajectories, including their interpolated boxes; or detections with `track_ids`; rows with ID -1 are ignored.
    class_agnostic
        Whether labels are ignored. Otherwise each class is evaluated separately, and the total adds up their boxes.
    classes
        Labels or names of the classes to evaluate; default: all that are annotated or tracked and that the rules of the
        ground truth evaluate.
    iou_threshold
        Minimum overlap (intersection over union, float64) of matching boxes in the CLEAR and identity metrics, above 0
        and up to 1. HOTA averages over many thresholds.

    Returns
    -------
    Metrics
        Exactly the values that TrackEval computes from files.

    Raises
    ------
    ImportError
        If TrackEval is not installed.
    ValueError
        If boxes have no identities, an identity has two boxes of a class in one frame, or there is no such class.

    Warns
    -----
    TrajtrackWarning
        If the ground truth has no box to evaluate, or no track has the class of one.
    """
    return evaluate_many([(truth, tracks)], class_agnostic=class_agnostic, classes=classes, iou_threshold=iou_threshold)


def evaluate_many(
    pairs: Sequence[tuple[Detections | GroundTruth, Detections | Trajectories]],
    *,
    class_agnostic: bool = False,
    classes: Iterable[int | str] | None = None,
    iou_threshold: float = 0.5,
) -> Metrics:
    """Evaluate the tracks of several videos and combine the results as TrackEval does; parameters as in `evaluate`.

    Parameters
    ----------
    pairs
        Ground truth and tracks of each video.

    Warns
    -----
    TrajtrackWarning
        If the ground truth of a video has no box to evaluate, or no track has the class of one.
    """
    prefixes = [""] if len(pairs) == 1 else [f"pairs, video {index}, " for index in range(len(pairs))]
    origins = [(Origin(f"{prefix}truth"), Origin(f"{prefix}tracks")) for prefix in prefixes]
    return evaluate_from(pairs, origins, class_agnostic=class_agnostic, classes=classes, iou_threshold=iou_threshold)


def evaluate_from(
    pairs: Sequence[tuple[Detections | GroundTruth, Detections | Trajectories]],
    origins: Sequence[tuple[Origin, Origin]],
    *,
    class_agnostic: bool,
    classes: Iterable[int | str] | None,
    iou_threshold: float,
) -> Metrics:
    """Evaluate as `evaluate_many`; messages name the origins of the ground truth and of the tracks of each video."""
    if not pairs:
        raise ValueError("pairs: found none, expected at least one pair of ground truth and tracks")
    if not 0 < iou_threshold <= 1:
        raise ValueError(f"iou_threshold: found {shown(iou_threshold)}, expected a number above 0 and up to 1")
    library = import_trackeval()
    config = {"THRESHOLD": float(iou_threshold), "PRINT_CONFIG": False}
    measures = [library.HOTA(), library.CLEAR(dict(config)), library.Identity(dict(config))]
    videos = [Video.of(truth, tracks, class_agnostic, own) for (truth, tracks), own in zip(pairs, origins, strict=True)]
    per_class = not videos[0].class_agnostic
    labels = choose_labels(videos, classes)
    labels = labels or [0]
    results = {label: [_Result.of(measures, video.data(label)) for video in videos] for label in labels}
    metrics = _combine(measures, results, per_class)
    if len(videos) == 1:
        return metrics
    alone = (
        _combine(measures, {label: [results[label][number]] for label in labels}, per_class)
        for number in range(len(videos))
    )
    return replace(metrics, videos=tuple(alone))


def choose_labels(videos: Sequence[Video], classes: Iterable[int | str] | None) -> list[int]:
    """Return the labels to evaluate, of the chosen classes or all, after checking that the videos fit together.

    Warns
    -----
    TrajtrackWarning
        If the ground truth of a video has no box to evaluate, or no track has the class of one.
    """
    per_class = not videos[0].class_agnostic
    if any(video.class_agnostic == per_class for video in videos):
        raise ValueError("pairs: found ground truth with and without classes, expected one kind")
    if per_class:
        _check_names(videos)
    labels = sorted({label for video in videos for label in video.labels})
    if classes is not None:
        labels = _choose(classes, labels, videos)
    _warn_if_nothing_counts(videos, labels)
    return labels


def combine(measure: Any, results: Mapping[int, Sequence[Any]]) -> tuple[dict[int, Any], Any]:
    """Combine the results of a TrackEval metric, of one or more videos by label, for each label and for all."""
    by_label = {label: measure.combine_sequences(dict(enumerate(own))) for label, own in results.items()}
    if len(by_label) == 1:
        return by_label, next(iter(by_label.values()))
    return by_label, measure.combine_classes_det_averaged(by_label)


def _check_names(videos: Sequence[Video]) -> None:
    names: dict[int, str] = {}
    for video in videos:
        for label, name in video.label_names.items():
            known = names.setdefault(label, name)
            if known.lower() != name.lower():
                raise ValueError(
                    f"{video.origins[0].name}, label {label}: found {name!r}, expected {known!r} as in earlier videos"
                )


def _warn_if_nothing_counts(videos: Sequence[Video], labels: Sequence[int]) -> None:
    empty = [video.origins[0].name for video in videos if not video.truth.evaluated.any()]
    if empty:
        warn(f"{list_names(empty)}: found no box to evaluate, expected some; the metrics count none there")
        return
    if any(video.class_agnostic for video in videos) or not any(len(video.tracks) for video in videos):
        return
    annotated = {label for video in videos for label in video.truth.detections.labels[video.truth.evaluated].tolist()}
    tracked = {label for video in videos for label in video.tracks.labels.tolist()}
    of_tracks = list_names([video.origins[1].name for video in videos])
    names = {label: name for video in videos for label, name in video.label_names.items()}

    def listed(labels: Iterable[int]) -> str:
        return list_names([names.get(label, str(label)) for label in sorted(labels)])

    untracked = {label for label in labels if label in annotated} - tracked
    if not annotated & tracked:
        warn(
            f"{of_tracks}: found tracks of class {listed(tracked)} alone, expected some of class {listed(annotated)} "
            "as in the ground truth; class_agnostic=True or --class-agnostic ignores classes"
        )
    elif untracked and any(video.truth.classes is not None for video in videos):
        warn(
            f"{of_tracks}: found no track of class {listed(untracked)}, expected some, because the benchmark evaluates "
            "it; classes=[...] or --classes chooses others"
        )


def _choose(classes: Iterable[int | str], labels: Sequence[int], videos: Sequence[Video]) -> list[int]:
    """Return the labels of the classes that the caller chose."""
    if any(video.class_agnostic for video in videos):
        raise ValueError("classes: found a choice, expected None: labels are ignored")
    if isinstance(classes, str):
        raise TypeError(f"classes: found {classes!r}, expected several labels or names")
    names = {label: name for video in videos for label, name in video.label_names.items()}
    ruled = [video.truth.classes for video in videos]
    known = {label for own in ruled for label in own or ()}
    if None in ruled:
        known |= {*labels, *names}
    numbers = {names[label].lower(): label for label in known if label in names}
    expected = ", ".join(repr(names[label]) if label in names else str(label) for label in sorted(known)) or "none"
    chosen: set[int] = set()
    for each in classes:
        label = numbers.get(each.lower()) if isinstance(each, str) else each
        if label is None or label not in known:
            raise ValueError(f"classes: found {shown(each)}, expected some of {expected}")
        chosen.add(label)
    if not chosen:
        raise ValueError(f"classes: found none, expected some of {expected}")
    return sorted(chosen)


@dataclass(frozen=True)
class _Result:
    """The result of each TrackEval metric, and the number of tracks, which the metrics do not report."""

    measured: list[Any]
    tracks: int

    @classmethod
    def of(cls, measures: list[Any], data: dict[str, Any]) -> _Result:
        return cls([measure.eval_sequence(data) for measure in measures], data["num_tracker_ids"])


def _combine(measures: list[Any], results: Mapping[int, list[_Result]], per_class: bool) -> Metrics:
    """Combine the results of the videos, given by label."""
    combined = [
        combine(measure, {label: [result.measured[index] for result in own] for label, own in results.items()})
        for index, measure in enumerate(measures)
    ]
    tracks = {label: sum(result.tracks for result in own) for label, own in results.items()}
    classes = {
        label: _as_metrics(_Result([by_label[label] for by_label, _ in combined], own), {})
        for label, own in tracks.items()
    }
    total = _Result([own for _, own in combined], sum(tracks.values()))
    return _as_metrics(total, classes if per_class else {})


def _as_metrics(result: _Result, classes: Mapping[int, Metrics]) -> Metrics:
    hota, clear, identity = result.measured
    return Metrics(
        hota=float(np.mean(hota["HOTA"])),
        deta=float(np.mean(hota["DetA"])),
        assa=float(np.mean(hota["AssA"])),
        loca=float(np.mean(hota["LocA"])),
        mota=float(clear["MOTA"]),
        motp=float(clear["MOTP"]),
        precision=float(clear["CLR_Pr"]),
        recall=float(clear["CLR_Re"]),
        idf1=float(identity["IDF1"]),
        id_precision=float(identity["IDP"]),
        id_recall=float(identity["IDR"]),
        switches=int(clear["IDSW"]),
        fragments=int(clear["Frag"]),
        mostly_tracked=int(clear["MT"]),
        partly_tracked=int(clear["PT"]),
        mostly_lost=int(clear["ML"]),
        true_positives=int(clear["CLR_TP"]),
        false_positives=int(clear["CLR_FP"]),
        false_negatives=int(clear["CLR_FN"]),
        truth_tracks=int(clear["MT"] + clear["PT"] + clear["ML"]),
        tracks=result.tracks,
        classes=classes,
        curves=HotaCurves(*(tuple(map(float, hota[name])) for name in ("HOTA", "DetA", "AssA"))),
    )


def import_trackeval() -> ModuleType:
    """Return the metrics of TrackEval; raise ImportError with what to install if there are none."""
    try:
        import trackeval.metrics
    except ImportError as error:
        raise ImportError("evaluation needs TrackEval: pip install 'trajtrack[eval]'") from error
    metrics: ModuleType = trackeval.metrics
    return metrics
