"""The compiled core gives the same results as the reference on every real sequence.

No sequence is linked with every combination of options; each option takes each of its values somewhere.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.comparisons import assert_same_trajectories
from trajtrack import Detections, FlowOptions, LinkOptions, flow_reference, reference

# In some videos the options leave nothing to link, and some are too short to calibrate scores.
pytestmark = [pytest.mark.real_data, pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")]

COLUMNS = ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores")

DEFAULTS = LinkOptions()
CLASSIC = LinkOptions(max_gap=0)
AGNOSTIC = LinkOptions(
    class_agnostic=True,
    buffer=0.2,
    iou_threshold=0.3,
    max_gap=3,
    motion_frames=0,
    gap_iou_threshold=0.1,
    nms_threshold=0.5,
    min_length=5,
    rescore="max",
)
STRICT = LinkOptions(
    min_score=0.4,
    iou_threshold=0.7,
    max_gap=30,
    motion_frames=2,
    gap_iou_threshold=0.6,
    max_shape_change=1.2,
    nms_threshold=0.9,
    min_length=2,
    rescore="sum",
)
LOOSE = LinkOptions(
    iou_threshold=0, max_gap=5, gap_iou_threshold=0, max_shape_change=1e6, nms_threshold=0, buffer=0.05, motion_frames=1
)
ALL = (DEFAULTS, CLASSIC, AGNOSTIC, STRICT, LOOSE)


def check(detections: Detections, *every_options: LinkOptions) -> None:
    assert len(detections) > 0
    for options in every_options:
        graph, expected_graph = (module.link_graph(detections, options) for module in (trajtrack, reference))
        np.testing.assert_array_equal(graph.offsets, expected_graph.offsets, strict=True)
        np.testing.assert_array_equal(graph.targets, expected_graph.targets, strict=True)
        found, expected = (module.link(detections, options) for module in (trajtrack, reference))
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sequence", "options"),
    [
        pytest.param("MOT17-02", ALL, id="MOT17-02"),
        pytest.param("MOT17-04", (DEFAULTS, STRICT), id="MOT17-04"),
        pytest.param("MOT17-09", ALL, id="MOT17-09"),
        pytest.param("MOT17-10", (DEFAULTS, CLASSIC, AGNOSTIC, STRICT), id="MOT17-10"),
    ],
)
def test_mot17_with_public_detections(data_dir: Path, sequence: str, options: tuple[LinkOptions, ...]) -> None:
    check(trajtrack.read(data_dir / "mot17" / sequence / "det" / "det.txt"), *options)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sequence", "options"),
    [
        pytest.param("MOT17-02", (DEFAULTS, AGNOSTIC), id="MOT17-02"),
        pytest.param("MOT17-04", (CLASSIC, STRICT), id="MOT17-04"),
        pytest.param("MOT17-09", ALL, id="MOT17-09"),
        pytest.param("MOT17-10", (DEFAULTS, LOOSE), id="MOT17-10"),
    ],
)
def test_mot17_with_yolox(data_dir: Path, sequence: str, options: tuple[LinkOptions, ...]) -> None:
    check(trajtrack.read(data_dir / "mot17" / sequence / "det_yolox_val_half" / "det.txt"), *options)


@pytest.mark.parametrize("file", ["det/det_public_ACF.txt", "det/det_SORT_FrRCNN.txt", "gt/gt.txt"])
def test_tud_campus(data_dir: Path, file: str) -> None:
    check(trajtrack.read(data_dir / "mot15" / "TUD-Campus" / file), *ALL)


@pytest.mark.slow
@pytest.mark.parametrize("sequence", range(11))
def test_kitti_ground_truth_with_its_many_classes(data_dir: Path, sequence: int) -> None:
    labelled = trajtrack.read(data_dir / "kitti" / "label_02" / f"{sequence:04}.txt")
    check(labelled, ALL[sequence % 5], ALL[(sequence + 1) % 5])


@pytest.mark.parametrize("folder", ["Car", "Pedestrian"])
def test_kitti_with_rrc(data_dir: Path, folder: str) -> None:
    sequences = sorted((data_dir / "kitti" / "det_rrc" / folder).glob("*.txt"))
    assert len(sequences) == 11
    for number, path in enumerate(sequences):
        detections = trajtrack.read(path, "kitti-rrc")
        if len(detections):
            check(detections, ALL[number % 5], ALL[(number + 2) % 5])


@pytest.mark.slow
@pytest.mark.parametrize("sequence", range(11))
def test_kitti_with_pointrcnn_all_classes_at_once(data_dir: Path, sequence: int) -> None:
    folder = data_dir / "kitti" / "det_pointrcnn"
    together = trajtrack.concat([trajtrack.read(path) for path in sorted(folder.glob(f"*/{sequence:04}.txt"))])
    assert (np.diff(together.frames) < 0).any()
    assert (together.scores < 0).any()
    check(together, ALL[sequence % 5], ALL[(sequence + 3) % 5])


@pytest.mark.parametrize("video", ["11566930393", "2793806282"])
def test_vidor(data_dir: Path, video: str) -> None:
    check(trajtrack.read(data_dir / "vidor" / f"{video}.json"), *ALL)


def videos_of(archive: Path, part: str) -> Iterator[Detections]:
    with zipfile.ZipFile(archive) as file:
        names = sorted(name for name in file.namelist() if f"/{part}/" in f"/{name}" and name.endswith(".json"))
    for name in names:
        yield trajtrack.read(archive / name)


@pytest.mark.slow
@pytest.mark.parametrize("options", [pytest.param(DEFAULTS, id="defaults"), pytest.param(CLASSIC, id="classic")])
def test_every_test_video_of_vidvrd(data_dir: Path, options: LinkOptions) -> None:
    count = 0
    for detections in videos_of(data_dir / "vidvrd" / "VidVRD-dataset.zip", "test"):
        check(detections, options)
        count += 1
    assert count == 100


@pytest.mark.slow
def test_some_training_videos_of_vidvrd_with_their_frames_without_annotation(data_dir: Path) -> None:
    archive = data_dir / "vidvrd" / "VidVRD-dataset.zip"
    for number, detections in enumerate(videos_of(archive, "train")):
        if number % 20 == 0:
            check(detections, ALL[number // 20 % 5])


# --- minimum-cost flow -----------------------------------------------------------------------------------------------


def check_flow(detections: Detections) -> None:
    for options in (FlowOptions(), FlowOptions(class_agnostic=True, smooth=False, calibrate=False)):
        expected = flow_reference.link(detections, options)
        found = trajtrack.link(detections, options, num_threads=2)
        assert_same_trajectories(found, expected)
        np.testing.assert_array_equal(found.boxes, expected.boxes, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["det", "det_dpm", "det_yolox_val_half"])
@pytest.mark.parametrize("sequence", ["MOT17-02", "MOT17-04", "MOT17-09", "MOT17-10"])
def test_flow_on_mot17(data_dir: Path, sequence: str, detector: str) -> None:
    check_flow(trajtrack.read(data_dir / "mot17" / sequence / detector / "det.txt"))


@pytest.mark.parametrize("file", ["det/det_public_ACF.txt", "det/det_SORT_FrRCNN.txt", "gt/gt.txt"])
def test_flow_on_tud_campus(data_dir: Path, file: str) -> None:
    check_flow(trajtrack.read(data_dir / "mot15" / "TUD-Campus" / file))


@pytest.mark.slow
@pytest.mark.parametrize("sequence", range(11))
def test_flow_on_kitti_all_classes_at_once(data_dir: Path, sequence: int) -> None:
    folder = data_dir / "kitti" / "det_pointrcnn"
    check_flow(trajtrack.concat([trajtrack.read(path) for path in sorted(folder.glob(f"*/{sequence:04}.txt"))]))
    for name in ("Car", "Pedestrian"):
        check_flow(trajtrack.read(data_dir / "kitti" / "det_rrc" / name / f"{sequence:04}.txt", "kitti-rrc"))


@pytest.mark.slow
def test_flow_on_every_test_video_of_vidvrd(data_dir: Path) -> None:
    for detections in videos_of(data_dir / "vidvrd" / "VidVRD-dataset.zip", "test"):
        check_flow(detections)
