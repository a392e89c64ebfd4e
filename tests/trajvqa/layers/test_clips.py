from __future__ import annotations

import pytest
import torch

from trajvqa.layers.clips import appearance_and_motion, in_equal_parts, sizes_of


def test_motion_follows_appearance():
    features = torch.arange(10.0).reshape(2, 5)
    appearance, motion = appearance_and_motion(features, 3)
    torch.testing.assert_close(torch.cat([appearance, motion], dim=1), features)
    assert (appearance.shape[1], motion.shape[1]) == sizes_of(5, 3) == (3, 2)


def test_features_no_wider_than_appearance_serve_as_both():
    features = torch.arange(10.0).reshape(2, 5)
    appearance, motion = appearance_and_motion(features, 5)
    assert appearance is features
    assert motion is features
    assert sizes_of(5, 5) == (5, 5)


@pytest.mark.parametrize("number", [1, 3, 4, 6, 16, 21, 40])
def test_a_part_of_the_video_is_the_mean_over_its_time(number):
    clips = torch.randn(number, 2, generator=torch.Generator().manual_seed(number))
    # The video as `number` * 16 moments: 16 in each clip, `number` in each part.
    moments = [clip for clip in clips for _ in range(16)]
    expected = [torch.stack(moments[part * number : (part + 1) * number]).mean(dim=0) for part in range(16)]
    torch.testing.assert_close(in_equal_parts(clips, 16), torch.stack(expected))


def test_as_many_clips_as_parts_stay_unchanged():
    clips = torch.randn(2, 16, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(in_equal_parts(clips, 16), clips)
