from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

import trajtrack
from helpers.changed_json import write_changed
from trajtrack import Detections

RESULTS = [
    {"image_id": 12, "category_id": 3, "bbox": [10, 20, 30, 40], "score": 0.5},
    {"image_id": 2, "category_id": 0, "bbox": [1, 2, 3.5, 4], "score": 0.25},
]
BOXES = [[10, 20, 40, 60], [1, 2, 4.5, 6]]


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_the_image_is_the_frame_counted_from_one(tmp_path: Path) -> None:
    path = write(tmp_path / "results.bbox.json", RESULTS)
    assert trajtrack.read(path) == Detections(BOXES, [0.5, 0.25], [11, 1], [3, 0])


def test_frames_count_from_zero_if_there_is_an_image_of_that_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [RESULTS[0], RESULTS[1] | {"image_id": 0}])
    assert trajtrack.read(path).frames.tolist() == [12, 0]


def test_the_first_frame_may_be_given(tmp_path: Path) -> None:
    assert trajtrack.read(write(tmp_path / "a.json", RESULTS), first_frame=2).frames.tolist() == [10, 0]


def test_the_last_number_of_a_name_is_the_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [RESULTS[0] | {"image_id": "v2_000012"}, RESULTS[1] | {"image_id": "v2_000002"}])
    assert trajtrack.read(path).frames.tolist() == [11, 1]


def test_images_of_several_videos_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [RESULTS[0] | {"image_id": "v_12"}, RESULTS[1] | {"image_id": "w_2"}])
    message = r"\[1\]\.image_id: found 'w_2', expected a name that differs from 'v_12' only in the number of the frame"
    with pytest.raises(ValueError, match=message):
        trajtrack.read(path)


def test_identities_and_other_names_of_scores_are_read(tmp_path: Path) -> None:
    entry = {"image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40], "conf": 0.5, "track_id": 7}
    assert trajtrack.read(write(tmp_path / "a.json", [entry])) == Detections(BOXES[:1], [0.5], [0], [3], track_ids=[7])


def test_an_empty_list_is_zero_detections_by_name(tmp_path: Path) -> None:
    assert len(trajtrack.read(write(tmp_path / "a.json", []), "coco-results")) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((1, "bbox", ...), "[1].bbox: found no such key, expected one"),
        ((1, "bbox", 2, -1), "[1]: found x2 < x1 (w = -1), expected a width of at least 0"),
        ((1, "score", "high"), "[1].score: found 'high', expected a finite number"),
        ((1, "image_id", "beach"), "[1].image_id: found 'beach', expected a name with the number of the frame"),
        ((1, "image_id", 1.5), "[1].image_id: found 1.5, expected an integer"),
        ((1, "category_id", ...), "[1].category_id: found no such key, expected one"),
        ((1, 5), "[1]: found 5, expected an object"),
        ((1, "video_id", 4), "[1].video_id: found 4, expected no such key, or first_frame="),
    ],
)
def test_errors_name_file_and_entry(tmp_path: Path, change: tuple, message: str) -> None:
    path = write_changed(tmp_path / "a.json", RESULTS, *change)
    with pytest.raises(ValueError, match=re.escape(f"a.json, {message}")):
        trajtrack.read(path)


def test_pycocotools_reads_what_is_written(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    written = Detections(BOXES, [0.5, 0.25], [11, 1], [3, 0], track_ids=[7, -1])
    trajtrack.write(tmp_path / "a.json", written, "coco-results")
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {
            "images": [{"id": image} for image in range(1, 13)],
            "annotations": [],
            "categories": [{"id": label} for label in (0, 3)],
        }
        truth.createIndex()
        loaded = truth.loadRes(str(tmp_path / "a.json"))
    found = [loaded.imgToAnns[image][0] for image in (12, 2)]
    assert [each["bbox"] for each in found] == [[10, 20, 30, 40], [1, 2, 3.5, 4]]
    assert [each["score"] for each in found] == [0.5, 0.25]
    assert trajtrack.read(tmp_path / "a.json") == written
