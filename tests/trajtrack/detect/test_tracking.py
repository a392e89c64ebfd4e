from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.videos import SIDE, find_squares, moving_square, square_image, write_video

pytest.importorskip("av")
pytest.importorskip("pyarrow")

COUNT = 40


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("videos") / "video.mp4", moving_square(COUNT))


def truth(frames):
    return np.stack([2 * frames, 0 * frames + 24, 2 * frames + SIDE, 0 * frames + 24 + SIDE], axis=1)


def unused(frames):
    raise AssertionError("the detector was called although its detections are kept")


def test_a_moving_object_becomes_one_trajectory(video):
    (track,) = trajtrack.track(video, find_squares)
    assert track.frames.tolist() == list(range(COUNT))
    assert np.abs(track.boxes - truth(track.frames)).max() <= 1.5


@pytest.mark.parametrize("fps", [5, 7, 10])
def test_boxes_between_the_frames_that_were_looked_at_are_interpolated(video, fps):
    (track,) = trajtrack.track(video, find_squares, fps=fps)
    assert track.frames.tolist() == list(range(track.end + 1))
    assert COUNT - track.end <= 25 / fps + 1
    assert np.abs(track.boxes - truth(track.frames)).max() <= 1.5
    assert (~track.interpolated).sum() == len(trajtrack.detect(video, find_squares, fps=fps))


def test_options_that_count_frames_count_those_that_were_looked_at(tmp_path):
    images = [square_image(10, 10) if k // 5 != 2 else square_image(10, 10) * 0 for k in range(30)]
    video = write_video(tmp_path / "video.mp4", images)
    assert len(trajtrack.track(video, find_squares, fps=5, max_gap=1)) == 1
    assert len(trajtrack.track(video, find_squares, fps=5, max_gap=0)) == 2


def test_two_scores_have_two_names(video):
    def find(frames):
        entries = find_squares(frames)
        return [{**entry, "boxes": entry["boxes"] * 2, "scores": [0.9, 0.1], "labels": [0, 0]} for entry in entries]

    tracks = trajtrack.track(video, find, method="seq-nms", min_detection_score=0.05, min_score=0.5)
    assert len(tracks.detections) == 2 * COUNT
    assert set(tracks.reasons[1::2].tolist()) == {trajtrack.Reason.BELOW_MIN_SCORE}


def test_kept_detections_are_linked_again_without_the_detector(video, tmp_path):
    calls = []

    def find(frames):
        calls.append(len(frames))
        return find_squares(frames)

    keep = tmp_path / "kept.parquet"
    first = trajtrack.track(video, find, fps=7, keep=keep)
    assert calls
    calls.clear()
    again = trajtrack.track(video, find, fps=7, keep=keep, method="seq-nms", buffer=1)
    assert calls == []
    assert again.detections == first.detections
    assert again.options.buffer == 1


def test_kept_detections_can_be_read(video, tmp_path):
    trajtrack.track(video, find_squares, keep=tmp_path / "kept.parquet")
    assert trajtrack.read(tmp_path / "kept.parquet") == trajtrack.detect(video, find_squares)


def test_kept_detections_of_anything_else_are_refused_by_name(video, tmp_path):
    keep = tmp_path / "kept.parquet"
    trajtrack.track(video, find_squares, fps=5, keep=keep)
    other = write_video(tmp_path / "other.mp4", moving_square(7))
    for path, detector, fps, message in (
        (other, find_squares, 5, "another video"),
        (video, unused, 5, "another detector"),
        (video, find_squares, 6, "fps 5 instead of 6"),
        (video, find_squares, None, "fps 5 instead of unset"),
    ):
        with pytest.raises(ValueError, match=rf"kept\.parquet: found detections of {message}; remove the file to"):
            trajtrack.track(path, detector, fps=fps, keep=keep)


def test_a_video_that_was_moved_is_the_same(video, tmp_path):
    keep = tmp_path / "kept.parquet"
    first = trajtrack.track(video, find_squares, keep=keep)
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(video.read_bytes())
    assert trajtrack.track(moved, find_squares, keep=keep).detections == first.detections


@pytest.mark.parametrize("content", [b"", b"nothing", b"PAR1"])
def test_a_file_of_something_else_is_refused(video, tmp_path, content):
    keep = tmp_path / "kept.parquet"
    keep.write_bytes(content)
    with pytest.raises(ValueError, match=r"kept\.parquet: found no detections of trajtrack detect, expected those"):
        trajtrack.track(video, find_squares, keep=keep)
    assert keep.read_bytes() == content


def test_a_table_of_someone_else_is_refused(video, tmp_path):
    keep = tmp_path / "kept.parquet"
    trajtrack.write(keep, trajtrack.detect(video, find_squares))
    with pytest.raises(ValueError, match=r"kept\.parquet: found no detections of trajtrack detect, expected those"):
        trajtrack.track(video, find_squares, keep=keep)


def test_linking_options_are_checked_before_the_video_is_opened():
    with pytest.raises(ValueError, match=r"^max_gap: found -1"):
        trajtrack.track("missing.mp4", find_squares, max_gap=-1)
