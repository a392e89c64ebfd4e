from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.videos import SIDE, find_squares, moving_square, write_video
from trajtrack.detect import Detector
from trajtrack.detect.detecting import prepare
from trajtrack.detect.journal import Journal

pytest.importorskip("av")

COUNT = 30
TRUTH = np.array([[2 * k, 24, 2 * k + SIDE, 24 + SIDE] for k in range(COUNT)])


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("videos") / "video.mp4", moving_square(COUNT))


def test_boxes_are_those_of_the_truth(video):
    found = trajtrack.detect(video, find_squares)
    assert found.frames.tolist() == list(range(COUNT))
    assert np.abs(found.boxes - TRUTH).max() <= 1
    assert (found.num_frames, found.label_names) == (COUNT, {0: "square"})


def test_sampled_frames_keep_their_numbers_in_the_video(video):
    found = trajtrack.detect(video, find_squares, fps=5, start=0.2, end=1.0)
    assert found.frames.tolist() == [5, 10, 15, 20]
    assert np.abs(found.boxes - TRUTH[found.frames]).max() <= 1
    assert found.num_frames == 25


def test_the_frames_that_were_looked_at_are_known_with_their_times(video):
    found = prepare(video, find_squares, fps=5).detect(Journal(None, None))
    assert found.frames.tolist() == [0, 5, 10, 15, 20, 25]
    assert found.times.tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1]


def test_a_turned_video_has_boxes_in_upright_pixels(tmp_path):
    path = write_video(tmp_path / "video.mp4", moving_square(3), rotation=90)
    expected = [[24, 96 - SIDE, 24 + SIDE, 96], [24, 94 - SIDE, 24 + SIDE, 94], [24, 92 - SIDE, 24 + SIDE, 92]]
    assert np.abs(trajtrack.detect(path, find_squares).boxes - expected).max() <= 1


def test_the_detector_gets_batches_of_images(video):
    shapes = []

    def look(frames):
        shapes.append([(frame.shape, frame.dtype) for frame in frames])
        return find_squares(frames)

    trajtrack.detect(video, look, batch_size=8)
    assert shapes == [[((64, 96, 3), np.uint8)] * count for count in (8, 8, 8, 6)]


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_the_result_does_not_depend_on_the_size_of_batches(video, batch_size):
    assert trajtrack.detect(video, find_squares, batch_size=batch_size) == trajtrack.detect(video, find_squares)


def test_boxes_below_the_minimum_score_are_dropped(video):
    def find(frames):
        return [{"boxes": [[0, 0, 9, 9]] * 3, "scores": [0.2, 0.5, 0.7], "labels": [1, 2, 3]} for _ in frames]

    found = trajtrack.detect(video, find, min_score=0.5, end=0.04)
    assert (found.scores.tolist(), found.labels.tolist()) == ([0.5, np.float32(0.7)], [2, 3])
    assert len(trajtrack.detect(video, find, end=0.04)) == 3


def test_classes_by_name_are_numbered_in_sorted_order_over_the_video(video):
    def find(frames, seen=[]):  # noqa: B006
        seen.extend(frames)
        return [{"boxes": [[0, 0, 9, 9]], "scores": [0.5], "labels": ["ant" if len(seen) > 8 else "bee"]}] * len(frames)

    found = trajtrack.detect(video, find, end=0.4)
    assert found.label_names == {0: "ant", 1: "bee"}
    assert found.labels.tolist() == [1] * 8 + [0] * 2


@pytest.mark.parametrize("names", [{3: "cat", 5: "dog"}, ["ant", "bee", "fox", "cat", "owl", "dog"]])
def test_a_detector_may_have_names_for_its_labels(video, names):
    class Find:
        def __call__(self, frames):
            return [np.array([[0, 0, 9, 9, 0.5, 5]])] * len(frames)

    detector: Detector = Find()
    detector.names = names
    found = trajtrack.detect(video, detector, end=0.04)
    assert (found.labels.tolist(), found.label_names[5]) == ([5], "dog")


def test_classes_by_name_and_by_number_are_refused_with_the_frame(video):
    def find(frames, seen=[]):  # noqa: B006
        seen.extend(frames)
        return [{"boxes": [[0, 0, 9, 9]], "scores": [0.5], "labels": ["ant"] if len(seen) < 8 else [1]}] * len(frames)

    with pytest.raises(ValueError, match=r"^detector, frame 4: labels: found numbers, expected names as in earlier"):
        trajtrack.detect(video, find)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_does_not_grow_with_the_video(tmp_path):
    black = np.zeros((480, 640, 3), np.uint8)
    script = (
        "import re, sys, trajtrack\n"
        "box = {'boxes': [[0, 0, 9, 9]] * 20, 'scores': [0.5] * 20}\n"
        "trajtrack.detect(sys.argv[1], lambda frames: [box] * len(frames), threads=1)\n"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    peaks = []
    for count in (30, 300):
        path = write_video(tmp_path / f"{count}.mp4", [black] * count)
        run = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=True)
        peaks.append(int(run.stdout))
    assert peaks[1] - peaks[0] < 25_000  # 270 frames are 250 MB


