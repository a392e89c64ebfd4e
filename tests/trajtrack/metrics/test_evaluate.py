from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack.detections import Detections
from trajtrack.metrics import (
    GroundTruth,
    Metrics,
    evaluate,
    evaluate_many,
    kitti_ground_truth,
    mot_ground_truth,
    visdrone_ground_truth,
)

pytest.importorskip("trackeval")

EXACT = (
    "hota",
    "deta",
    "assa",
    "loca",
    "mota",
    "motp",
    "idf1",
    "id_precision",
    "id_recall",
    "precision",
    "recall",
)
COUNTS = (
    "switches",
    "fragments",
    "mostly_tracked",
    "mostly_lost",
    "true_positives",
    "false_positives",
    "false_negatives",
)


def walk(x: float, track: int, frames: range, label: int = 0, size: float = 10.0) -> Detections:
    """Return a box that stays at x."""
    count = len(frames)
    return Detections(
        np.tile([x, 0.0, x + size, size], (count, 1)),
        np.ones(count),
        np.array(frames),
        np.full(count, label),
        track_ids=np.full(count, track),
    )


def rows_of(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", ndmin=2)


def mot_annotations(path: Path) -> Detections:
    rows = rows_of(path)
    return Detections(rows[:, 2:6], rows[:, 6], rows[:, 0] - 1, rows[:, 7], box_format="xywh", track_ids=rows[:, 1])


def mot_detections(path: Path) -> Detections:
    rows = rows_of(path)
    return Detections(rows[:, 2:6], rows[:, 6], rows[:, 0] - 1, box_format="xywh")


def kitti_annotations(path: Path) -> Detections:
    rows = [line.split() for line in path.read_text().splitlines()]
    names = ["Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc", "DontCare"]
    return Detections(
        np.array([row[6:10] for row in rows], float),
        np.ones(len(rows)),
        [int(row[0]) for row in rows],
        [names.index(row[2]) for row in rows],
        track_ids=[int(row[1]) for row in rows],
        label_names=dict(enumerate(names)),
    )


def from_trackeval(dataset, sequences: list[str], category: str) -> dict[str, float]:
    """Return TrackEval's results for the files of a dataset, under the names of `Metrics`."""
    from trackeval.metrics import CLEAR, HOTA, Identity

    config = {"PRINT_CONFIG": False}
    measures = [HOTA(), CLEAR(dict(config)), Identity(dict(config))]
    results: list[dict] = [{}, {}, {}]
    for sequence in sequences:
        data = dataset.get_preprocessed_seq_data(dataset.get_raw_seq_data("ours", sequence), category)
        for result, measure in zip(results, measures, strict=True):
            result[sequence] = measure.eval_sequence(data)
    hota, clear, identity = (measure.combine_sequences(r) for measure, r in zip(measures, results, strict=True))
    means = {
        name: np.mean(hota[key])
        for name, key in (("hota", "HOTA"), ("deta", "DetA"), ("assa", "AssA"), ("loca", "LocA"))
    }
    shares = {
        "mota": clear["MOTA"],
        "motp": clear["MOTP"],
        "precision": clear["CLR_Pr"],
        "recall": clear["CLR_Re"],
    }
    shares |= {"idf1": identity["IDF1"], "id_precision": identity["IDP"], "id_recall": identity["IDR"]}
    counts = zip(COUNTS, ("IDSW", "Frag", "MT", "ML", "CLR_TP", "CLR_FP", "CLR_FN"), strict=True)
    return means | shares | {name: clear[key] for name, key in counts}


def assert_equal_to_the_last_digit(metrics: Metrics, expected: dict[str, float]) -> None:
    assert {name: getattr(metrics, name) for name in (*EXACT, *COUNTS)} == expected


def test_perfect_tracks_have_perfect_scores():
    truth = trajtrack.concat([walk(0, 1, range(20)), walk(50, 2, range(5, 15))])
    metrics = evaluate(truth, truth)
    assert (metrics.hota, metrics.mota, metrics.idf1) == (1.0, 1.0, 1.0)
    assert (metrics.true_positives, metrics.truth_tracks, metrics.tracks) == (30, 2, 2)


def test_a_track_that_breaks_in_two_is_a_switch():
    truth = walk(0, 1, range(10))
    tracks = trajtrack.concat([walk(0, 1, range(5)), walk(0, 2, range(5, 10))])
    metrics = evaluate(truth, tracks)
    assert metrics.switches == 1
    assert metrics.mota == pytest.approx(0.9)
    assert metrics.idf1 == pytest.approx(0.5)


def test_interpolated_boxes_count():
    truth = walk(0, 1, range(10))
    detections = Detections(truth.boxes, truth.scores, truth.frames)[truth.frames != 5]
    tracks = trajtrack.link(detections, max_gap=3)
    assert evaluate(truth, tracks).recall == 1.0
    assert evaluate(truth, tracks.to_detections(interpolate=False)).recall == pytest.approx(0.9)


def test_rows_without_identity_belong_to_no_track():
    truth = walk(0, 1, range(10))
    tracks = trajtrack.concat([truth, walk(90, -1, range(10))])
    assert evaluate(truth, tracks).precision == 1.0


def test_classes_are_evaluated_separately_and_added_up():
    truth = trajtrack.concat([walk(0, 1, range(10), label=1), walk(50, 2, range(10), label=4)])
    tracks = walk(0, 7, range(10), label=1)
    metrics = evaluate(truth, tracks)
    assert metrics.classes.keys() == {1, 4}
    assert metrics.classes[1].recall == 1.0
    assert metrics.classes[4].recall == 0.0
    assert metrics.recall == 0.5
    assert metrics.truth_tracks == 2


def test_boxes_of_the_wrong_class_match_only_if_labels_are_ignored():
    truth, tracks = walk(0, 1, range(10), label=1), walk(0, 1, range(10), label=2)
    with pytest.warns(
        trajtrack.TrajtrackWarning, match=r"^tracks: found tracks of class 2 alone, expected some of class 1"
    ):
        assert evaluate(truth, tracks).true_positives == 0
    agnostic = evaluate(truth, tracks, class_agnostic=True)
    assert agnostic.true_positives == 10
    assert agnostic.classes == {}


def test_the_threshold_decides_what_matches():
    truth, tracks = walk(0, 1, range(10)), walk(4, 1, range(10))  # overlap 6 / 14
    assert evaluate(truth, tracks).true_positives == 0
    assert evaluate(truth, tracks, iou_threshold=0.4).true_positives == 10


def test_videos_are_combined_by_their_boxes():
    short, long = walk(0, 1, range(10)), walk(0, 1, range(30))
    nothing = Detections(np.empty((0, 4)), [], [], track_ids=[])
    metrics = evaluate_many([(short, nothing), (long, long)])
    assert metrics.recall == 0.75
    assert (metrics.truth_tracks, metrics.tracks) == (2, 1)


def test_videos_with_classes_are_not_combined_with_videos_without():
    boxes = walk(0, 1, range(3), label=1)
    with pytest.raises(ValueError, match=r"^pairs: found ground truth with and without classes"):
        evaluate_many([(boxes, boxes), (mot_ground_truth(boxes), boxes)])


def test_ground_truth_without_a_box_to_evaluate_is_a_warning():
    nothing = Detections(np.empty((0, 4)), [], [], track_ids=[])
    with pytest.warns(trajtrack.TrajtrackWarning, match=r"^truth: found no box to evaluate, expected some") as caught:
        metrics = evaluate(nothing, nothing)
    assert len(caught) == 1
    assert (metrics.true_positives, metrics.false_positives, metrics.false_negatives) == (0, 0, 0)


def test_the_warning_names_the_videos_without_a_box_to_evaluate():
    boxes = walk(0, 1, range(3), label=1)
    unflagged = Detections(**{**vars(boxes), "scores": np.zeros(3)})
    pairs = [(mot_ground_truth(truth), boxes) for truth in (boxes, unflagged, unflagged)]
    expected = r"^pairs, video 1, truth, pairs, video 2, truth: found no box to evaluate"
    with pytest.warns(trajtrack.TrajtrackWarning, match=expected) as caught:
        evaluate_many(pairs)
    assert len(caught) == 1


def test_frames_without_boxes_cost_nothing():
    truth = trajtrack.concat([walk(0, 1, range(3)), walk(0, 1, range(10**9, 10**9 + 3))])
    assert evaluate(truth, truth).true_positives == 6


def test_boxes_matched_to_a_distractor_do_not_count():
    boxes = trajtrack.concat([walk(0, 1, range(10)), walk(50, 2, range(10))])
    standing = boxes.track_ids == 2
    tracks = trajtrack.concat([boxes, walk(100, 3, range(10))])
    metrics = evaluate(GroundTruth(boxes, evaluated=~standing, distractors=standing), tracks)
    assert (metrics.true_positives, metrics.false_positives, metrics.false_negatives) == (10, 10, 0)


def test_boxes_mostly_in_an_ignored_region_count_only_if_matched():
    boxes = walk(0, 1, range(10))
    everything = np.ones(10, bool)
    region = Detections(np.tile([0.0, 0, 56, 50], (5, 1)), np.ones(5), np.arange(5))
    tracks = trajtrack.concat([boxes, walk(50, 2, range(10))])  # 6 of its 10 pixels of width lie in the region
    metrics = evaluate(GroundTruth(boxes, everything, ~everything, ignore=region), tracks)
    assert (metrics.true_positives, metrics.false_positives) == (10, 5)


def test_unmatched_boxes_below_the_minimum_height_do_not_count():
    boxes = walk(0, 1, range(10))
    everything = np.ones(10, bool)
    tracks = trajtrack.concat([boxes, walk(50, 2, range(10), size=10), walk(99, 3, range(10), size=11)])
    metrics = evaluate(GroundTruth(boxes, everything, ~everything, min_height=10), tracks)
    assert (metrics.true_positives, metrics.false_positives) == (10, 10)


def test_mot_rules_evaluate_pedestrians_with_a_flag():
    annotations = Detections(
        np.tile([0.0, 0, 10, 10], (5, 1)), [1, 0, 1, 0, 1], range(5), [1, 1, 3, 7, 6], track_ids=range(5)
    )
    truth = mot_ground_truth(annotations)
    np.testing.assert_array_equal(truth.evaluated, [True, False, False, False, False])
    np.testing.assert_array_equal(truth.distractors, [False, False, False, True, False])
    assert mot_ground_truth(annotations, mot20=True).distractors[4]


def test_mot_rules_evaluate_all_rows_with_a_flag_if_there_are_no_classes():
    annotations = walk(0, 1, range(5))
    annotations.scores[3:] = 0
    truth = mot_ground_truth(annotations)
    np.testing.assert_array_equal(truth.evaluated, [True, True, True, False, False])
    assert not truth.distractors.any()


def test_visdrone_rules_ignore_flags_of_zero_and_regions():
    flagged = walk(0, 1, range(10), label=4)
    unflagged = walk(50, 2, range(10), label=4)
    unflagged.scores[:] = 0
    region = walk(100, 0, range(10), label=0, size=30)
    region.scores[:] = 0
    truth = visdrone_ground_truth(trajtrack.concat([flagged, unflagged, region]))
    tracks = [flagged, unflagged, walk(110, 3, range(10), label=4), walk(200, 4, range(10), label=4)]
    metrics = evaluate(truth, trajtrack.concat(tracks))
    assert (metrics.true_positives, metrics.false_positives, metrics.false_negatives) == (10, 10, 0)
    assert metrics.classes.keys() == {4}


def test_chosen_classes_are_evaluated_alone_by_label_or_name():
    boxes = trajtrack.concat([walk(0, 1, range(10), label=1), walk(50, 2, range(10), label=4)])
    truth = Detections(**{**vars(boxes), "label_names": {4: "Dog"}})
    for classes in ([4], ["dog"]):
        metrics = evaluate(truth, walk(50, 1, range(10), label=4), classes=classes)
        assert metrics.classes.keys() == {4}
        assert (metrics.recall, metrics.truth_tracks) == (1.0, 1)


def test_an_unknown_class_is_refused_with_the_known_ones():
    truth = walk(0, 1, range(3), label=2)
    with pytest.raises(ValueError, match=r"^classes: found 'cat', expected some of 2$"):
        evaluate(truth, truth, classes=["cat"])
    with pytest.raises(ValueError, match=r"^classes: found none, expected some of 2$"):
        evaluate(truth, truth, classes=[])
    with pytest.raises(ValueError, match=r"^classes: found a choice, expected None: labels are ignored$"):
        evaluate(truth, truth, classes=[2], class_agnostic=True)


def test_a_label_that_means_different_things_in_two_videos_is_refused():
    dogs, cats = (Detections([[0, 0, 1, 1]], [1], [0], track_ids=[1], label_names={0: name}) for name in ("dog", "cat"))
    with pytest.raises(ValueError, match=r"^pairs, video 1, truth, label 0: found 'cat', expected 'dog' as in earlier"):
        evaluate_many([(dogs, dogs), (cats, cats)])


def test_a_class_of_the_benchmark_without_a_track_is_a_warning():
    names = {0: "Car", 3: "Pedestrian"}
    boxes = trajtrack.concat([walk(0, 1, range(3)), walk(50, 2, range(3), label=3)])
    truth = kitti_ground_truth(Detections(**{**vars(boxes), "label_names": names}))
    with pytest.warns(trajtrack.TrajtrackWarning, match=r"^tracks: found no track of class Pedestrian, expected some"):
        assert evaluate(truth, walk(0, 1, range(3))).recall == 0.5
    assert evaluate(truth, walk(0, 1, range(3)), classes=["Car"]).recall == 1


def test_kitti_rules_leave_out_a_class_that_is_neither_annotated_nor_tracked():
    cars = Detections(**{**vars(walk(0, 1, range(3))), "label_names": {0: "Car", 3: "Pedestrian"}})
    assert evaluate(kitti_ground_truth(cars), cars).classes.keys() == {0}


def test_kitti_rules_need_the_class_names():
    with pytest.raises(ValueError, match=r"^label_names: found dog, expected KITTI's class names"):
        kitti_ground_truth(Detections(np.empty((0, 4)), [], [], label_names={0: "dog"}, track_ids=[]))


def test_boxes_without_identities_are_rejected():
    boxes = Detections([[0, 0, 1, 1]], [1], [0])
    with pytest.raises(ValueError, match=r"^truth: found boxes without track_ids"):
        evaluate(boxes, walk(0, 1, range(1)))
    with pytest.raises(ValueError, match=r"^tracks: found boxes without track_ids"):
        evaluate(walk(0, 1, range(1)), boxes)


def test_a_true_box_without_identity_is_rejected():
    with pytest.raises(ValueError, match=r"^truth, row 0: found no identity"):
        evaluate(walk(0, -1, range(1)), walk(0, 1, range(1)))


def test_two_boxes_of_a_track_in_one_frame_are_rejected():
    tracks = trajtrack.concat([walk(0, 4, range(3)), walk(50, 4, range(2, 5))])
    with pytest.raises(ValueError, match=r"^tracks: found two boxes of identity 4 in frame 2, expected at most one$"):
        evaluate(walk(0, 1, range(3)), tracks)


def test_an_error_names_the_video():
    tracks = trajtrack.concat([walk(0, 4, range(3)), walk(50, 4, range(2, 5))])
    with pytest.raises(ValueError, match=r"^pairs, video 1, tracks: found two boxes of identity 4 in frame 2"):
        evaluate_many([(walk(0, 1, range(3)), walk(0, 1, range(3))), (walk(0, 1, range(3)), tracks)])


def test_labels_that_mean_different_things_are_rejected():
    truth = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[1], label_names={0: "dog"})
    tracks = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[1], label_names={0: "cat"})
    with pytest.raises(ValueError, match="label 0: found 'cat' in the tracks, expected 'dog' as in the ground truth"):
        evaluate(truth, tracks)


