"""Which rows of a benchmark's annotations count when trajectories are evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections

__all__ = ["GroundTruth", "kitti_ground_truth", "mot_ground_truth"]

_MOT_PEDESTRIAN = 1
_MOT_DISTRACTORS = (2, 7, 8, 12)  # person on a vehicle, static person, distractor, reflection
_MOT20_DISTRACTORS = (*_MOT_DISTRACTORS, 6)  # and a vehicle without a motor
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

    Before anything is counted, the boxes of each frame and class are matched at an overlap of 0.5, whatever
    row they are. Then track boxes matched to a distractor are left out, and so are unmatched ones that lie in
    an ignored region or are too small. Annotated rows that are not evaluated leave as well.
    """

    detections: Detections
    """The annotations, N rows with `track_ids`, labelled with the class in which each takes part."""
    evaluated: NDArray[np.bool_]
    """(N,) rows that are to be found."""
    distractors: NDArray[np.bool_]
    """(N,) rows that may be found or not: what is matched to them does not count."""
    ignore: Detections | None = None
    """Regions of any label; a box does not count when more than half of it lies in one."""
    min_height: float | None = None
    """Pixels; unmatched boxes no higher than this do not count."""
    classes: tuple[int, ...] | None = None
    """Labels to evaluate; all that are annotated or tracked where None."""
    class_agnostic: bool = False
    """Whether the labels of tracks say nothing."""


def mot_ground_truth(annotations: Detections, *, mot20: bool = False) -> GroundTruth:
    """Apply the MOTChallenge rule (MOT16, MOT17; MOT20) to the rows of a ``gt.txt``.

    Pedestrians (class 1) whose flag is not 0 are evaluated. Track boxes on a person on a vehicle, a static
    person, a distractor or a reflection (classes 2, 7, 8, 12) do not count. Tracks are taken to be
    pedestrians whatever their labels: select them before, where a detector knows more classes.

    Parameters
    ----------
    annotations
        Rows whose score is the flag and whose label is the class, as `trajtrack.read` gives them.
    mot20
        Whether vehicles without a motor (class 6) are distractors too, as in MOT20.
    """
    labels = annotations.labels
    return GroundTruth(
        annotations,
        evaluated=(annotations.scores != 0) & (labels == _MOT_PEDESTRIAN),
        distractors=np.isin(labels, _MOT20_DISTRACTORS if mot20 else _MOT_DISTRACTORS),
        class_agnostic=True,
    )


def kitti_ground_truth(annotations: Detections) -> GroundTruth:
    """Apply KITTI's tracking rule to the rows of a label file.

    Cars and pedestrians are evaluated, each class by itself. Vans are distractors for cars, sitting persons
    for pedestrians. Unmatched track boxes do not count when they are no higher than 25 pixels or when more
    than half of them lies in a region marked DontCare.

    KITTI also makes distractors of truncated and of mostly occluded objects. `Detections` know neither, so
    that such objects are evaluated here and the figures are below the official ones.

    Parameters
    ----------
    annotations
        Rows with KITTI's class names in `label_names`, as `trajtrack.read` gives them.

    Raises
    ------
    ValueError
        When there is neither a class Car nor a class Pedestrian.
    """
    names = {label: name.lower() for label, name in annotations.label_names.items()}
    labels = {name: label for label, name in names.items()}
    classes = tuple(labels[name] for name in ("car", "pedestrian") if name in labels)
    if not classes:
        found = ", ".join(annotations.label_names.values()) or "no names"
        raise ValueError(f"label_names: expected KITTI's class names, Car or Pedestrian among them, found {found}")
    taking_part = {
        label: labels[_KITTI_CLASSES[name]]
        for label, name in names.items()
        if name in _KITTI_CLASSES and _KITTI_CLASSES[name] in labels
    }
    rows = annotations[np.isin(annotations.labels, list(taking_part))]
    regions = annotations[np.isin(annotations.labels, [label for label, name in names.items() if name == "dontcare"])]
    distractors = np.isin(rows.labels, [label for label, name in names.items() if name in _KITTI_DISTRACTORS])
    return GroundTruth(
        Detections(
            rows.boxes,
            rows.scores,
            rows.frames,
            np.array([taking_part[label] for label in rows.labels.tolist()], np.int32),
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
