"""The number of the first frame and the step between frames, which the caller may give for any format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trajtrack
from trajtrack import Detections

ROWS = "0,-1,10,20,30,40,0.5\n12,-1,10,20,30,40,0.5\n36,-1,10,20,30,40,0.5\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "det.txt"
    path.write_text(ROWS)
    return path


def test_frames_may_count_from_another_number(file: Path) -> None:
    assert trajtrack.read(file, first_frame=0).frames.tolist() == [0, 12, 36]
    assert trajtrack.read(file, first_frame=-4).frames.tolist() == [4, 16, 40]


def test_frames_at_a_step_become_successive_frames(file: Path) -> None:
    read = trajtrack.read(file, first_frame=0, frame_step=12)
    assert read.frames.tolist() == [0, 1, 3]
    assert read.num_frames == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "line 1: found frame 0, expected frames from 1 to 2147483648"),
        ({"first_frame": 1}, "line 1: found frame 0, expected frames from 1 to"),
        (
            {"first_frame": 0, "frame_step": 5},
            "line 2: found frame 12, expected 0 and a multiple of 5, the step between frames",
        ),
    ],
)
def test_frames_outside_the_numbering_are_refused(file: Path, arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.read(file, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frame_step": 0}, "frame_step: found 0, expected a number above 0"),
        ({"frame_step": 1e30}, "frame_step: found 1e+30, expected an integer of at most 9007199254740991"),
        ({"image_size": (0, 5)}, "image_size: found (0, 5), expected a width and a height above 0"),
        ({"image_size": (5,)}, "image_size: found (5,), expected a width and a height above 0"),
    ],
)
def test_values_out_of_range_are_refused(file: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.read(file, **arguments)


@pytest.mark.parametrize("format", ["mot", "kitti", "coco-vid", "tao", "cvat", "parquet"])
def test_every_format_that_numbers_frames_takes_both(tmp_path: Path, format: str) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    written = Detections([[0, 0, 1, 1]] * 2, [1, 1], [5, 9], num_frames=12, track_ids=[0, 0])
    trajtrack.write(tmp_path / "rows", written, format)
    first = 6 if format == "mot" else 5
    assert trajtrack.read(tmp_path / "rows", format, first_frame=first, frame_step=2).frames.tolist() == [0, 2]


@pytest.mark.parametrize("format", ["vidor", "youtube-vis"])
def test_formats_that_list_all_frames_take_neither(tmp_path: Path, format: str) -> None:
    trajtrack.write(tmp_path / "a.json", Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0]), format)
    with pytest.raises(ValueError, match=f"first_frame: found 1, expected None: {format} files list all frames"):
        trajtrack.read(tmp_path / "a.json", first_frame=1)
    with pytest.raises(ValueError, match=f"frame_step: found 2, expected None: {format} files list all frames"):
        trajtrack.read(tmp_path / "a.json", frame_step=2)


def test_many_videos_are_read_alike(file: Path) -> None:
    (video,) = trajtrack.link_many([file], first_frame=0, frame_step=12)
    assert video.result().detections.frames.tolist() == [0, 1, 3]
