"""CenterNet with a MobileNetV3, trained on COCO, from the npm package of a library for browsers: a detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from packaged.tfjs_graph import TfjsGraph

COCO = (
    "person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign parking_meter "
    "bench bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee "
    "skis snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket bottle wine_glass "
    "cup fork knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake chair couch "
    "potted_plant bed dining_table toilet tv laptop mouse remote keyboard cell_phone microwave oven toaster sink "
    "refrigerator book clock vase scissors teddy_bear hair_drier toothbrush"
)
_SIZE, _STRIDE = 512, 4
_BEST = 100


class CenterNet:
    """Boxes of each image: the peaks of a map of the classes, with the distances to the four sides beside it."""

    names = tuple(name.replace("_", " ") for name in COCO.split())

    def __init__(self, path: Path, min_score: float = 0.1, max_overlap: float = 0.5) -> None:
        self._graph = TfjsGraph(path)
        self._min_score, self._max_overlap = min_score, max_overlap

    def __call__(self, images: list[NDArray[np.uint8]]) -> list[dict[str, Any]]:
        """Return the boxes of each image."""
        return [self._find(image) for image in images]

    def _find(self, image: NDArray[np.uint8]) -> dict[str, Any]:
        height, width = image.shape[:2]
        pixels = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32))
        resized = functional.interpolate(pixels, (_SIZE, _SIZE), mode="bilinear", antialias=True)
        classes, sides = self._graph.run(
            {"tower_0/images": resized.permute(0, 2, 3, 1)}, ["tower_0/keypoints", "tower_0/wh"]
        )
        classes, sides = classes[0].permute(2, 0, 1), sides[0]
        peaks = classes * (classes == functional.max_pool2d(classes[None], 3, 1, 1)[0])
        scores, places = peaks.flatten().topk(_BEST)
        scores, places = scores[scores >= self._min_score], places[scores >= self._min_score]
        labels, rows, columns = torch.unravel_index(places, peaks.shape)
        middles = torch.stack([columns, rows], dim=1) * _STRIDE
        distances = sides[rows, columns]
        boxes = torch.cat([middles - distances[:, :2], middles + distances[:, 2:]], dim=1).clamp(0, _SIZE)
        boxes = boxes * (torch.tensor([width, height, width, height]) / _SIZE)
        kept = _without_duplicates(boxes.numpy(), labels.numpy(), self._max_overlap)
        return {"boxes": boxes.numpy()[kept], "scores": scores.numpy()[kept], "labels": labels.numpy()[kept]}


def _without_duplicates(boxes: NDArray[Any], labels: NDArray[Any], max_overlap: float) -> list[int]:
    """Return the rows, which are sorted by score, that overlap none before them of the same class too much."""
    kept: list[int] = []
    for row in range(len(boxes)):
        others = np.array([each for each in kept if labels[each] == labels[row]], np.int64)
        sides = np.minimum(boxes[others, 2:], boxes[row, 2:]) - np.maximum(boxes[others, :2], boxes[row, :2])
        shared = sides.clip(0).prod(axis=1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        if areas[row] > 0 and (shared <= max_overlap * (areas[others] + areas[row] - shared)).all():
            kept.append(row)
    return kept
