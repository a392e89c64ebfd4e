"""Which kind of detector is meant."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from trajtrack.detect.callables import GivenCallable, NamedCallable
from trajtrack.detect.detector import Detector, DetectorSource
from trajtrack.detect.onnx_models import OnnxFile
from trajtrack.detect.transformers_models import ModelFolder
from trajtrack.printable import shown

__all__ = ["source_of"]

_FUNCTION_NAME = re.compile(r"(.+\.py|[A-Za-z_][\w.]*):[A-Za-z_]\w*", re.DOTALL)


def source_of(detector: Detector | str | os.PathLike[str]) -> DetectorSource:
    """Return where a detector comes from: a function, its name, a folder of Transformers, or an ONNX file.

    Raises
    ------
    ValueError
        If it is the name of nothing, or of a folder that holds no detector.
    TypeError
        If it is neither a name nor a function.
    """
    if callable(detector):
        return GivenCallable(detector)
    if not isinstance(detector, str | os.PathLike):
        raise TypeError(f"detector: found {type(detector).__name__}, expected a function, its name or a folder")
    name = os.fspath(detector)
    path = Path(name)
    if name and path.is_dir():
        return ModelFolder(path)
    if path.suffix.lower() == ".onnx" and path.is_file():
        return OnnxFile(path)
    if _FUNCTION_NAME.fullmatch(name):
        return NamedCallable(name)
    hint = ""
    if path.suffix == ".pt" and path.stem:
        hint = f"; 'yolo export model={shlex.quote(name)} format=onnx' of Ultralytics writes a model as .onnx"
    raise ValueError(
        f"detector: found {shown(name)}, expected the folder of a Transformers model, an .onnx file, module:function "
        f"or file.py:function{hint}"
    )
