from __future__ import annotations

import torch

from trajvqa.layers.clips import appearance_and_motion, sizes_of


def test_motion_stands_behind_appearance():
    features = torch.arange(10.0).reshape(2, 5)
    appearance, motion = appearance_and_motion(features, 3)
    torch.testing.assert_close(torch.cat([appearance, motion], dim=1), features)
    assert (appearance.shape[1], motion.shape[1]) == sizes_of(5, 3) == (3, 2)


def test_features_of_one_kind_are_both():
    features = torch.arange(10.0).reshape(2, 5)
    appearance, motion = appearance_and_motion(features, 5)
    assert appearance is features
    assert motion is features
    assert sizes_of(5, 5) == (5, 5)
