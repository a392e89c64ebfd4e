"""Features of motion by video models in local folders of Hugging Face Transformers, such as VideoMAE and V-JEPA 2."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.decoding.libraries import pillow
from trajtrack.detect.model_folders import (
    CONFIG,
    PROCESSORS,
    WEIGHTS,
    check_folder,
    chosen_device,
    folder_identity,
    libraries,
    load_folder,
    read_config,
)
from trajtrack.files import json_fields
from trajvqa.extract.recipe import ModelRecord

__all__ = ["VideoModel", "check_video_folder"]

_PREPARATIONS = (*PROCESSORS, "video_preprocessor_config.json")
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_FRAME_COUNTS = ("num_frames", "frames_per_clip")
"""Names under which the configurations of models hold their number of frames."""


def check_video_folder(folder: Path) -> None:
    """Raise ValueError if a folder lacks a file of a video model, or holds another kind of model."""
    check_folder(folder, CONFIG, _PREPARATIONS, WEIGHTS)
    _num_frames(folder)


class VideoModel:
    """A video model; the features of a clip are the mean of its final states.

    Parameters
    ----------
    folder
        Folder as `save_pretrained` writes it, with the model and what prepares its input.
    device
        Device of torch; default: a GPU if there is one.

    Raises
    ------
    ValueError
        If a file is missing, or the model cannot be loaded or is not one for videos.
    ImportError
        If a package is not installed.
    """

    def __init__(self, folder: Path, device: str | None = None) -> None:
        check_video_folder(folder)
        self._torch, _ = libraries()
        self._num_frames = _num_frames(folder)
        model, _, _ = load_folder(folder, "AutoModel", optional="pooler.")
        self._model = model.to(chosen_device(device)).eval()
        parameters = inspect.signature(model.forward).parameters
        self._input = next(name for name in parameters if name.startswith("pixel_values"))
        # The predictor of V-JEPA 2 serves its training.
        self._settings = {"skip_predictor": True} if "skip_predictor" in parameters else {}
        self._prepare = _Preparation(folder, model.config)
        self.record = ModelRecord(str(folder), folder_identity(folder, CONFIG, _PREPARATIONS, WEIGHTS))
        self.size = len(self.encode([self.prepared(np.zeros((64, 64, 3), np.uint8))]))

    def prepared(self, image: NDArray[np.uint8]) -> Any:
        """Return a frame as the model takes it."""
        return self._torch.from_numpy(self._prepare(image))

    def encode(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """Return the (`size`,) features of a clip; as many frames as the model takes are sampled from it evenly."""
        chosen = np.linspace(0, len(prepared) - 1, self._num_frames).round().astype(int)
        clip = self._torch.stack([prepared[row] for row in chosen.tolist()])[None].to(self._model.device)
        with self._torch.inference_mode():
            states = self._model(**{self._input: clip}, **self._settings).last_hidden_state
        features: NDArray[np.float32] = states.flatten(1, -2).mean(dim=1)[0].float().cpu().numpy()
        return features


class _Preparation:
    """Resizes, crops and normalises frames as the file of the processor says; its own class may need torchvision."""

    def __init__(self, folder: Path, config: Any) -> None:
        path = next(path for name in reversed(_PREPARATIONS) for path in folder.glob(name))
        try:
            values = json_fields.parse(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{path}, {error}") from error
        if not isinstance(values, dict):
            raise ValueError(f"{path}: found no JSON object, expected how frames are prepared")
        side = getattr(config, "image_size", None) or getattr(config, "crop_size", None) or 224
        side = side if isinstance(side, int) else side[0]
        self._size = values.get("size") or {"shortest_edge": side}
        self._crop = (values.get("crop_size") or {}) if values.get("do_center_crop", True) else {}
        if not self._crop:
            self._crop = {"height": side, "width": side}
        if isinstance(self._size, int):
            self._size = {"shortest_edge": self._size}
        if isinstance(self._crop, int):
            self._crop = {"height": self._crop, "width": self._crop}
        self._factor = float(values.get("rescale_factor") or 1 / 255)
        self._mean = np.array(values.get("image_mean") or _IMAGENET_MEAN, np.float32)
        self._deviation = np.array(values.get("image_std") or _IMAGENET_DEVIATION, np.float32)

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = image.shape[:2]
        if "shortest_edge" in self._size:
            scale = self._size["shortest_edge"] / min(height, width)
            sides = (round(width * scale), round(height * scale))
        else:
            sides = (self._size["width"], self._size["height"])
        # A crop must be inside of the image.
        rows, columns = self._crop["height"], self._crop["width"]
        sides = (max(sides[0], columns), max(sides[1], rows))
        pillow_image = pillow().fromarray(image).resize(sides, pillow().Resampling.BILINEAR)
        left, top = (sides[0] - columns) // 2, (sides[1] - rows) // 2
        pixels = np.asarray(pillow_image.crop((left, top, left + columns, top + rows)), np.float32) * self._factor
        return np.ascontiguousarray(((pixels - self._mean) / self._deviation).transpose(2, 0, 1))


def _num_frames(folder: Path) -> int:
    config = read_config(folder)
    for name in _FRAME_COUNTS:
        value = config.get(name)
        if isinstance(value, int) and value > 0:
            return value
    kind = config.get("model_type", "an unknown kind")
    raise ValueError(f"{folder}: found a model of {kind}, which has no number of frames, expected a video model")
