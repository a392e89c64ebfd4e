"""Tiny models of images and videos of Transformers with random weights, saved as folders; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.tiny_detectors import save

IMAGE_SIZE, MOTION_SIZE = 16, 12
"""Widths of the features of `resnet`, `dinov2` and `vit`, and of those of `videomae`."""

_LAYERS = {"hidden_size": IMAGE_SIZE, "num_hidden_layers": 1, "num_attention_heads": 2}
_SIDES = {"shortest_edge": 32}
_CROP = {"height": 32, "width": 32}


def resnet(folder: Path, seed: int = 0) -> Path:
    """Save a convolutional classifier and its image processor."""

    def make(transformers: Any) -> tuple[Any, Any]:
        from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

        config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, IMAGE_SIZE], depths=[1, 1])
        return transformers.ResNetForImageClassification(config), ConvNextImageProcessorPil(size=_SIDES)

    return save(folder, make, seed)


def dinov2(folder: Path, seed: int = 0) -> Path:
    """Save a model of patches and its image processor."""

    def make(transformers: Any) -> tuple[Any, Any]:
        from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

        config = transformers.Dinov2Config(**_LAYERS, image_size=32, patch_size=16, mlp_ratio=1)
        return transformers.Dinov2Model(config), BitImageProcessorPil(size=_SIDES, crop_size=_CROP)

    return save(folder, make, seed)


def vit(folder: Path, seed: int = 0) -> Path:
    """Save a classifier of patches, which has no weights for the pooler, and its image processor."""

    def make(transformers: Any) -> tuple[Any, Any]:
        from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

        config = transformers.ViTConfig(**_LAYERS, intermediate_size=16, image_size=32, patch_size=16)
        return transformers.ViTForImageClassification(config), ViTImageProcessorPil(size=_CROP)

    return save(folder, make, seed)


def videomae(folder: Path, seed: int = 0) -> Path:
    """Save a video model and its processor."""

    def make(transformers: Any) -> tuple[Any, Any]:
        from transformers.models.videomae.image_processing_pil_videomae import VideoMAEImageProcessorPil

        config = transformers.VideoMAEConfig(
            **(_LAYERS | {"hidden_size": MOTION_SIZE}), intermediate_size=16, image_size=32, patch_size=16, num_frames=4
        )
        return transformers.VideoMAEModel(config), VideoMAEImageProcessorPil(size=_SIDES, crop_size=_CROP)

    return save(folder, make, seed)
