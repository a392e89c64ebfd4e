from __future__ import annotations

import numpy as np
import pytest

from helpers.videos import square_image
from trajtrack.decoding import open_frames

image = pytest.importorskip("PIL.Image")


def write(path, pixels, orientation=1):
    exif = image.Exif()
    exif[0x0112] = orientation
    image.fromarray(pixels).save(path, exif=exif)


def test_the_lowest_number_is_frame_0_and_missing_numbers_are_missing_frames(tmp_path):
    for number in (3, 4, 7):
        write(tmp_path / f"{number:06}.png", square_image(number, 0))
    folder = open_frames(tmp_path)
    frames = list(folder.frames())
    assert [frame.index for frame in frames] == [0, 1, 4]
    assert [int(frame.pixels()[0, :, 0].argmax()) for frame in frames] == [3, 4, 7]
    assert (folder.size, folder.rate, folder.num_read) == ((96, 64), None, 5)


@pytest.mark.parametrize(("rate", "times"), [(None, [0, 0.04]), (10, [0, 0.1])])
def test_times_follow_from_the_frame_rate(tmp_path, rate, times):
    for number in (0, 1):
        write(tmp_path / f"{number}.png", square_image(0, 0))
    assert [float(frame.time) for frame in open_frames(tmp_path, frame_rate=rate).frames()] == times


def test_images_are_turned_as_the_camera_says(tmp_path):
    pixels = square_image(0, 0)
    write(tmp_path / "0.png", pixels, orientation=6)
    folder = open_frames(tmp_path)
    assert folder.size == (64, 96)
    np.testing.assert_array_equal(next(folder.frames()).pixels(), np.rot90(pixels, -1))


def test_grey_images_have_three_channels(tmp_path):
    write(tmp_path / "0.png", square_image(0, 0)[..., 0])
    assert next(open_frames(tmp_path).frames()).pixels().shape == (64, 96, 3)


def test_an_image_of_another_size_is_refused(tmp_path):
    write(tmp_path / "0.png", square_image(0, 0))
    write(tmp_path / "1.png", square_image(0, 0)[:32])
    with pytest.raises(ValueError, match=r"1\.png: found an image of 96x32 pixels, expected 96x64 like the first$"):
        [frame.pixels() for frame in open_frames(tmp_path).frames()]


def test_images_of_several_videos_are_refused(tmp_path):
    for name in ("left_1.png", "right_2.png"):
        write(tmp_path / name, square_image(0, 0))
    with pytest.raises(
        ValueError, match=r"found the image 'right_2\.png', expected a name that differs from 'left_1' "
    ):
        open_frames(tmp_path)


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"found no images, expected numbered files with \.jpg, \.jpeg, \.png$"):
        open_frames(tmp_path)


def test_a_frame_rate_is_for_folders_only(tmp_path):
    (tmp_path / "video.mp4").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"^frame_rate: found 10 with .*video\.mp4, expected None for a video file$"):
        open_frames(tmp_path / "video.mp4", frame_rate=10)


@pytest.mark.parametrize("rate", [0, -1, 1001, float("nan")])
def test_a_frame_rate_out_of_range_is_refused(tmp_path, rate):
    with pytest.raises(ValueError, match=r"^frame_rate: found .*, expected frames per second above 0 and up to 1000$"):
        open_frames(tmp_path, frame_rate=rate)
