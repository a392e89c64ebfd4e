"""Detectors in folders of Hugging Face Transformers: RT-DETR, D-FINE, DETR, YOLOS and others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detect.detector import Detector, DetectorSource
from trajtrack.detect.fingerprints import file_digest
from trajtrack.detect.pretrained import (
    CONFIG,
    WEIGHTS,
    libraries,
    load_model,
    load_part,
    require_files,
    torch_device,
)
from trajtrack.files import json_fields

__all__ = ["ModelFolder", "TransformersDetector"]

_PROCESSORS = ("preprocessor_config.json", "processor_config.json")


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
        require_files(folder, (CONFIG,), _PROCESSORS, WEIGHTS)
        try:
            config = json_fields.parse((folder / CONFIG).read_bytes())
        except ValueError as error:
            raise ValueError(f"{folder / CONFIG}, {error}") from error
        architectures = config.get("architectures") if isinstance(config, dict) else None
        if isinstance(architectures, list) and not any("ObjectDetection" in str(each) for each in architectures):
            found = ", ".join(map(str, architectures))
            raise ValueError(f"{folder / CONFIG}: found the architecture {found}, expected one for object detection")

    def recipe(self) -> dict[str, Any]:
        """Return the hashes of configuration and weights."""
        names = (CONFIG, *_PROCESSORS, *WEIGHTS)
        files = sorted({path for name in names for path in self._folder.glob(name)})
        return {"kind": "transformers", "files": {path.name: file_digest(path) for path in files}}

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
        torch, transformers = libraries()
        if threads is not None:
            torch.set_num_threads(threads)
        self._torch = torch
        self._device = torch_device(torch, device)
        self._processor = load_part(transformers, "AutoImageProcessor", folder)
        self._model = load_model(transformers, "AutoModelForObjectDetection", folder).to(self._device)
        self.names = {int(label): str(name) for label, name in self._model.config.id2label.items()}

    def __call__(self, frames: Sequence[NDArray[np.uint8]], /) -> list[dict[str, NDArray[Any]]]:
        """Return ``boxes``, ``scores`` and ``labels`` of each frame, by descending score."""
        inputs = self._processor(images=list(frames), return_tensors="pt", input_data_format="channels_last")
        with self._torch.inference_mode():
            outputs = self._model(**inputs.to(self._device))
        sizes = [frame.shape[:2] for frame in frames]
        found = self._processor.post_process_object_detection(outputs, threshold=-1.0, target_sizes=sizes)
        names = ("boxes", "scores", "labels")
        return [{name: entry[name].float().cpu().numpy() for name in names} for entry in found]
