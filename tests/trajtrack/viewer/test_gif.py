"""GIF files that the package writes."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from trajtrack import Detections, TrajtrackWarning, ViewSummary, write_video
from trajtrack.viewer.colours import track_colours

image = pytest.importorskip("PIL.Image")


def tracks(num_frames: int = 6) -> Detections:
    """Return a box that moves right by 10 pixels in each frame."""
    left = 100 + 10 * (np.arange(num_frames) % 8)
    boxes = np.stack([left, np.full(num_frames, 60), left + 40, np.full(num_frames, 120)], axis=1)
    return Detections(boxes, np.ones(num_frames), np.arange(num_frames), track_ids=np.full(num_frames, 4))


def decoded(path) -> tuple[np.ndarray, list[int]]:
    """Return the images and their durations in milliseconds."""
    images, durations = [], []
    with image.open(path) as gif:
        for k in range(gif.n_frames):
            gif.seek(k)
            images.append(np.asarray(gif.convert("RGB")).astype(int))
            durations.append(gif.info["duration"])
        assert gif.info["loop"] == 0
    return np.stack(images), durations


def test_each_frame_has_its_boxes_in_the_colour_of_the_trajectory(tmp_path):
    written = write_video(tracks(), tmp_path / "video.gif", size=(320, 240))
    images, durations = decoded(tmp_path / "video.gif")
    assert written == ViewSummary(1, 6, None, 0)
    assert images.shape == (6, 240, 320, 3)
    assert durations == [40] * 6
    left_sides = images[:4, 100, 100:140:10]
    has_colour = np.abs(left_sides - track_colours([4])[0].astype(int)).max(axis=2) < 3
    assert (has_colour == np.eye(4, dtype=bool)).all()


def test_images_are_shown_in_near_colours(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    y, x = np.mgrid[:240, :320]
    for number in range(6):
        pixels = np.stack([(x + 9 * number) * 0.6, y, 0 * x], axis=2).astype(np.uint8)
        image.fromarray(pixels).save(folder / f"{number}.png")
    written = write_video(tracks(), tmp_path / "video.gif", images=folder)
    images, _ = decoded(tmp_path / "video.gif")
    assert written.num_images == 6
    for number in range(6):
        expected = np.asarray(image.open(folder / f"{number}.png").convert("RGB")).astype(int)
        assert np.abs(images[number] - expected)[150:].mean() < 5


def test_a_gif_needs_no_pyav(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    write_video(tracks(), tmp_path / "video.gif", size=(320, 240))
    assert len(decoded(tmp_path / "video.gif")[0]) == 6


@pytest.mark.parametrize(("options", "width"), [({}, 800), ({"max_width": 320}, 320), ({"max_width": 2000}, 1600)])
def test_a_gif_is_at_most_800_pixels_wide_unless_told_otherwise(tmp_path, options, width):
    write_video(tracks(2), tmp_path / "video.gif", size=(1600, 1200), **options)
    images, _ = decoded(tmp_path / "video.gif")
    assert images.shape == (2, width * 3 // 4, width, 3)
    share = width / 1600
    assert images[0, round(90 * share), round(100 * share)] == pytest.approx(track_colours([4])[0], abs=2)


def test_images_are_scaled_with_the_boxes(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    left_half = image.new("RGB", (320, 240), (0, 0, 0))
    left_half.paste((200, 200, 200), (0, 0, 160, 240))
    left_half.save(folder / "0.png")
    write_video(tracks(1), tmp_path / "video.gif", images=folder, max_width=160)
    (first,), _ = decoded(tmp_path / "video.gif")
    assert (first[110, [10, 75, 85, 150], 0] > 150).tolist() == [True, True, False, False]


def test_frames_last_as_long_as_in_the_video(tmp_path):
    write_video(tracks(30), tmp_path / "video.gif", size=(320, 240), frame_rate=30)
    _, durations = decoded(tmp_path / "video.gif")
    assert sum(durations) == 1000
    assert set(durations) == {30, 40}


@pytest.mark.parametrize(
    ("num_frames", "rate", "step", "count", "last"), [(301, 25, 2, 151, 40), (40, 100, 2, 20, 20), (40, 50, 1, 40, 20)]
)
def test_a_gif_of_many_frames_leaves_some_out_and_says_so(tmp_path, recwarn, num_frames, rate, step, count, last):
    write_video(tracks(num_frames), tmp_path / "video.gif", size=(320, 240), frame_rate=rate)
    images, durations = decoded(tmp_path / "video.gif")
    assert (len(images), durations[-1]) == (count, last)
    assert sum(durations) == 1000 * num_frames / rate
    said = [str(warning.message) for warning in recwarn if issubclass(warning.category, TrajtrackWarning)]
    expected = f"the GIF file shows one frame in {step}: found {num_frames} frames at {rate} per second"
    assert said == ([expected] if step > 1 else [])


def test_a_gif_of_too_many_frames_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^tracks: found 1501 frames, expected at most 1500 for a GIF file$"):
        write_video(tracks(1501), tmp_path / "video.gif")
    assert list(tmp_path.iterdir()) == []


def test_a_frame_like_the_one_before_is_shown_as_long(tmp_path):
    still = Detections([[10, 10, 30, 40]] * 3, np.ones(3), np.arange(3), track_ids=[1, 1, 1])
    write_video(still, tmp_path / "video.gif", size=(64, 48))
    _, durations = decoded(tmp_path / "video.gif")
    assert sum(durations) == 120
