from __future__ import annotations

import numpy as np
import pytest

from trajtrack import Detections
from trajtrack.cli.presets import apply_preset, choose_preset
from trajtrack.console.errors import UsageError
from trajtrack.io import FORMATS, ReadFile
from trajtrack.io.format import Numbering
from trajtrack.io.kitti import CLASS_NAMES

EVERY_KIND = {
    "nothing": ([], [], {}),
    "flags of 1 without classes": ([1, 1], [0, 0], {}),
    "a flag of 0 without classes": ([1, 0], [0, 0], {}),
    "classes of MOT": ([1, 0], [1, 7], {}),
    "other classes": ([1, 1], [0, 20], {}),
    "scores": ([0.5, 1], [1, 2], {}),
    "KITTI with a van": ([1, 1], [0, 1], CLASS_NAMES),
    "KITTI with cars alone": ([1, 1], [0, 0], CLASS_NAMES),
    "other names": ([1, 1], [0, 1], {0: "dog", 1: "cat"}),
}


def annotations(kind: str, format: str = "mot") -> ReadFile:
    scores, labels, names = EVERY_KIND[kind]
    count = len(scores)
    boxes = Detections(
        np.tile([0, 0, 9, 9], (count, 1)), scores, np.arange(count), labels, track_ids=range(count), label_names=names
    )
    return ReadFile(f"{kind}.txt", boxes, FORMATS[format], Numbering())


@pytest.mark.parametrize(
    ("kinds", "preset"),
    [
        (["nothing"], "none"),
        (["flags of 1 without classes"], "none"),
        (["a flag of 0 without classes"], "mot"),
        (["classes of MOT"], "mot"),
        (["other classes"], "none"),
        (["scores"], "none"),
        (["KITTI with a van"], "kitti"),
        (["KITTI with cars alone"], "none"),
        (["other names"], "none"),
        (["KITTI with cars alone", "KITTI with a van", "nothing"], "kitti"),
        (["flags of 1 without classes", "a flag of 0 without classes"], "mot"),
        (["nothing", "classes of MOT"], "mot"),
    ],
)
def test_one_preset_suits_all_files(kinds, preset):
    assert choose_preset([annotations(kind) for kind in kinds]) == preset


def test_a_file_of_visdrone_has_its_preset():
    assert choose_preset([annotations("a flag of 0 without classes", "visdrone")]) == "visdrone"


@pytest.mark.parametrize(
    "kinds",
    [
        ["KITTI with a van", "flags of 1 without classes"],
        ["classes of MOT", "other classes"],
        ["scores", "a flag of 0 without classes"],
    ],
)
def test_files_of_different_kinds_are_refused_by_name(kinds):
    with pytest.raises(UsageError, match=r"^--preset: found files that look different") as caught:
        choose_preset([annotations(kind) for kind in kinds])
    for kind in kinds:
        assert f"for {kind}.txt" in str(caught.value)


def test_flags_of_zero_with_unknown_classes_are_refused_by_name():
    boxes = Detections([[0, 0, 9, 9]] * 2, [1, 0], [0, 1], [0, 20], track_ids=[0, 1])
    with pytest.raises(UsageError, match=r"^a.txt: found flags of 0, but the classes of no benchmark, .*--preset"):
        choose_preset([ReadFile("a.txt", boxes, FORMATS["mot"], Numbering())])


def test_kitti_s_rules_apply_to_a_file_without_rows():
    truth = apply_preset("kitti", annotations("nothing"))
    assert not isinstance(truth, Detections)
    assert truth.classes == (0, 3)
