"""Detectors in folders of Hugging Face Transformers: RT-DETR, D-FINE, DETR, YOLOS and others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detect.detector import Detector, DetectorSource
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

__all__ = ["ModelFolder", "TransformersDetector"]


class ModelFolder(DetectorSource):
    """A folder as `save_pretrained` writes it, with the model and its image processor.

    Raises
    ------
    ValueError
        If a file is missing, or the model does not detect objects.
    """

    min_score = 0.05

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder
        check_folder(folder, CONFIG, PROCESSORS, WEIGHTS)
        architectures = read_config(folder).get("architectures")
        if isinstance(architectures, list) and not any("ObjectDetection" in str(each) for each in architectures):
            found = ", ".join(map(str, architectures))
            raise ValueError(f"{folder / CONFIG[0]}: found the architecture {found}, expected one for object detection")

    def recipe(self) -> dict[str, Any]:
        """Return the hashes of configuration and weights."""
        return folder_identity(self._folder, CONFIG, PROCESSORS, WEIGHTS)

    def load(self, device: str | None, threads: int | None) -> Detector:
        """Load model and processor; the number of threads is that of the whole process."""
        return TransformersDetector(self._folder, device=device, threads=threads)


class TransformersDetector:
    """A model of Transformers for object detection, loaded from a local folder; the network is never reached.

    Parameters
    ----------
    folder
        Folder as `save_pretrained` writes it.
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or another device of torch; default: a GPU if there is one.
    threads
        Number of threads of torch, in the whole process; default: torch's own choice.

    Raises
    ------
    ValueError
        If the model cannot be loaded, weights are missing, or there is no such device.
    ImportError
        If torch or transformers is not installed.
    """

    names: Mapping[int, str]
    """Class names by label."""

    def __init__(
        self, folder: str | os.PathLike[str], *, device: str | None = None, threads: int | None = None
    ) -> None:
        folder = Path(folder)
        ModelFolder(folder)
        self._torch, _ = libraries()
        if threads is not None:
            self._torch.set_num_threads(threads)
        self._device = chosen_device(device)
        self._model, self._processor, _ = load_folder(
            folder, "AutoModelForObjectDetection", processor="AutoImageProcessor"
        )
        self._model.to(self._device).eval()
        self.names = {int(label): str(name) for label, name in self._model.config.id2label.items()}

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[dict[str, NDArray[Any]]]:
        """Return ``boxes``, ``scores`` and ``labels`` of each frame, by descending score."""
        return self._boxes(self._outputs(frames), frames)

    @cached_property
    def feature_size(self) -> int | None:
        """Width of the features of a box; None for a model without queries."""
        outputs = self._outputs([np.zeros((64, 64, 3), np.uint8)])
        states = getattr(outputs, "last_hidden_state", None)
        return None if states is None or states.ndim != 3 else int(states.shape[2])

    def with_features(self, frames: Sequence[NDArray[np.uint8]]) -> list[dict[str, NDArray[Any]]]:
        """Return what a call returns, and ``features``: (n, `feature_size`) final states of the queries of the boxes.

        Raises
        ------
        ValueError
            If the model has no queries.
        """
        if self.feature_size is None:
            raise ValueError("features: found a detector without queries, expected one of the DETR family")
        outputs = self._outputs(frames)
        found = self._boxes(outputs, frames)
        # The library does not tell which query a box is of. Given numbers for boxes, it returns those of the queries.
        count = outputs.pred_boxes.shape[1]
        numbers = self._torch.zeros_like(outputs.pred_boxes)
        numbers[..., 0] = self._torch.arange(count)
        numbered = SimpleNamespace(logits=outputs.logits, pred_boxes=numbers)
        rows = self._processor.post_process_object_detection(numbered, threshold=-1.0)
        # The states of some models begin with those of the image.
        states = outputs.last_hidden_state[:, -count:]
        for entry, state, row in zip(found, states, rows, strict=True):
            entry["features"] = state[row["boxes"][:, 0].round().long()].float().cpu().numpy()
        return found

    def _outputs(self, frames: Sequence[NDArray[np.uint8]]) -> Any:
        inputs = self._processor(images=list(frames), return_tensors="pt", input_data_format="channels_last")
        with self._torch.inference_mode():
            return self._model(**inputs.to(self._device))

    def _boxes(self, outputs: Any, frames: Sequence[NDArray[np.uint8]]) -> list[dict[str, NDArray[Any]]]:
        sizes = [frame.shape[:2] for frame in frames]
        found = self._processor.post_process_object_detection(outputs, threshold=-1.0, target_sizes=sizes)
        names = ("boxes", "scores", "labels")
        return [{name: entry[name].float().cpu().numpy() for name in names} for entry in found]
