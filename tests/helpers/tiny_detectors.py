"""Tiny models of Transformers with random weights, saved as folders; nothing is downloaded."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = {0: "cat", 1: "dog"}
_CLASSES = {"id2label": NAMES, "label2id": {name: label for label, name in NAMES.items()}}
_SMALL = {
    "d_model": 16,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_layers": 1,
    "num_queries": 10,
}
_STAGES = {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1]}
_HYBRID = {**_SMALL, **_CLASSES, "encoder_hidden_dim": 16, "encoder_in_channels": [16] * 3, "num_denoising": 0}
_LEVELS = {"decoder_in_channels": [16] * 3, "feat_strides": [8, 16, 32]}
_LAST_THREE = ["stage2", "stage3", "stage4"]


def rt_detr(transformers: Any) -> tuple[Any, Any]:
    """Return a model and its image processor."""
    backbone = transformers.RTDetrResNetConfig(**_STAGES, layer_type="basic", out_features=_LAST_THREE)
    config = transformers.RTDetrConfig(backbone_config=backbone, decoder_layers=1, **_HYBRID, **_LEVELS)
    return transformers.RTDetrForObjectDetection(config), transformers.RTDetrImageProcessor(size=_size(64))


def d_fine(transformers: Any) -> tuple[Any, Any]:
    """Return a model and its image processor."""
    backbone = transformers.HGNetV2Config(
        **_STAGES,
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 8, 16, 16],
        stage_mid_channels=[8] * 4,
        stage_out_channels=[8, 16, 16, 16],
        stage_num_blocks=[1] * 4,
        stage_numb_of_layers=[1] * 4,
        out_features=_LAST_THREE,
    )
    config = transformers.DFineConfig(backbone_config=backbone, decoder_layers=2, **_HYBRID, **_LEVELS)
    return transformers.DFineForObjectDetection(config), transformers.RTDetrImageProcessor(size=_size(64))


def detr(transformers: Any) -> tuple[Any, Any]:
    """Return a model and its image processor."""
    backbone = transformers.ResNetConfig(**_STAGES, layer_type="basic", out_features=["stage4"])
    config = transformers.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        decoder_layers=1,
        **_SMALL,
        **_CLASSES,
    )
    return transformers.DetrForObjectDetection(config), transformers.DetrImageProcessor(size=_size(64))


def _size(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def save(folder: Path, make: Callable[[Any], tuple[Any, Any]] = rt_detr, seed: int = 0) -> Path:
    """Save a model and its processor to a folder, with weights that depend on the seed alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        import transformers

        transformers.utils.logging.disable_progress_bar()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model, processor = make(transformers)
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder
