"""A graph of TensorFlow.js, run by torch: the operations of convolutional networks, from a .json and a .bin file."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}


class TfjsGraph:
    """Computes outputs of a graph by name; images are (1, height, width, channels), as the graph has them."""

    def __init__(self, path: Path) -> None:
        content = json.loads(path.read_text())
        self._nodes = {node["name"]: node for node in content["modelTopology"]["node"]}
        (group,) = content["weightsManifest"]
        stored = b"".join((path.parent / name).read_bytes() for name in group["paths"])
        self._weights: dict[str, Tensor] = {}
        offset = 0
        for weight in group["weights"]:
            dtype = np.dtype(weight.get("quantization", weight)["dtype"])
            count = math.prod(weight["shape"])
            values = np.frombuffer(stored, dtype, count, offset).astype(_TYPES[weight["dtype"]])
            self._weights[weight["name"]] = torch.from_numpy(values.reshape(weight["shape"]))
            offset += count * dtype.itemsize

    def run(self, inputs: Mapping[str, Tensor], outputs: list[str]) -> list[Tensor]:
        """Return the values of nodes, given those of the placeholders."""
        known = {**self._weights, **inputs}
        with torch.inference_mode():
            for name in self._order(outputs, set(known)):
                node = self._nodes[name]
                known[name] = _OPERATIONS[node["op"]](node.get("attr", {}), *(known[each] for each in node["input"]))
        return [known[name] for name in outputs]

    def _order(self, outputs: list[str], known: set[str]) -> list[str]:
        """Return the nodes behind the outputs, each after its inputs."""
        order: dict[str, None] = {}
        waiting = list(outputs)
        while waiting:
            missing = [name for name in self._nodes[waiting[-1]]["input"] if name not in known and name not in order]
            if missing:
                waiting += missing
            else:
                order[waiting.pop()] = None
        return list(order)


def _strings(attributes: Mapping[str, Any], name: str) -> list[str]:
    return [base64.b64decode(text).decode() for text in attributes[name]["list"].get("s", [])]


def _convolution(attributes: Mapping[str, Any], images: Tensor, weights: Tensor, *offsets: Tensor) -> Tensor:
    """Convolve (N, H, W, C) with weights (h, w, C, D), then apply what is fused with it."""
    return _convolved(attributes, images, weights.permute(3, 2, 0, 1), 1, offsets)


def _depthwise(attributes: Mapping[str, Any], images: Tensor, weights: Tensor, *offsets: Tensor) -> Tensor:
    """Convolve each channel of (N, H, W, C) with weights (h, w, C, 1)."""
    return _convolved(attributes, images, weights.permute(2, 3, 0, 1), images.shape[-1], offsets)


def _convolved(
    attributes: Mapping[str, Any], images: Tensor, weights: Tensor, groups: int, offsets: tuple[Tensor, ...]
) -> Tensor:
    strides = [int(value) for value in attributes["strides"]["list"]["i"][1:3]]
    images = images.permute(0, 3, 1, 2)
    if base64.b64decode(attributes["padding"]["s"]) == b"SAME":
        # As TensorFlow pads: as many outputs as strides begin in the image, the odd pixel at the end.
        padding: list[int] = []
        for size, stride, kernel in zip(images.shape[:1:-1], strides[::-1], weights.shape[:1:-1], strict=True):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            padding += [total // 2, total - total // 2]
        images = functional.pad(images, padding)
    result = functional.conv2d(images, weights, offsets[0] if offsets else None, strides, groups=groups)
    for each in _strings(attributes, "fused_ops") if "fused_ops" in attributes else []:
        result = {"BiasAdd": lambda found: found, "Relu": torch.relu, "Relu6": functional.relu6}[each](result)
    return result.permute(0, 2, 3, 1)


def _mean(attributes: Mapping[str, Any], values: Tensor, axes: Tensor) -> Tensor:
    return values.mean(dim=axes.flatten().tolist(), keepdim=attributes["keep_dims"]["b"])


def _resize(attributes: Mapping[str, Any], images: Tensor, size: Tensor) -> Tensor:
    """Resize bilinearly; a pixel lies at its corner, as in TensorFlow's first version, not at its middle."""
    for axis, count in zip((1, 2), size.tolist(), strict=True):
        given = images.shape[axis]
        places = torch.arange(count) * (given / count)
        first = places.long()
        share = (places - first).reshape(-1, *[1] * (3 - axis))
        second = (first + 1).clamp(max=given - 1)
        images = images.index_select(axis, first) * (1 - share) + images.index_select(axis, second) * share
    return images


_OPERATIONS: dict[str, Any] = {
    "Add": lambda _, first, second: first + second,
    "ConcatV2": lambda _, *values: torch.cat(values[:-1], dim=int(values[-1])),
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "FusedDepthwiseConv2dNative": _depthwise,
    "Identity": lambda _, value: value,
    "Mean": _mean,
    "Mul": lambda _, first, second: first * second,
    "Relu": lambda _, value: torch.relu(value),
    "Relu6": lambda _, value: functional.relu6(value),
    "ResizeBilinear": _resize,
    "Sigmoid": lambda _, value: torch.sigmoid(value),
    "_FusedConv2D": _convolution,
}