def test_labels_of_one_name_that_differ_are_rejected():
    truth, tracks = (
        Detections(
            [[0, 0, 1, 1]] * 2, [1] * 2, [0] * 2, [0, label], track_ids=[0, 1], label_names={0: "cat", label: dog}
        )
        for label, dog in ((18, "dog"), (1, "Dog"))
    )
    message = "tracks, label_names: found 'dog' as label 1 in the tracks, expected label 18 as in the ground truth"
    with pytest.raises(ValueError, match=message):
        evaluate(truth, tracks)
    assert evaluate(truth, tracks, class_agnostic=True).mota == 1


def test_names_of_classes_without_boxes_may_have_any_label():
    tracks = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0], label_names={0: "cat", 1: "dog"})
    truth = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0], label_names={0: "cat", 18: "dog"})
    assert evaluate(truth, tracks).mota == 1


@pytest.mark.parametrize("threshold", [0, 1.1, float("nan")])
def test_a_threshold_out_of_range_is_rejected(threshold):
    with pytest.raises(ValueError, match=r"^iou_threshold: found .*, expected a number above 0 and up to 1"):
        evaluate(walk(0, 1, range(1)), walk(0, 1, range(1)), iou_threshold=threshold)


def test_without_trackeval_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['trackeval'] = None\n"
        "from trajtrack.scenes import make_scene\n"
        "from trajtrack.metrics import evaluate\n"
        "truth = make_scene(num_frames=2).truth\n"
        "try: evaluate(truth, truth)\n"
        "except ImportError as error: print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "evaluation needs TrackEval: pip install 'trajtrack[eval]'\n"


