from __future__ import annotations

import numpy as np
import pytest

import trajtrack
from helpers.comparisons import exactly
from helpers.libraries import library
from helpers.seq_nms import link
from trajtrack import Detections
from trajtrack.containers import container_of

library("ultralytics")
torch = library("torch")
results = library("ultralytics.engine.results")

NAMES = {0: "person", 1: "car", 2: "dog"}
ROWS = [
    [[0, 0, 10, 20, 0.5, 2], [100, 0, 110, 20, 1, 1]],
    [[1, 0, 11, 20, 0.5, 2]],
    [[102, 0, 112, 20, 1, 1], [2, 0, 12, 20, 0.5, 2]],
    [],
]
"""Corners, confidence, class."""
IMAGE = np.zeros((40, 200, 3), np.uint8)


def frame(rows=ROWS[0], names=NAMES, **others):
    boxes = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return results.Results(IMAGE, "image.jpg", names, boxes=boxes, **others)


def without_boxes(**others):
    return results.Results(IMAGE, "image.jpg", NAMES, **others)


def video():
    return [frame(rows) for rows in ROWS]


def tracked(given, **options):
    return trajtrack.attach_ids(given, link(Detections.from_frames(given), **options))


@pytest.mark.parametrize("convert", [lambda entry: entry, lambda entry: entry.numpy()], ids=["torch", "numpy"])
def test_results_are_accepted(convert) -> None:
    found = Detections.from_frames(convert(entry) for entry in video())
    assert found.boxes.tolist() == [row[:4] for rows in ROWS for row in rows]
    assert found.scores.tolist() == [0.5, 1, 0.5, 1, 0.5]
    assert found.labels.tolist() == [2, 1, 2, 1, 2]
    assert (found.frames.tolist(), found.num_frames) == ([0, 0, 1, 2, 2], 4)
    assert found.label_names == NAMES


def test_names_of_the_caller_take_precedence() -> None:
    assert Detections.from_frames(video(), label_names={2: "wolf"}).label_names == {2: "wolf"}


def test_results_without_a_detection_task_are_empty_frames() -> None:
    assert Detections.from_frames([without_boxes(), frame()]).frames.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            lambda: without_boxes(obb=torch.tensor([[9, 9, 4, 4, 0.1, 0.9, 0]])),
            "found oriented boxes (obb), expected boxes; use obb.xyxy, obb.conf and obb.cls instead",
        ),
        (
            lambda: without_boxes(probs=torch.tensor([0.1, 0.2, 0.7])),
            "found Results without boxes, expected those of a detection model",
        ),
        (
            lambda: without_boxes(masks=torch.zeros((1, 40, 200))),
            "found Results without boxes, expected those of a detection model",
        ),
        (lambda: frame(names=NAMES | {1: "cart"}), "label 1: found 'cart', expected 'car' as before"),
    ],
    ids=["oriented", "classes", "masks", "names"],
)
def test_invalid_results_are_rejected_with_their_index(entry, message: str) -> None:
    with pytest.raises(ValueError, match=exactly(f"frames, entry 1: {message}")):
        Detections.from_frames([frame(), entry()])


def test_oriented_boxes_are_accepted_as_the_message_says() -> None:
    obb = without_boxes(obb=torch.tensor([[9, 9, 4, 4, 0.0, 0.5, 2]])).obb
    found = Detections.from_frames([{"boxes": obb.xyxy, "scores": obb.conf, "labels": obb.cls}])
    assert (found.boxes.tolist(), found.labels.tolist()) == ([[7, 7, 11, 11]], [2])


@pytest.mark.parametrize("convert", [lambda entry: entry, lambda entry: entry.numpy()], ids=["torch", "numpy"])
def test_ids_are_those_of_boxes(convert) -> None:
    given = [convert(entry) for entry in video()]
    attached = tracked(given)
    assert [entry.boxes.id.tolist() for entry in attached] == [[1, 0], [1], [0, 1], []]
    assert all(entry.boxes.is_track for entry in attached)
    assert [type(entry.boxes.data) for entry in attached] == [type(entry.boxes.data) for entry in given]
    assert Detections.from_frames(attached) == Detections.from_frames(given)


def test_input_results_are_not_modified() -> None:
    given = video()
    tracked(given)
    assert [entry.boxes.id for entry in given] == [None] * 4
    assert [entry.boxes.data.shape for entry in given] == [(2, 6), (1, 6), (2, 6), (0, 6)]


def test_everything_else_is_kept() -> None:
    given = [frame(masks=torch.zeros((2, 40, 200)), keypoints=torch.zeros((2, 17, 3)), speed={"inference": 1.5})]
    (attached,) = tracked(given)
    assert attached.masks is given[0].masks
    assert attached.keypoints is given[0].keypoints
    assert attached.orig_img is IMAGE
    assert (attached.speed, attached.path, attached.names) == ({"inference": 1.5}, "image.jpg", NAMES)


def test_boxes_beyond_the_image_are_not_clipped() -> None:
    rows = [[-5, -5, 300, 300, 0.5, 0]]
    assert tracked([frame(rows)])[0].boxes.xyxy.tolist() == [rows[0][:4]]


def test_existing_ids_are_replaced() -> None:
    boxes = torch.tensor([[0, 0, 10, 20, 77, 0.5, 2]])
    (attached,) = tracked([results.Results(IMAGE, "image.jpg", NAMES, boxes=boxes)])
    assert attached.boxes.data.tolist() == [[0, 0, 10, 20, 0, 0.5, 2]]


def test_ids_are_exact_beside_boxes_of_half_precision() -> None:
    many = 2050  # above the first integers that are not exact in float16
    boxes = torch.tensor([[20 * i, 0, 20 * i + 10, 10, 0.5, 0] for i in range(many)], dtype=torch.float16)
    (attached,) = tracked([results.Results(IMAGE, "image.jpg", NAMES, boxes=boxes)], nms_threshold=1.0)
    assert sorted(attached.boxes.id.tolist()) == list(range(many))


def test_ids_that_are_not_exact_in_float32_widen_the_boxes() -> None:
    entry = frame(ROWS[1])
    attached = container_of(entry).with_ids(entry, np.array([2**24 + 1]))
    assert attached.boxes.id.tolist() == [2**24 + 1]


def test_rows_without_a_trajectory_are_kept_and_can_be_dropped() -> None:
    first, *_ = tracked(video(), min_length=3)
    assert first.boxes.id.tolist() == [0, -1]
    assert len(first[first.boxes.id >= 0]) == 1


def test_results_without_boxes_are_copied() -> None:
    given = [without_boxes(), frame()]
    attached = tracked(given)
    assert attached[0].boxes is None
    assert attached[0] is not given[0]


def test_ultralytics_shows_the_ids() -> None:
    first, *_ = tracked(video())
    assert [row["track_id"] for row in first.summary()] == [1, 0]
    assert first.to_df()["track_id"].to_list() == [1, 0]
    assert first.plot(font_size=8, pil=False).any()
