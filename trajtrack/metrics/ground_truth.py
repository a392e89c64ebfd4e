"""The rules of benchmarks: which annotated rows count in an evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections

__all__ = ["GroundTruth", "kitti_ground_truth", "mot_ground_truth", "visdrone_ground_truth"]

_MOT_PEDESTRIAN = 1
_MOT_DISTRACTORS = (2, 7, 8, 12)  # person on a vehicle, static person, distractor, reflection
_MOT20_DISTRACTORS = (*_MOT_DISTRACTORS, 6)  # and non-motorised vehicle
_VISDRONE_REGION = 0
_VISDRONE_CLASSES = range(1, 11)  # pedestrian to motor; 11 is others
_KITTI_CLASSES = {
    "car": "car",
    "van": "car",
    "pedestrian": "pedestrian",
    "person": "pedestrian",
    "person_sitting": "pedestrian",
}
_KITTI_DISTRACTORS = ("van", "person", "person_sitting")
_KITTI_MIN_HEIGHT = 25.0


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Annotations with the rules of their benchmark.

    First, the boxes of each frame and class are matched at an overlap of 0.5, distractors and rows that are not
    evaluated included. Then track boxes matched to a distractor are dropped, and so are unmatched track boxes that lie
    in an ignored region or are too small. Annotated rows that are not evaluated are dropped as well.
    """

    detections: Detections
    """Annotations, N rows with `track_ids`, each labelled with the class in which it is evaluated."""
    evaluated: NDArray[np.bool_]
    """(N,) whether the row is to be found."""
    distractors: NDArray[np.bool_]
    """(N,) whether the row is a distractor: track boxes matched to it do not count."""
    ignore: Detections | None = None
    """Ignored regions, whatever their label; an unmatched box with more than half of its area in one does not count."""
    min_height: float | None = None
    """Height in pixels; unmatched boxes of at most this height do not count."""
    classes: tuple[int, ...] | None = None
    """Labels that may be evaluated; None for all. Those that are neither annotated nor tracked are left out."""
    class_agnostic: bool = False
    """Whether the labels of tracks are ignored."""


def mot_ground_truth(annotations: Detections, *, mot20: bool = False) -> GroundTruth:
    """Apply the MOTChallenge rules (MOT15, MOT16, MOT17; MOT20) to the rows of a ``gt.txt``.

    Pedestrians (class 1) whose flag is not 0 are evaluated. Track boxes matched to a person on a vehicle, a static
    person, a distractor or a reflection (classes 2, 7, 8, 12) do not count. All tracks are treated as pedestrians,
    whatever their labels: if the detector has more classes, select pedestrians first.

    If no row has a class, as in MOT15, all rows are pedestrians.

    Parameters
    ----------
    annotations
        Rows with the flag as score and the class as label, as `trajtrack.read` returns them; all labels are 0 if there
        are no classes.
    mot20
        Whether non-motorised vehicles (class 6) are distractors too, as in MOT20.
    """
    labels = annotations.labels
    return GroundTruth(
        annotations,
        evaluated=(annotations.scores != 0) & ((labels == _MOT_PEDESTRIAN) | (not labels.any())),
        distractors=np.isin(labels, _MOT20_DISTRACTORS if mot20 else _MOT_DISTRACTORS),
        class_agnostic=True,
    )


def visdrone_ground_truth(annotations: Detections) -> GroundTruth:
    """Apply the rules of VisDrone's annotations to their rows.

    Classes 1 to 10 are evaluated, each separately, unless the flag is 0. Track boxes matched to a box of flag 0 do not
    count, and neither do unmatched ones with more than half of their area in an ignored region (class 0).

    Parameters
    ----------
    annotations
        Rows with the flag as score and the class as label, as `trajtrack.read` returns them.
    """
    regions = annotations.labels == _VISDRONE_REGION
    rows = annotations[~regions]
    evaluated = (rows.scores != 0) & np.isin(rows.labels, _VISDRONE_CLASSES)
    return GroundTruth(
        rows,
        evaluated=evaluated,
        distractors=~evaluated,
        ignore=annotations[regions],
        classes=tuple(_VISDRONE_CLASSES),
    )


def kitti_ground_truth(annotations: Detections) -> GroundTruth:
    """Apply the KITTI tracking rules to the rows of a label file.

    Cars and pedestrians are evaluated, each class separately. Vans are distractors for cars, sitting persons for
    pedestrians. Unmatched track boxes do not count if their height is at most 25 pixels or more than half of their area
    lies in a region marked DontCare.

    KITTI also treats truncated and mostly occluded objects as distractors. `Detections` do not record either, so such
    objects are evaluated here and the results are below the official ones.

    Parameters
    ----------
    annotations
        Rows with KITTI's class names in `label_names`, as `trajtrack.read` returns them.

    Raises
    ------
    ValueError
        If there is neither a class Car nor a class Pedestrian.
    """
    names = {label: name.lower() for label, name in annotations.label_names.items()}
    labels = {name: label for label, name in names.items()}
    classes = tuple(labels[name] for name in ("car", "pedestrian") if name in labels)
    if not classes:
        found = ", ".join(annotations.label_names.values()) or "no names"
        raise ValueError(f"label_names: found {found}, expected KITTI's class names with Car or Pedestrian among them")
    evaluated_as = {
        label: labels[_KITTI_CLASSES[name]]
        for label, name in names.items()
        if name in _KITTI_CLASSES and _KITTI_CLASSES[name] in labels
    }
    rows = annotations[np.isin(annotations.labels, list(evaluated_as))]
    regions = annotations[np.isin(annotations.labels, [label for label, name in names.items() if name == "dontcare"])]
    distractors = np.isin(rows.labels, [label for label, name in names.items() if name in _KITTI_DISTRACTORS])
    return GroundTruth(
        Detections(
            rows.boxes,
            rows.scores,
            rows.frames,
            np.array([evaluated_as[label] for label in rows.labels.tolist()], np.int32),
            rows.num_frames,
            track_ids=rows.track_ids,
            label_names=rows.label_names,
        ),
        evaluated=~distractors,
        distractors=distractors,
        ignore=regions,
        min_height=_KITTI_MIN_HEIGHT,
        classes=classes,
    )
