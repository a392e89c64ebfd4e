from __future__ import annotations

import os

import pytest

from helpers.export_examples import NAMES, linked, tracks
from helpers.libraries import library
from trajtrack.exports import to_fiftyone

os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
fiftyone = library("fiftyone")

pytestmark = pytest.mark.filterwarnings("ignore")


def test_frames_count_from_1_and_hold_boxes_in_fractions_of_the_image() -> None:
    labels = to_fiftyone(linked(), 200, 100)
    assert [*labels] == [1, 2, 3, 4, 5, 7]
    assert all(isinstance(each, fiftyone.Detections) for each in labels.values())
    (last,) = labels[7].detections
    assert last.bounding_box == pytest.approx([100.25 / 200, 0.5, 0.15, 0.4])
    assert (last.label, last.confidence, last.index) == (NAMES[5], 0.25, 1)


def test_a_track_is_one_instance() -> None:
    labels = to_fiftyone(linked(), 200, 100)
    dog = {labels[number].detections[0].instance.id for number in (1, 2, 3, 4, 5)}
    assert len(dog) == 1
    assert labels[7].detections[0].instance.id not in dog


def test_interpolated_boxes_are_marked() -> None:
    labels = to_fiftyone(linked(), 200, 100)
    marked = [
        number for number, each in labels.items() if each.detections[0].get_attribute_value("interpolated", False)
    ]
    assert marked == [3, 4]
    assert [labels[number].detections[0].confidence for number in marked] == [0, 0]


def test_labels_go_through_fiftyone_s_own_json() -> None:
    for each in to_fiftyone(linked(), 200, 100).values():
        read = fiftyone.Detections.from_json(each.to_json())
        assert [detection.to_dict() for detection in read.detections] == [
            detection.to_dict() for detection in each.detections
        ]


def test_a_frame_of_a_video_sample_takes_the_labels() -> None:
    sample = fiftyone.Sample(filepath="video.mp4")
    for number, labels in to_fiftyone(tracks(), 200, 100).items():
        sample.frames[number] = fiftyone.Frame(tracks=labels)
    assert sample.frames[7]["tracks"].detections[0].label == NAMES[5]
