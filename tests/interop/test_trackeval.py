"""Written files, read by TrackEval's own loaders and compared with themselves, have perfect scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.libraries import library
from trajtrack import Detections

trackeval = library("trackeval")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def truth() -> Detections:
    """Return objects of two classes, each with an identity, labelled from 1."""
    found = trajtrack.make_scene(num_frames=30, objects_per_frame=5).truth
    return Detections(
        found.boxes,
        found.scores,
        found.frames,
        labels=found.labels + 1,
        num_frames=30,
        track_ids=found.track_ids,
        label_names={1: "car", 2: "pedestrian"},
    )


def hota_of(dataset, name: str) -> dict[str, float]:
    """Return the mean HOTA of each class from TrackEval's evaluator."""
    options = {"PRINT_RESULTS": False, "PRINT_CONFIG": False, "TIME_PROGRESS": False, "BREAK_ON_ERROR": True}
    options |= {"OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False, "PLOT_CURVES": False}
    evaluator = trackeval.Evaluator(trackeval.Evaluator.get_default_eval_config() | options)
    metrics = [trackeval.metrics.HOTA({"PRINT_CONFIG": False})]
    results, _ = evaluator.evaluate([dataset], metrics)
    classes = results[name]["ours"]["COMBINED_SEQ"]
    return {label: float(np.mean(each["HOTA"]["HOTA"])) for label, each in classes.items()}


def folders(tmp_path: Path, **options) -> dict:
    return {
        "GT_FOLDER": str(tmp_path / "gt"),
        "TRACKERS_FOLDER": str(tmp_path / "trackers"),
        "TRACKERS_TO_EVAL": ["ours"],
        "PRINT_CONFIG": False,
        **options,
    }


def test_mot(tmp_path: Path, truth: Detections) -> None:
    pedestrians = truth[truth.labels == 1]
    for folder in ("gt/street/gt", "trackers/ours/data"):
        (tmp_path / folder).mkdir(parents=True)
    trajtrack.write(tmp_path / "gt/street/gt/gt.txt", pedestrians)
    trajtrack.write(tmp_path / "trackers/ours/data/street.txt", pedestrians)
    dataset = trackeval.datasets.MotChallenge2DBox(
        folders(tmp_path, SEQ_INFO={"street": 30}, SKIP_SPLIT_FOL=True, CLASSES_TO_EVAL=["pedestrian"])
    )
    assert hota_of(dataset, "MotChallenge2DBox")["pedestrian"] == pytest.approx(1)


def test_kitti(tmp_path: Path, truth: Detections) -> None:
    for folder in ("gt/label_02", "trackers/ours/data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "gt/evaluate_tracking.seqmap.training").write_text("0000 empty 000000 000030\n")
    trajtrack.write(tmp_path / "gt/label_02/0000.txt", truth, "kitti")
    trajtrack.write(tmp_path / "trackers/ours/data/0000.txt", truth, "kitti")
    classes = hota_of(trackeval.datasets.Kitti2DBox(folders(tmp_path)), "Kitti2DBox")
    assert (classes["car"], classes["pedestrian"]) == (pytest.approx(1), pytest.approx(1))


def test_tao(tmp_path: Path, truth: Detections) -> None:
    for folder in ("gt", "trackers/ours/data"):
        (tmp_path / folder).mkdir(parents=True)
    trajtrack.write(tmp_path / "gt/truth.json", truth, "tao")
    annotations = json.loads((tmp_path / "gt/truth.json").read_text())["annotations"]
    (tmp_path / "trackers/ours/data/results.json").write_text(json.dumps(annotations))
    classes = hota_of(trackeval.datasets.TAO(folders(tmp_path)), "TAO")
    assert (classes["car"], classes["pedestrian"]) == (pytest.approx(1), pytest.approx(1))
