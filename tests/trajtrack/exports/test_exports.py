"""Exports without the tools that they target; tests with the tools are in tests/interop."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections
from trajtrack.exports import log_to_rerun, to_fiftyone, to_napari, to_supervision

EXPORTS = [to_napari, to_supervision, log_to_rerun, lambda tracks: to_fiftyone(tracks, 640, 480)]


@pytest.mark.parametrize("export", EXPORTS)
def test_boxes_need_identities(export) -> None:
    with pytest.raises(ValueError, match="tracks: found boxes without track_ids, expected the identity of each"):
        export(Detections([[0, 0, 1, 1]], [1], [0]))


@pytest.mark.parametrize("export", EXPORTS)
def test_only_tracks_are_accepted(export) -> None:
    with pytest.raises(TypeError, match="tracks: found list, expected Trajectories or Detections with track_ids"):
        export([])


def test_napari_gets_centres_by_identity_and_frame() -> None:
    boxes = [[0, 0, 2, 4], [10, 10, 20, 20], [1, 1, 3, 5], [5, 5, 6, 6]]
    found = to_napari(Detections(boxes, [0.5, 0.25, 1, 1], [3, 1, 2, 0], track_ids=[4, 2, 4, -1]))
    assert found.tracks.tolist() == [[2, 1, 14.5, 14.5], [4, 2, 2.5, 1.5], [4, 3, 1.5, 0.5]]
    assert found.rectangles.shape == (3, 4, 3)
    assert found.properties["score"].tolist() == [0.25, 1, 0.5]
    assert found.properties["interpolated"].tolist() == [0, 0, 0]


def test_napari_gets_the_interpolated_boxes_of_every_trajectory() -> None:
    tracks = trajtrack.link(trajtrack.make_scene(num_frames=60).detections)
    found = to_napari(tracks)
    assert found.properties["interpolated"].sum() == sum(track.interpolated.sum() for track in tracks) > 0
    assert not found.properties["score"][found.properties["interpolated"] == 1].any()


def test_napari_gets_empty_layers_without_tracks() -> None:
    for nothing in (trajtrack.link(Detections([], [], [])), Detections([], [], [], track_ids=[])):
        found = to_napari(nothing)
        assert (found.tracks.shape, found.rectangles.shape) == ((0, 4), (0, 4, 3))


def test_napari_shows_one_box_of_a_track_in_a_frame() -> None:
    message = "tracks: found two boxes of id 7 in frame 3, expected one per frame"
    with pytest.raises(ValueError, match=message):
        to_napari(Detections([[0, 0, 1, 1]] * 3, [1] * 3, [3, 0, 3], track_ids=[7, 7, 7]))


@pytest.mark.parametrize("label", [-1, 65536])
def test_rerun_rejects_labels_out_of_range(label: int) -> None:
    with pytest.raises(ValueError, match=f"labels: found {label}, expected labels from 0 to 65535"):
        log_to_rerun(Detections([[0, 0, 1, 1]], [1], [0], [label], track_ids=[0]))


def test_the_trail_of_rerun_is_a_number_of_frames() -> None:
    with pytest.raises(ValueError, match="trail: found -1, expected an integer of at least 0"):
        log_to_rerun(Detections([], [], [], track_ids=[]), trail=-1)


@pytest.mark.parametrize("size", [0, -1, math.inf, math.nan])
def test_fiftyone_needs_the_size_of_the_image(size: float) -> None:
    for name, sizes in (("width", (size, 480)), ("height", (640, size))):
        with pytest.raises(ValueError, match=f"{name}: found {size}, expected a positive number of pixels"):
            to_fiftyone(Detections([], [], [], track_ids=[]), *sizes)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("log_to_rerun(tracks)", "logging to Rerun needs its SDK: pip install rerun-sdk"),
        ("to_fiftyone(tracks, 640, 480)", "FiftyOne labels need fiftyone: pip install fiftyone"),
        ("to_supervision(tracks)", "to_supervision needs supervision: pip install supervision"),
    ],
)
def test_the_error_says_in_one_line_what_to_install(call: str, message: str) -> None:
    script = (
        "import sys; sys.modules.update(rerun=None, fiftyone=None, supervision=None)\n"
        "from trajtrack import Detections\n"
        "from trajtrack.exports import log_to_rerun, to_fiftyone, to_napari, to_supervision\n"
        "tracks = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0])\n"
        "to_napari(tracks)\n"
        f"try: {call}\n"
        "except ImportError as error: print(error)\n"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == f"{message}\n"


def test_corners_are_those_of_the_boxes() -> None:
    boxes = np.array([[0.5, 1.5, 20.5, 30.5]])
    (corners,) = to_napari(Detections(boxes, [1], [8], track_ids=[0])).rectangles
    assert corners.tolist() == [[8, 1, 0], [8, 1, 20], [8, 30, 20], [8, 30, 0]]
