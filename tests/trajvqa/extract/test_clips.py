from __future__ import annotations

import numpy as np
import pytest

from helpers.videos import moving_square
from trajvqa.extract.clips import ClipReader, clip_frames
from trajvqa.extract.image_models import ImageModel
from trajvqa.extract.video_models import VideoModel

IMAGES = moving_square(12)


def test_clips_are_consecutive_frames_around_evenly_spaced_centres():
    assert clip_frames(100, 4, 6).tolist() == [
        [17, 18, 19, 20, 21, 22],
        [37, 38, 39, 40, 41, 42],
        [57, 58, 59, 60, 61, 62],
        [77, 78, 79, 80, 81, 82],
    ]


@pytest.mark.parametrize("num_frames", [1, 2, 5, 17, 300])
def test_clips_of_any_video_hold_frames_that_it_has_in_order(num_frames):
    frames = clip_frames(num_frames, 16, 16)
    assert frames.shape == (16, 16)
    assert frames.min() >= 0
    assert frames.max() < num_frames
    assert (np.diff(frames, axis=1) >= 0).all()
    assert (np.diff(frames, axis=0) >= 0).all()


def test_the_features_of_a_clip_are_the_mean_appearance_and_the_motion_of_its_frames(models):
    appearance, motion = ImageModel(models / "resnet"), VideoModel(models / "videomae")
    frames = clip_frames(12, 3, 6)
    reader = ClipReader(frames, appearance, motion, batch_size=3)
    for index, image in enumerate(IMAGES):
        if reader.wants(index):
            reader.add(index, image)
    found = reader.features()
    assert found.shape == (3, appearance.size + motion.size)
    for row, clip in zip(found, frames.tolist(), strict=True):
        mean = appearance.encode([appearance.prepared(IMAGES[each]) for each in clip]).mean(axis=0)
        np.testing.assert_allclose(row[: appearance.size], mean, atol=1e-5)
        expected = motion.encode([motion.prepared(IMAGES[each]) for each in clip])
        np.testing.assert_allclose(row[appearance.size :], expected, atol=1e-5)


def test_memory_holds_the_frames_of_one_clip(models):
    reader = ClipReader(clip_frames(100, 10, 4), None, VideoModel(models / "videomae"), batch_size=1)
    held = 0
    for index in range(100):
        if reader.wants(index):
            reader.add(index, IMAGES[0])
            held = max(held, len(reader._prepared))
    assert reader.features().shape == (10, 12)
    assert held < 4


def test_a_missing_frame_is_named(models):
    reader = ClipReader(clip_frames(12, 3, 2), ImageModel(models / "resnet"), None, batch_size=2)
    with pytest.raises(ValueError, match="found no frame 2, expected the frames of the clips"):
        reader.features()
