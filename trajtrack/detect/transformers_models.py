"""Detectors in folders of Hugging Face Transformers: RT-DETR, D-FINE, DETR, YOLOS and others."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detect.detector import Detector, DetectorSource
from trajtrack.detect.fingerprints import file_digest
from trajtrack.files import json_fields
from trajtrack.printable import shown

__all__ = ["ModelFolder", "TransformersDetector"]

_CONFIG = "config.json"
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_WEIGHTS = ("*.safetensors", "*.bin")


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
        for names in ((_CONFIG,), _PROCESSORS, _WEIGHTS):
            if not any(any(folder.glob(name)) for name in names):
                raise ValueError(
                    f"{folder}: found no {names[0]}, expected a folder of Transformers with {_CONFIG}, "
                    f"{_PROCESSORS[0]} and {_WEIGHTS[0]}"
                )
        try:
            config = json_fields.parse((folder / _CONFIG).read_bytes())
        except ValueError as error:
            raise ValueError(f"{folder / _CONFIG}, {error}") from error
        architectures = config.get("architectures") if isinstance(config, dict) else None
        if isinstance(architectures, list) and not any("ObjectDetection" in str(each) for each in architectures):
            found = ", ".join(map(str, architectures))
            raise ValueError(f"{folder / _CONFIG}: found the architecture {found}, expected one for object detection")

    def recipe(self) -> dict[str, Any]:
        """Return the hashes of configuration and weights."""
        names = (_CONFIG, *_PROCESSORS, *_WEIGHTS)
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
        torch, transformers = _libraries()
        if threads is not None:
            torch.set_num_threads(threads)
        self._torch = torch
        self._device = _device(torch, device)
        local = {"local_files_only": True, "trust_remote_code": False}
        with _silence(transformers):
            try:
                self._processor = transformers.AutoImageProcessor.from_pretrained(folder, **local)
                self._model, report = transformers.AutoModelForObjectDetection.from_pretrained(
                    folder, output_loading_info=True, **local
                )
            except Exception as error:
                reason = " ".join(str(error).split())
                if isinstance(error, ImportError):
                    raise ImportError(f"{folder}: found a model that needs another package ({reason})") from error
                raise ValueError(f"{folder}: found a model that cannot be loaded ({reason})") from error
        absent = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
        if absent:
            raise ValueError(
                f"{folder}: found no weights for {len(absent)} parameters, the first of which is {absent[0]}, expected "
                "the weights of the whole model"
            )
        self._model.to(self._device).eval()
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


def _libraries() -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ImportError("folders of Transformers need its library: pip install 'trajtrack[detect]'") from error
    return torch, transformers


def _device(torch: Any, device: str | None) -> Any:
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"device: found {shown(device)} ({reason}), expected a device such as cpu or cuda") from error
    return chosen


@contextmanager
def _silence(transformers: Any) -> Iterator[None]:
    """Keep bars, notes and warnings of the library off the terminal."""
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