def test_progress_counts_the_frames(video):
    calls = []
    trajtrack.detect(video, find_squares, fps=5, progress=lambda *call: calls.append(call))
    assert calls == [(4, 6), (6, 6)]


def test_a_truncated_video_warns_and_keeps_what_there_is(tmp_path):
    path = write_video(tmp_path / "video.mkv", moving_square(71))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(trajtrack.TrajtrackWarning, match=r"video\.mkv: found frames up to .* s .*of 2\.84 s"):
        found = trajtrack.detect(path, find_squares)
    assert 5 < len(found) < 60


def test_nothing_detected_warns(video):
    def find_little(frames):
        return [{"boxes": [[0, 0, 9, 9]], "scores": [0.01]}] * len(frames)

    message = rf"video\.mp4: found no box with a score of at least 0\.5 in {COUNT} frames, expected some$"
    with pytest.warns(trajtrack.TrajtrackWarning, match=message):
        assert len(trajtrack.detect(video, find_little, min_score=0.5)) == 0


def test_an_end_before_that_of_a_truncated_video_does_not_warn(tmp_path):
    path = write_video(tmp_path / "video.mkv", moving_square(71))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(trajtrack.detect(path, find_squares, end=0.2)) == 5


def test_a_start_after_the_end_is_refused(video):
    with pytest.raises(ValueError, match=r"^start: found 9 s, .* of .*video\.mp4, whose last frame is at 1\.16 s$"):
        trajtrack.detect(video, find_squares, start=9)


def test_an_image_folder_is_a_video_too(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for number, pixels in enumerate(moving_square(4), start=1):
        image.fromarray(pixels).save(tmp_path / f"{number:06}.png")
    assert trajtrack.detect(tmp_path, find_squares).boxes.tolist() == TRUTH[:4].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 0}, "fps: found 0, expected a number above 0"),
        ({"batch_size": 0}, "batch_size: found 0, expected an integer of at least 1"),
        ({"threads": 0}, "threads: found 0, expected an integer from 1 to 1024"),
        ({"min_score": float("nan")}, "min_score: found nan, expected a finite number"),
        ({"frame_rate": 10}, r"frame_rate: found 10 with .*, expected None for a video file"),
        ({"device": "cpu"}, r"device: found 'cpu' with a function as detector, which chooses its own device"),
    ],
)
def test_invalid_options_are_named(video, options, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        trajtrack.detect(video, find_squares, **options)


class Stop(BaseException):
    pass


def stop_after(calls):
    def find(frames):
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise Stop
        return find_squares(frames)

    return find


def stopping_once(seen):
    """Return a detector that notes the images it sees, and stops before the thirteenth the first time."""

    def find(frames):
        if len(seen) == 12:
            seen.append(None)
            raise Stop
        seen.extend(frames)
        return find_squares(frames)

    return find


def test_a_stopped_call_goes_on_where_it_stopped(video, tmp_path, monkeypatch):
    unfinished = tmp_path / "unfinished"
    seen = []
    find = stopping_once(seen)
    with pytest.raises(Stop):
        trajtrack.detect(video, find, unfinished=unfinished)
    assert unfinished.exists()
    found = trajtrack.detect(video, find, unfinished=unfinished)
    assert found == trajtrack.detect(video, find_squares)
    assert len(seen) == COUNT + 1
    assert not unfinished.exists()


def test_a_torn_line_is_detected_again(video, tmp_path):
    unfinished = tmp_path / "unfinished"
    seen = []
    find = stopping_once(seen)
    with pytest.raises(Stop):
        trajtrack.detect(video, find, unfinished=unfinished)
    unfinished.write_bytes(unfinished.read_bytes()[:-30])
    assert trajtrack.detect(video, find, unfinished=unfinished) == trajtrack.detect(video, find_squares)


def test_a_call_that_fails_at_once_leaves_nothing(video, tmp_path):
    with pytest.raises(Stop):
        trajtrack.detect(video, stop_after(0), unfinished=tmp_path / "unfinished")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked on Windows")
def test_two_calls_cannot_share_a_file_of_unfinished_work(video, tmp_path):
    unfinished = tmp_path / "unfinished"

    def find(frames):
        with pytest.raises(BlockingIOError, match="Another process is writing to the file"):
            trajtrack.detect(video, find, unfinished=unfinished)
        return find_squares(frames)

    assert trajtrack.detect(video, find, unfinished=unfinished) == trajtrack.detect(video, find_squares)


def test_the_function_and_the_package_share_a_name():
    from trajtrack.detect import journal

    assert callable(trajtrack.detect)
    assert journal.Journal is Journal
