from __future__ import annotations

import numpy as np
import pytest

import trajtrack
from helpers.comparisons import exactly
from helpers.libraries import library
from helpers.seq_nms import link
from trajtrack import Detections

sv = library("supervision")

BOXES = [[[0, 0, 10, 20], [100, 0, 110, 20]], [[1, 0, 11, 20]], [[102, 0, 112, 20], [2, 0, 12, 20]]]
SCORES = [[0.5, 1.0], [0.5], [1.0, 0.5]]
LABELS = [[3, 1], [3], [1, 3]]


def frame(boxes=BOXES[0], scores=SCORES[0], labels=LABELS[0], names=None):
    return sv.Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        confidence=None if scores is None else np.array(scores, np.float32),
        class_id=None if labels is None else np.array(labels, int),
        data={} if names is None else {"class_name": np.array(names)},
    )


def video():
    return [frame(*columns) for columns in zip(BOXES, SCORES, LABELS, strict=True)]


def test_detections_are_accepted() -> None:
    found = Detections.from_frames([*video(), sv.Detections.empty()])
    assert found.boxes.tolist() == [box for boxes in BOXES for box in boxes]
    assert found.scores.tolist() == [0.5, 1, 0.5, 1, 0.5]
    assert found.labels.tolist() == [3, 1, 3, 1, 3]
    assert (found.frames.tolist(), found.num_frames) == ([0, 0, 1, 2, 2], 4)


def test_class_names_are_accepted() -> None:
    found = Detections.from_frames([frame(names=["dog", "cat"]), frame(BOXES[1], [1], [9], ["bird"])])
    assert found.label_names == {3: "dog", 1: "cat", 9: "bird"}


def test_class_names_of_the_caller_take_precedence() -> None:
    assert Detections.from_frames([frame(names=["dog", "cat"])], label_names={1: "lion"}).label_names == {1: "lion"}


def test_class_names_without_class_ids_are_numbered_in_alphabetical_order() -> None:
    found = Detections.from_frames([frame(labels=None, names=["dog", "cat"])])
    assert (found.labels.tolist(), found.label_names) == ([1, 0], {0: "cat", 1: "dog"})


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (lambda: frame(scores=None), "frames, entry 1: found boxes without scores, expected a score for each"),
        (lambda: frame(names=["dog", "lion"]), "frames, entry 1: label 1: found 'lion', expected 'cat' as before"),
        (
            lambda: frame(labels=[2, 2], names=["dog", "lion"]),
            "frames, entry 1: label 2: found 'lion', expected 'dog' as before",
        ),
        (
            lambda: frame(boxes=[[5, 0, 1, 9]] * 2),
            "frames, entry 1: boxes, row 0: found [5.0, 0.0, 1.0, 9.0], expected x1 <= x2 and y1 <= y2",
        ),
    ],
)
def test_an_invalid_entry_is_rejected_with_its_index(entry, message: str) -> None:
    with pytest.raises(ValueError, match=exactly(message)):
        Detections.from_frames([frame(names=["dog", "cat"]), entry()])


def test_names_that_are_not_text_are_rejected() -> None:
    with pytest.raises(TypeError, match=r"^frames, entry 0: label [13]: found np\.int64\(8\), expected a name$"):
        Detections.from_frames([frame(names=[8, 8])])


def test_ids_are_tracker_ids() -> None:
    given = [*video(), sv.Detections.empty()]
    attached = trajtrack.attach_ids(given, link(Detections.from_frames(given)))
    assert [entry.tracker_id.tolist() for entry in attached] == [[1, 0], [1], [0, 1], []]
    assert all(entry.tracker_id.dtype == np.int64 for entry in attached)
    assert all(isinstance(entry, sv.Detections) for entry in attached)


def test_input_detections_are_not_modified() -> None:
    given = [frame(names=["dog", "cat"])]
    (attached,) = trajtrack.attach_ids(given, link(Detections.from_frames(given)))
    attached.data["speed"] = [1, 2]
    assert given[0].tracker_id is None
    assert list(given[0].data) == ["class_name"]
    assert attached.xyxy is given[0].xyxy


def test_attached_ids_are_independent_of_the_tracks() -> None:
    tracks = link(Detections.from_frames(video()))
    for entry in trajtrack.attach_ids(video(), tracks):
        entry.tracker_id += 100
    assert tracks.track_ids.tolist() == [1, 0, 1, 0, 1]


def test_rows_without_a_trajectory_are_kept_and_can_be_dropped() -> None:
    given = video()
    attached = trajtrack.attach_ids(given, link(Detections.from_frames(given), min_length=3))
    assert attached[0].tracker_id.tolist() == [0, -1]
    assert attached[0][attached[0].tracker_id >= 0].xyxy.tolist() == BOXES[0][:1]


def test_annotators_draw_the_result() -> None:
    given = video()
    image = np.zeros((40, 200, 3), np.uint8)
    trace = sv.TraceAnnotator(thickness=1)
    for entry in trajtrack.attach_ids(given, link(Detections.from_frames(given))):
        trace.annotate(image, entry)
        sv.BoxAnnotator(thickness=1).annotate(image, entry)
    assert image.any()


def test_trajectories_come_with_interpolated_boxes() -> None:
    frames = trajtrack.to_supervision(link(Detections.from_frames(video(), label_names={3: "dog", 1: "cat"})))
    assert [entry.tracker_id.tolist() for entry in frames] == [[0, 1], [0, 1], [0, 1]]
    assert [entry.data["interpolated"].tolist() for entry in frames] == [[False, False], [True, False], [False, False]]
    assert frames[1].xyxy.tolist() == [[101, 0, 111, 20], [1, 0, 11, 20]]
    assert frames[1].confidence.tolist() == [0, 0.5]
    assert frames[1].class_id.tolist() == [1, 3]
    assert frames[1].data["class_name"].tolist() == ["cat", "dog"]


def test_trajectories_come_for_as_many_frames_as_requested() -> None:
    tracks = link(Detections.from_frames(video()))
    assert [len(entry) for entry in trajtrack.to_supervision(tracks, num_frames=5)] == [2, 2, 2, 0, 0]
    with pytest.raises(ValueError, match=exactly("num_frames: found 2, expected an integer of at least 3")):
        trajtrack.to_supervision(tracks, num_frames=2)


def test_boxes_without_identity_are_omitted() -> None:
    boxes = [[0, 0, 10, 20], [5, 0, 15, 20], [1, 0, 11, 20]]
    frames = trajtrack.to_supervision(Detections(boxes, [0.5, 1, 0.25], [2, 0, 0], [1, 1, 3], track_ids=[7, -1, 7]))
    assert [entry.xyxy.tolist() for entry in frames] == [boxes[2:], [], boxes[:1]]
    assert [entry.tracker_id.tolist() for entry in frames] == [[7], [], [7]]
    assert not any(entry.data["interpolated"].any() for entry in frames)


def test_a_video_without_frames_has_no_entries() -> None:
    assert trajtrack.to_supervision(link(Detections.from_frames([]))) == []


def test_no_trajectories_are_empty_frames() -> None:
    frames = trajtrack.to_supervision(link(Detections.from_frames([None, None], label_names={0: "cat"})))
    assert [len(entry) for entry in frames] == [0, 0]
