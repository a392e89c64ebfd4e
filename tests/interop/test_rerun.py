from __future__ import annotations

from pathlib import Path

import pytest

from helpers.export_examples import NAMES, linked
from helpers.libraries import library
from trajtrack import Detections
from trajtrack.exports import log_to_rerun

rerun = library("rerun")
RrdReader = library("rerun.chunk").RrdReader


@pytest.fixture
def logged(tmp_path: Path):
    """Return the contents of a saved recording: for each entity a dictionary of columns, by frame."""

    def log(tracks, **options) -> dict[str, dict[str, list]]:
        recording = rerun.RecordingStream("trajtrack")
        recording.save(tmp_path / "tracks.rrd")
        log_to_rerun(tracks, recording, **options)
        recording.flush()
        recording.disconnect()
        found: dict[str, dict[str, list]] = {}
        for chunk in RrdReader(tmp_path / "tracks.rrd").stream():
            if not chunk.entity_path.startswith("/__"):
                assert chunk.entity_path not in found
                found[chunk.entity_path] = chunk.to_record_batch().to_pydict()
        return found

    return log


def test_boxes_are_logged_by_frame(logged) -> None:
    boxes = logged(linked())["/tracks/detected"]
    assert boxes["frame"] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert boxes["Boxes2D:centers"] == [[[25, 40]], [[27, 40]], [], [], [[33, 40.25]], [], [[115.25, 70]], []]
    assert boxes["Boxes2D:half_sizes"][4] == [[15, 20.25]]
    assert boxes["Boxes2D:labels"] == [["dog 0"], ["dog 0"], [], [], ["dog 0"], [], [f"{NAMES[5]} 1"], []]
    assert boxes["Boxes2D:class_ids"] == [[2], [2], [], [], [2], [], [5], []]
    assert boxes["score"] == [[0.75], [0.5], [], [], [1], [], [0.25], []]


def test_interpolated_boxes_are_an_entity_of_their_own(logged) -> None:
    boxes = logged(linked())["/tracks/interpolated"]
    assert boxes["frame"] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert [len(each) for each in boxes["Boxes2D:centers"]] == [0, 0, 1, 1, 0, 0, 0, 0]
    assert boxes["Boxes2D:centers"][2] == [[29, pytest.approx(40 + 1 / 12)]]
    assert boxes["score"][2] == [0]


def test_trails_go_back_over_the_last_frames(logged) -> None:
    trails = logged(linked(), trail=2)["/tracks/trails"]
    strips = trails["LineStrips2D:strips"]
    assert [[len(strip) for strip in each] for each in strips] == [[], [2], [3], [3], [3], [], [], []]
    assert strips[1] == [[[25, 40], [27, 40]]]
    assert trails["LineStrips2D:class_ids"][4] == [2]


def test_names_of_classes_are_the_annotation_context(logged) -> None:
    ((context,),) = logged(linked())["/tracks"]["AnnotationContext:context"]
    found = {entry["class_id"]: entry["class_description"]["info"]["label"] for entry in context}
    assert found == NAMES


def test_the_entity_path_can_be_set_and_trails_omitted(logged) -> None:
    assert {*logged(linked(), entity_path="video/tracks", trail=0)} == {
        "/video/tracks",
        "/video/tracks/detected",
        "/video/tracks/interpolated",
    }


def test_several_boxes_of_a_frame_are_logged_by_identity(logged) -> None:
    rows = Detections([[0, 0, 2, 2]] * 3, [1] * 3, [4, 4, 4], track_ids=[8, -1, 3])
    assert logged(rows)["/tracks/detected"]["Boxes2D:labels"] == [["0 3", "0 8"]]


def test_nothing_is_logged_without_tracks(logged) -> None:
    assert logged(Detections([], [], [], track_ids=[])) == {}


def test_a_recording_is_needed() -> None:
    with pytest.raises(
        ValueError, match=r"recording: found no active one, expected a RecordingStream or an earlier call of rerun.init"
    ):
        log_to_rerun(linked())