def test_nothing_is_printed(capsys):
    evaluate(walk(0, 1, range(3)), walk(0, 1, range(3)))
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.real_data
def test_mot17_metrics_equal_those_that_trackeval_computes_from_files(data_dir, tmp_path):
    from trackeval.datasets import MotChallenge2DBox

    sequences = {"MOT17-02": 300, "MOT17-09": 263}
    pairs = []
    for sequence in sequences:
        folder = data_dir / "mot17" / sequence
        annotations = mot_annotations(folder / "gt_val_half" / "gt.txt")
        tracks = trajtrack.link(mot_detections(folder / "det_yolox_val_half" / "det.txt"), min_score=0.3, min_length=3)
        found = tracks.to_detections()
        low, high = found.boxes[:, :2].astype(np.float64), found.boxes[:, 2:].astype(np.float64)
        target = tmp_path / "trackers" / "ours" / f"{sequence}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = np.column_stack([found.frames + 1, found.track_ids + 1, low, high - low, found.scores])
        target.write_text("".join(",".join(map(repr, row)) + "\n" for row in columns.tolist()))
        pairs.append((mot_ground_truth(annotations), tracks))
    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(data_dir / "mot17"),
            "GT_LOC_FORMAT": "{gt_folder}/{seq}/gt_val_half/gt.txt",
            "TRACKERS_FOLDER": str(tmp_path / "trackers"),
            "TRACKERS_TO_EVAL": ["ours"],
            "TRACKER_SUB_FOLDER": "",
            "SEQ_INFO": sequences,
            "SKIP_SPLIT_FOL": True,
            "PRINT_CONFIG": False,
        }
    )
    assert_equal_to_the_last_digit(evaluate_many(pairs), from_trackeval(dataset, list(sequences), "pedestrian"))


