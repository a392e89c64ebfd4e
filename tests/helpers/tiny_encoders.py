"""Tiny encoders of text, and of text and images, with random weights, saved as folders; nothing is downloaded."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

WORDS = ("what", "does", "the", "dog", "cat", "do", "run", "jump", "sleep", "eat", "grass", "sing", "fall", "down", "?")
TEXT_SIZE, SHARED_SIZE = 12, 10
"""Widths of the features of `bert`, and of those of `clip` and `siglip`."""

_LAYERS = {"hidden_size": TEXT_SIZE, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
_TEXT = {**_LAYERS, "vocab_size": 40, "max_position_embeddings": 16}
_IMAGE = {**_LAYERS, "image_size": 32, "patch_size": 16}


def bert(folder: Path, words: Sequence[str] = WORDS) -> Path:
    """Save a language model and its tokenizer."""
    return _saved(folder, lambda transformers: _bert(transformers, words))


def clip(folder: Path, words: Sequence[str] = WORDS) -> Path:
    """Save a model for images and text, its tokenizer and its image processor."""
    return _saved(folder, lambda transformers: _clip(transformers, words))


def siglip(folder: Path, words: Sequence[str] = WORDS) -> Path:
    """Save a model for images and text whose text has a fixed length, its tokenizer and its image processor."""
    return _saved(folder, lambda transformers: _siglip(transformers, words))


def _bert(transformers: Any, words: Sequence[str]) -> tuple[Any, ...]:
    model = transformers.BertModel(transformers.BertConfig(**_TEXT), add_pooling_layer=False)
    return model, _word_pieces(transformers, words)


def _clip(transformers: Any, words: Sequence[str]) -> tuple[Any, ...]:
    tokenizer = _word_pieces(transformers, words)
    ends = {"bos_token_id": tokenizer.cls_token_id, "eos_token_id": tokenizer.sep_token_id}
    config = transformers.CLIPConfig(
        text_config={**_TEXT, **ends, "projection_dim": SHARED_SIZE},
        vision_config={**_IMAGE, "projection_dim": SHARED_SIZE},
        projection_dim=SHARED_SIZE,
    )
    size = {"shortest_edge": 32}
    processor = transformers.CLIPImageProcessor(size=size, crop_size={"height": 32, "width": 32})
    return transformers.CLIPModel(config), tokenizer, processor


def _siglip(transformers: Any, words: Sequence[str]) -> tuple[Any, ...]:
    config = transformers.SiglipConfig(
        text_config={**_TEXT, "projection_size": SHARED_SIZE}, vision_config={**_IMAGE, "hidden_size": SHARED_SIZE}
    )
    processor = transformers.SiglipImageProcessor(size={"height": 32, "width": 32})
    return transformers.SiglipModel(config), _word_pieces(transformers, words), processor


def _word_pieces(transformers: Any, words: Sequence[str]) -> Any:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *words])}
    return transformers.BertTokenizer(vocab=vocabulary, model_max_length=16)


def _saved(folder: Path, make: Callable[[Any], tuple[Any, ...]], seed: int = 0) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        import transformers

        transformers.utils.logging.disable_progress_bar()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            parts = make(transformers)
        for part in parts:
            part.save_pretrained(folder)
    return folder


def without_weights(folder: Path, name: str) -> Path:
    """Remove a tensor from the weights of a folder."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors[name]
    save_file(tensors, path, metadata={"format": "pt"})
    return folder


def changed_config(folder: Path, **values: object) -> Path:
    """Change fields of the configuration of a folder."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return folder
