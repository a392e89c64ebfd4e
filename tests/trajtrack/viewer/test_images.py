from __future__ import annotations

import io

import numpy as np
import pytest

from helpers.videos import square_image, write_video
from trajtrack.viewer.images import open_images

image = pytest.importorskip("PIL.Image")


@pytest.mark.parametrize("max_width", [None, 32])
def test_a_turned_video_is_shown_upright(tmp_path, max_width):
    pytest.importorskip("av")
    pixels = square_image(0, 0)
    images = open_images(write_video(tmp_path / "video.mp4", [pixels] * 3, rotation=90))
    assert images.size == (64, 96)
    first, *_ = images.encoded(3, max_width)
    shown = image.open(io.BytesIO(first.content))
    assert shown.size == (max_width or 64, 96 * (max_width or 64) // 64)
    expected = image.fromarray(np.rot90(pixels)).resize(shown.size)
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(expected)).mean() < 12


def test_an_image_with_an_orientation_is_shown_upright(tmp_path):
    exif = image.Exif()
    exif[0x0112] = 6
    pixels = square_image(0, 0)
    image.fromarray(pixels).save(tmp_path / "0.png", exif=exif)
    images = open_images(tmp_path)
    assert images.size == (64, 96)
    ((frame, shown),) = images.read(1)
    assert frame == 0
    np.testing.assert_array_equal(np.asarray(shown), np.rot90(pixels, -1))
