"""The presets of ``trajtrack eval``: one set of rules for all files of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trajtrack.arguments import list_names
from trajtrack.console.errors import Failure, UsageError
from trajtrack.detections import Detections
from trajtrack.io import ReadFile
from trajtrack.io.kitti import CLASS_NAMES
from trajtrack.metrics import GroundTruth, kitti_ground_truth, mot_ground_truth, visdrone_ground_truth

__all__ = ["PRESETS", "apply_preset", "choose_preset"]

PRESETS = ("auto", "mot", "mot20", "kitti", "visdrone", "none")
"""Values of ``--preset``."""

_MOT_CLASSES = range(1, 14)


def choose_preset(files: Sequence[ReadFile]) -> str:
    """Return the preset that suits all files.

    Raises
    ------
    UsageError
        If no preset does, naming the files.
    """
    suited = [_suited_presets(each) for each in files]
    common = [preset for preset in suited[0] if all(preset in own for own in suited)]
    if common:
        return common[0]
    paths: dict[str, list[str]] = {}
    for each, own in zip(files, suited, strict=True):
        paths.setdefault(own[0], []).append(each.path)
    found = "; ".join(f"{preset} for {list_names(own)}" for preset, own in paths.items())
    raise UsageError(f"--preset: found files that look different ({found}), expected --preset NAME, for all of them")


def apply_preset(preset: str, file: ReadFile) -> Detections | GroundTruth:
    """Return the ground truth under the rules of a preset.

    Raises
    ------
    Failure
        If the file lacks what the rules need.
    """
    boxes = file.detections
    if preset == "none":
        return boxes
    if preset == "kitti":
        try:
            return kitti_ground_truth(boxes if len(boxes) else replace(boxes, label_names=CLASS_NAMES))
        except ValueError as error:
            raise Failure(f"{file.path}: {error}") from error
    if preset == "visdrone":
        return visdrone_ground_truth(boxes)
    return mot_ground_truth(boxes, mot20=preset == "mot20")


def _suited_presets(file: ReadFile) -> tuple[str, ...]:
    """Return the presets that a file may belong to, the likeliest first."""
    boxes = file.detections
    labels = np.unique(boxes.labels)
    if len(boxes) == 0:
        return ("none", "mot", "kitti", "visdrone")
    if file.format.name == "visdrone":
        return ("visdrone",)
    names = {boxes.label_names.get(label, "").lower() for label in labels.tolist()}
    if names & {"car", "pedestrian"} and names & {"dontcare", "van", "person_sitting"}:
        return ("kitti",)
    if boxes.label_names:
        return ("none", "kitti") if {*boxes.label_names.values()}.issuperset(CLASS_NAMES.values()) else ("none",)
    if not np.isin(boxes.scores, (0, 1)).all():
        return ("none",)
    if np.isin(labels, _MOT_CLASSES).all():
        return ("mot",)
    flagged = bool((boxes.scores == 0).any())
    if not labels.any():
        return ("mot",) if flagged else ("none", "mot")
    if flagged:
        raise UsageError(f"{file.path}: found flags of 0, but the classes of no benchmark, expected --preset NAME")
    return ("none",)
