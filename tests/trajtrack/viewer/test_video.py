from __future__ import annotations

import numpy as np
import pytest

from trajtrack import Detections, ViewSummary, write_video
from trajtrack.viewer.colours import track_colours

av = pytest.importorskip("av")
image = pytest.importorskip("PIL.Image")

TRACKS = Detections(
    [[100, 60, 140, 120], [116, 60, 156, 120]], [1, 1], [0, 4], track_ids=[4, 4], num_frames=6, label_names={0: "cat"}
)


def frames_of(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def is_coloured(image: np.ndarray, x: int, y: int) -> bool:
    """Return whether a pixel has the colour of the trajectory, as far as the codec preserves it."""
    return bool(np.abs(image[y, x] - track_colours([4])[0].astype(int)).max() < 70)


def test_each_frame_has_its_boxes(tmp_path):
    written = write_video(TRACKS, tmp_path / "video.mp4", size=(320, 240))
    images = frames_of(tmp_path / "video.mp4")
    assert written == ViewSummary(1, 6, None, 0)
    assert len(images) == 6
    assert images[0].shape == (240, 320, 3)
    assert [is_coloured(image, 100, 90) for image in images] == [True] + 5 * [False]
    assert [is_coloured(image, 155, 90) for image in images] == 4 * [False] + [True, False]


def test_boxes_are_drawn_over_the_images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in (1, 2, 4):
        image.new("RGB", (320, 240), (200, 200, 200)).save(folder / f"{number}.png")
    written = write_video(TRACKS, tmp_path / "video.mp4", images=folder)
    images = frames_of(tmp_path / "video.mp4")
    assert written.num_images == 3
    assert [image[200, 20].min() > 180 for image in images] == [True, True, False, True, False, False]
    assert is_coloured(images[0], 100, 90)


def test_a_wide_video_is_scaled_down(tmp_path):
    write_video(TRACKS, tmp_path / "video.mp4", size=(640, 480), max_width=320)
    first, *_ = frames_of(tmp_path / "video.mp4")
    assert first.shape == (240, 320, 3)
    assert is_coloured(first, 50, 45)


@pytest.mark.parametrize("width", [0, 1.5])
def test_a_maximum_width_is_a_positive_integer(tmp_path, width):
    with pytest.raises((ValueError, TypeError), match=r"^max_width: found "):
        write_video(TRACKS, tmp_path / "video.mp4", max_width=width)


def test_odd_sizes_are_rounded_up(tmp_path):
    write_video(TRACKS, tmp_path / "video.mp4", size=(321, 239))
    assert frames_of(tmp_path / "video.mp4")[0].shape == (240, 322, 3)


def test_too_large_a_video_is_refused(tmp_path):
    far = Detections([[0, 0, 1e6, 10]], [1], [0], track_ids=[0])
    with pytest.raises(ValueError, match=r"^size: found 1000000x10 pixels, expected at most 8192 per side"):
        write_video(far, tmp_path / "video.mp4")


def test_a_video_has_one_of_four_suffixes(tmp_path):
    message = r"^path: found '.*video\.avi', expected one of the suffixes \.mp4, \.mkv, \.mov, \.gif$"
    with pytest.raises(ValueError, match=message):
        write_video(TRACKS, tmp_path / "video.avi")


def test_only_tracks_are_shown(tmp_path):
    with pytest.raises(TypeError, match=r"^tracks: found list, expected Trajectories or Detections with track_ids$"):
        write_video([TRACKS], tmp_path / "video.mp4")


def test_progress_counts_the_frames(tmp_path):
    calls = []
    write_video(
        TRACKS, tmp_path / "video.mp4", size=(320, 240), progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(number, 6) for number in range(1, 7)]


def test_a_video_without_frames_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^tracks: found a video without frames, expected at least one"):
        write_video(Detections([], [], []), tmp_path / "video.mp4")
    assert list(tmp_path.iterdir()) == []
