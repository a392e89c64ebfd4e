"""Features of images and of boxes in them, by image models in local folders of Hugging Face Transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detect.model_folders import (
    CONFIG,
    PROCESSORS,
    WEIGHTS,
    check_folder,
    chosen_device,
    folder_identity,
    libraries,
    load_folder,
)
from trajvqa.extract.recipe import ModelRecord

__all__ = ["ImageModel", "check_image_folder"]

_MAP_SIDE = 448
"""Shorter side in pixels of the whole images from whose maps boxes are described."""
_BINS = 7
"""Points along each side of a box at which a map is sampled."""
_BOXES_AT_A_TIME = 64


def check_image_folder(folder: Path) -> None:
    """Raise ValueError if a folder lacks a file of an image model."""
    check_folder(folder, CONFIG, PROCESSORS, WEIGHTS)


class ImageModel:
    """An image model, such as ResNet, ViT, DINOv2, CLIP or SigLIP.

    Features are the pooled output, or the projected embedding of a model for images and text. Boxes are described by
    the mean of the map of features inside them (RoI-align) if the model is convolutional, and else by the features of
    the square image around each.

    Parameters
    ----------
    folder
        Folder as `save_pretrained` writes it, with the model and its image processor.
    device
        Device of torch; default: a GPU if there is one.
    batch_size
        Number of images that the model gets at a time.

    Raises
    ------
    ValueError
        If a file is missing, or the model cannot be loaded or is not one for images.
    ImportError
        If a package is not installed.
    """

    def __init__(self, folder: Path, device: str | None = None, batch_size: int = 4) -> None:
        check_image_folder(folder)
        self._torch, _ = libraries()
        self._batch_size = batch_size
        # Classifiers often have no weights for the pooler, which they do not use.
        model, self._processor, absent = load_folder(
            folder, "AutoModel", processor="AutoImageProcessor", optional="pooler."
        )
        self._model = model.to(chosen_device(device)).eval()
        self._is_pooled = not absent
        self._is_image_text = hasattr(model, "get_image_features")
        self.record = ModelRecord(str(folder), folder_identity(folder, CONFIG, PROCESSORS, WEIGHTS))
        try:
            self.size = self.encode([self.prepared(np.zeros((64, 64, 3), np.uint8))]).shape[1]
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ValueError(
                f"{folder}: found a model that takes no images ({reason}), expected one that does"
            ) from error

    def prepared(self, image: NDArray[np.uint8]) -> Any:
        """Return an image as the model takes it."""
        return self._processor(images=[image], return_tensors="pt", input_data_format="channels_last")["pixel_values"][
            0
        ]

    def encode(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """Return (n, `size`) features of prepared images."""
        return np.concatenate([self._pooled(self._torch.stack(list(batch))) for batch in self._batches(prepared)])

    def describe(self, image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, `size`) features of the boxes in an image."""
        if len(boxes) == 0:
            return np.empty((0, self.size), np.float32)
        if self._has_map:
            return self._aligned(image, boxes)
        # One batch at a time, because there may be hundreds of boxes.
        parts = [
            self.encode([self.prepared(self._crop(image, box)) for box in batch]) for batch in self._batches(boxes)
        ]
        return np.concatenate(parts)

    @cached_property
    def _has_map(self) -> bool:
        if self._is_image_text:
            return False
        image = self.prepared(np.zeros((64, 64, 3), np.uint8))
        return bool(self._outputs(image[None]).last_hidden_state.ndim == 4)

    def _batches(self, values: Sequence[Any] | NDArray[Any]) -> Iterator[Any]:
        for start in range(0, len(values), self._batch_size):
            yield values[start : start + self._batch_size]

    def _outputs(self, pixels: Any) -> Any:
        with self._torch.inference_mode():
            if self._is_image_text:
                return self._model.get_image_features(pixel_values=pixels.to(self._model.device))
            return self._model(pixel_values=pixels.to(self._model.device))

    def _pooled(self, pixels: Any) -> NDArray[np.float32]:
        outputs = self._outputs(pixels)
        pooled = getattr(outputs, "pooler_output", None) if self._is_pooled else None
        if pooled is None:
            states = outputs.last_hidden_state
            pooled = states.mean(dim=(2, 3)) if states.ndim == 4 else states[:, 0]
        values: NDArray[np.float32] = pooled.flatten(1).float().cpu().numpy()
        return values

    def _aligned(self, image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sample the map of the whole image at a grid of points in each box, and average."""
        torch = self._torch
        pixels = self._whole(image)
        features = self._outputs(pixels).last_hidden_state.float()
        height, width = image.shape[:2]
        size = torch.tensor([width, height], dtype=torch.float32, device=features.device)
        corners = torch.as_tensor(boxes, dtype=torch.float32, device=features.device).reshape(-1, 2, 2) / size
        steps = (torch.arange(_BINS, device=features.device) + 0.5) / _BINS
        found = []
        for part in corners.split(_BOXES_AT_A_TIME):
            points = part[:, :1] + (part[:, 1:] - part[:, :1]) * steps[None, :, None]
            x, y = points[..., 0], points[..., 1]
            grid = torch.stack([x[:, None, :].expand(-1, _BINS, -1), y[:, :, None].expand(-1, -1, _BINS)], dim=-1)
            sampled = torch.nn.functional.grid_sample(
                features, grid.reshape(1, -1, _BINS, 2) * 2 - 1, padding_mode="border", align_corners=False
            )
            found.append(sampled.reshape(features.shape[1], len(part), -1).mean(dim=2).T)
        described: NDArray[np.float32] = torch.cat(found).cpu().numpy()
        return described

    def _whole(self, image: NDArray[np.uint8]) -> Any:
        """Return the whole image for the model: the processor would cut its border off."""
        torch = self._torch
        height, width = image.shape[:2]
        scale = _MAP_SIDE / min(height, width)
        side = (max(round(height * scale), 1), max(round(width * scale), 1))
        pixels = torch.as_tensor(image.copy()).permute(2, 0, 1)[None].float()
        pixels = torch.nn.functional.interpolate(pixels, side, mode="bilinear", antialias=True, align_corners=False)
        pixels = pixels * float(getattr(self._processor, "rescale_factor", None) or 1 / 255)
        if getattr(self._processor, "do_normalize", True) and self._processor.image_mean is not None:
            mean, deviation = (
                torch.tensor(getattr(self._processor, name)).view(1, 3, 1, 1) for name in ("image_mean", "image_std")
            )
            pixels = (pixels - mean) / deviation
        return pixels

    def _crop(self, image: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the square around a box; what is outside of the image is grey."""
        low, high = box[:2].astype(np.float64), box[2:].astype(np.float64)
        # A box may be far outside of the image; its centre is what can be shown.
        side = int(np.clip(np.ceil((high - low).max()), 1, max(image.shape[:2])))
        left, top = np.clip(np.round((low + high) / 2 - side / 2), -side, image.shape[1::-1]).astype(int).tolist()
        square = np.full((side, side, 3), 128, np.uint8)
        inside = image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
        row, column = max(-top, 0), max(-left, 0)
        square[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
        return square