@pytest.mark.real_data
@pytest.mark.parametrize("category", ["Car", "Pedestrian"])
def test_kitti_metrics_equal_those_that_trackeval_computes_from_files(data_dir, tmp_path, category):
    from trackeval.datasets import Kitti2DBox

    annotations = kitti_annotations(data_dir / "kitti" / "label_02" / "0009.txt")
    label = {name: number for number, name in annotations.label_names.items()}[category]
    rows = rows_of(data_dir / "kitti" / "det_rrc" / category / "0009.txt")
    detections = Detections(rows[:, 1:5], rows[:, 5], rows[:, 0], np.full(len(rows), label))
    tracks = trajtrack.link(detections, method="seq-nms", min_score=0.1).to_detections()

    names = {**annotations.label_names, 4: "Person"}  # TrackEval's name for Person_sitting
    for path, boxes in (("label_02/0009.txt", annotations), ("trackers/ours/0009.txt", tracks)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        columns = (boxes.frames, boxes.track_ids, boxes.labels, boxes.boxes)
        (tmp_path / path).write_text(
            "".join(
                f"{frame} {track} {names[kind]} 0 0 -10 {' '.join(map(repr, corners))}{' -1' * 7} 1\n"
                for frame, track, kind, corners in zip(*(column.tolist() for column in columns), strict=True)
            )
        )
    (tmp_path / "evaluate_tracking.seqmap.training").write_text(f"0009 empty 000000 {annotations.num_frames:06}\n")
    dataset = Kitti2DBox(
        {
            "GT_FOLDER": str(tmp_path),
            "TRACKERS_FOLDER": str(tmp_path / "trackers"),
            "TRACKERS_TO_EVAL": ["ours"],
            "TRACKER_SUB_FOLDER": "",
            "PRINT_CONFIG": False,
        }
    )
    metrics = evaluate(kitti_ground_truth(annotations), tracks, classes=[label])
    assert_equal_to_the_last_digit(metrics.classes[label], from_trackeval(dataset, ["0009"], category.lower()))
