"""Detectors in ONNX files, run by ONNX Runtime, with a declaration of inputs and outputs beside the file.

The declaration of ``model.onnx`` is ``model.json``, an object with the fields of `OnnxConfig`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.decoding.libraries import pillow
from trajtrack.detect.detector import Detector, DetectorSource
from trajtrack.detect.fingerprints import file_digest
from trajtrack.detect.onnx_config import OnnxConfig, read_config
from trajtrack.detections import as_corners
from trajtrack.printable import shown

__all__ = ["OnnxDetector", "OnnxFile"]

_GREY = 114
"""Level of the border that training of YOLO puts around images."""
_LEAST_SCORE = 0.01
"""Score from which on boxes take part in suppression, of which thousands would be slow."""


class OnnxFile(DetectorSource):
    """An ONNX file with its declaration.

    Raises
    ------
    ValueError
        If the declaration is missing or invalid.
    """

    min_score = 0.05

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._declaration = path.with_suffix(".json")
        if not self._declaration.is_file():
            raise ValueError(f"{path}: found no {self._declaration.name} beside it, expected one that declares it")
        self._config = read_config(self._declaration)

    def recipe(self) -> dict[str, Any]:
        """Return the hashes of model and declaration."""
        return {"kind": "onnx", "model": file_digest(self._path), "declaration": file_digest(self._declaration)}

    def load(self, device: str | None, threads: int | None) -> Detector:
        """Load the model."""
        return OnnxDetector(self._path, self._config, device=device, threads=threads)


class OnnxDetector:
    """A model in an ONNX file.

    Parameters
    ----------
    path
        The file.
    config
        What goes in and comes out.
    device
        ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; default: a GPU if this build of ONNX Runtime can use one.
    threads
        Number of threads; default: the library's own choice.

    Raises
    ------
    ValueError
        If the file is no model, has no such inputs or outputs, or the device cannot be used.
    ImportError
        If onnxruntime or Pillow is not installed.
    """

    names: Sequence[str] | None
    """Class names in the order of the labels."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        config: OnnxConfig,
        *,
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        pillow()
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError("ONNX models need onnxruntime: pip install 'trajtrack[onnx]'") from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
        providers = _providers(onnxruntime.get_available_providers(), device)
        try:
            self._session = onnxruntime.InferenceSession(os.fspath(path), options, providers=providers)
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{path}: found a model that cannot be loaded ({reason})") from error
        inputs = {each.name: each for each in self._session.get_inputs()}
        outputs = {each.name: each for each in self._session.get_outputs()}
        for field, known in (("input", inputs), ("size_input", inputs), ("boxes", outputs), ("scores", outputs)):
            _check_name(path, field, getattr(config, field), known)
        for field in ("labels", "predictions"):
            _check_name(path, field, getattr(config, field), outputs)
        self._config = config
        self._input = inputs[config.input or next(iter(inputs))]
        self._outputs = [
            name for name in (config.boxes, config.scores, config.labels, config.predictions) if name is not None
        ]
        self._is_single = isinstance(self._input.shape[0], int) and self._input.shape[0] == 1
        self.names = config.names or None

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[dict[str, NDArray[Any]]]:
        """Return ``boxes``, ``scores`` and ``labels`` of each frame."""
        if self._is_single and len(frames) > 1:
            return [entry for frame in frames for entry in self([frame])]
        given = {self._input.name: np.stack([self._prepared(frame) for frame in frames])}
        sizes = np.array([frame.shape[1::-1] for frame in frames], np.int64)
        if self._config.size_input is not None:
            given[self._config.size_input] = sizes
        outputs = dict(zip(self._outputs, self._session.run(self._outputs, given), strict=True))
        return [
            self._entry({name: np.asarray(values[index]) for name, values in outputs.items()}, size)
            for index, size in enumerate(sizes)
        ]

    def _prepared(self, frame: NDArray[np.uint8]) -> NDArray[Any]:
        config = self._config
        width, height = self._scaled_size(frame.shape[1], frame.shape[0])
        image = pillow()
        scaled = np.asarray(image.fromarray(frame).resize((width, height), image.Resampling.BILINEAR))
        pixels = np.full((config.height, config.width, 3), _GREY, np.uint8)
        pixels[:height, :width] = scaled
        if config.channels == "BGR":
            pixels = pixels[..., ::-1]
        if self._input.type == "tensor(uint8)":
            values: NDArray[Any] = pixels
        else:
            values = (pixels * np.float32(config.scale) - np.array(config.mean, np.float32)) / np.array(
                config.std, np.float32
            )
            values = values.astype(np.float16 if self._input.type == "tensor(float16)" else np.float32)
        return np.ascontiguousarray(values.transpose(2, 0, 1) if config.layout == "NCHW" else values)

    def _scaled_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of an image in the input."""
        config = self._config
        if config.resize == "stretch":
            return config.width, config.height
        factor = min(config.width / width, config.height / height)
        return max(1, round(width * factor)), max(1, round(height * factor))

    def _entry(self, outputs: Mapping[str, NDArray[Any]], size: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        boxes, scores, labels = self._columns(outputs)
        if labels is None:
            scores = _activated(scores.astype(np.float64), self._config.activation)
            labels = scores.argmax(axis=1) if scores.shape[1] else np.zeros(len(scores), np.int64)
            scores = scores.max(axis=1, initial=0)
        corners = as_corners(boxes.astype(np.float32), self._config.box_format).astype(np.float64)
        unit = self._config.box_unit
        if unit != "image":
            width, height = (int(side) for side in size)
            inner = np.array(self._scaled_size(width, height), np.float64)
            outer = np.array([self._config.width, self._config.height], np.float64)
            corners *= np.tile((outer if unit == "relative" else np.ones(2)) * [width, height] / inner, 2)
        entry: dict[str, NDArray[Any]] = {
            "boxes": corners,
            "scores": scores.astype(np.float32),
            "labels": labels.astype(np.int64),
        }
        if self._config.nms is None:
            return entry
        likely = scores >= _LEAST_SCORE
        entry = {name: column[likely] for name, column in entry.items()}
        kept = _suppress(entry["boxes"], entry["scores"], entry["labels"], self._config.nms)
        return {name: column[kept] for name, column in entry.items()}

    def _columns(self, outputs: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
        """Return boxes, scores and labels, or boxes, scores by class and None."""
        config = self._config
        if config.predictions is None:
            assert config.boxes is not None
            assert config.scores is not None
            scores = outputs[config.scores]
            labels = None if config.labels is None else outputs[config.labels]
            if labels is None and scores.ndim == 1:
                labels = np.zeros(len(scores), np.int64)
            return outputs[config.boxes], scores, labels
        values = outputs[config.predictions]
        columns = 4 + config.objectness + len(config.names) if config.names else min(values.shape)
        if values.shape[1] != columns:
            values = values.T
        if values.shape[1] != columns:
            found = "x".join(map(str, outputs[config.predictions].shape))
            raise ValueError(f"{config.predictions}: found shape {found}, expected {columns} columns as in names")
        scores = values[:, 4:]
        if config.objectness:
            scores = scores[:, 1:] * scores[:, :1] if scores.shape[1] > 1 else scores
        return values[:, :4], scores, None


def _activated(scores: NDArray[np.float64], activation: str) -> NDArray[np.float64]:
    if activation == "sigmoid":
        return 1 / (1 + np.exp(-np.clip(scores, -500, 500)))
    if activation == "softmax":
        powers = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))[:, :-1]
    return scores


def _check_name(path: Any, field: str, name: str | None, known: Any) -> None:
    if name is not None and name not in known:
        raise ValueError(f"{path}: found no {field} {name!r} in the model, expected one of {', '.join(known)}")


def _providers(available: Sequence[str], device: str | None) -> list[Any]:
    cpu, cuda = "CPUExecutionProvider", "CUDAExecutionProvider"
    kind, _, index = (device or ("cuda" if cuda in available else "cpu")).partition(":")
    if kind == "cpu" and not index:
        return [cpu]
    if kind != "cuda" or not (index or "0").isdecimal():
        raise ValueError(f"device: found {shown(device)}, expected cpu, cuda or cuda:N")
    if cuda not in available:
        raise ValueError(f"device: found {shown(device)}, but this build of ONNX Runtime has no GPU, expected cpu")
    return [(cuda, {"device_id": int(index or 0)}), cpu]


def _suppress(
    boxes: NDArray[np.float64], scores: NDArray[np.float32], labels: NDArray[np.int64], limit: float
) -> NDArray[np.int64]:
    """Return the rows that no higher-scored kept box of the same class overlaps by more than `limit`."""
    order = np.argsort(-scores, kind="stable")
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    kept = []
    while len(order):
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[order, :2], boxes[best, :2])
        high = np.minimum(boxes[order, 2:], boxes[best, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        union = areas[order] + areas[best] - shared
        order = order[(shared <= limit * union) | (labels[order] != labels[best])]
    return np.array(kept, np.int64)
