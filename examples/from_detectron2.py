"""detectron2: the `Instances` of its predictors get the field `track_ids`.

With your own predictor and images:

    outputs = [predictor(image) for image in images]
    tracks = trajtrack.link(trajtrack.Detections.from_frames(outputs))
    outputs = trajtrack.attach_ids(outputs, tracks)  # outputs[0]["instances"].track_ids

detectron2 must be built from source. If it is not installed, minimal versions of its classes replace it here.
"""

from __future__ import annotations

from typing import Any

import torch

import trajtrack

try:
    from detectron2.structures import Boxes, Instances
except ImportError:

    class Boxes:
        def __init__(self, tensor: torch.Tensor) -> None:
            self.tensor = tensor

    class Instances:
        def __init__(self, image_size: tuple[int, int], **fields: Any) -> None:
            self.__dict__.update(fields, image_size=image_size)
            self._fields = fields

        def get_fields(self) -> dict[str, Any]:
            return self._fields

        def set(self, name: str, value: torch.Tensor) -> None:
            setattr(self, name, value)


found = trajtrack.make_scene(num_frames=60, seed=1).detections  # stands in for the predictor
outputs = []
for number in range(found.num_frames):
    own = found[found.frames == number]
    boxes, scores, classes = (torch.from_numpy(column) for column in (own.boxes, own.scores, own.labels))
    outputs.append({"instances": Instances((720, 1280), pred_boxes=Boxes(boxes), scores=scores, pred_classes=classes)})

tracks = trajtrack.link(trajtrack.Detections.from_frames(outputs))
outputs = trajtrack.attach_ids(outputs, tracks)
first = outputs[0]["instances"]
print(f"first frame: track_ids {first.track_ids.tolist()}")
print(f"first frame: {int((first.track_ids >= 0).sum())} of {len(first.scores)} boxes are tracked")
trajtrack.write_page(tracks, "tracks.html")  # the tracks, to open in a browser
