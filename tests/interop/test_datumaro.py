from __future__ import annotations

from pathlib import Path

import pytest

import trajtrack
from helpers.export_examples import NAMES, linked
from helpers.libraries import library

datumaro = library("datumaro")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def boxes(tmp_path: Path) -> dict:
    """Return the boxes of each frame that Datumaro reads from a CVAT file, as tuples of their properties."""
    trajtrack.write(tmp_path / "street.xml", linked())
    dataset = datumaro.Dataset.import_from(str(tmp_path / "street.xml"), "cvat")
    names = [each.name for each in dataset.categories()[datumaro.AnnotationType.label]]
    return {
        item.attributes["frame"]: [
            (
                each.attributes["track_id"],
                names[each.label],
                [round(side, 4) for side in each.points],
                each.attributes["score"],
                each.attributes["keyframe"],
                each.attributes["outside"],
            )
            for each in item.annotations
        ]
        for item in dataset
    }


def test_boxes_have_track_label_corners_and_score(boxes: dict) -> None:
    assert boxes[0] == [(0, "dog", [10, 20, 40, 60], "0.75", True, False)]
    assert boxes[6] == [(1, NAMES[5], [100.25, 50, 130.25, 90], "0.25", True, False)]


def test_interpolated_boxes_are_not_key_frames(boxes: dict) -> None:
    assert {frame: each[0][4] for frame, each in boxes.items() if not each[0][5]} == {
        0: True,
        1: True,
        2: False,
        3: False,
        4: True,
        6: True,
    }


def test_a_track_ends_with_a_box_outside(boxes: dict) -> None:
    assert [frame for frame, each in boxes.items() if each[0][5]] == [5, 7]
