"""What goes into an ONNX model and what comes out, declared in a JSON file."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from trajtrack.files import json_fields
from trajtrack.printable import shown

__all__ = ["OnnxConfig", "read_config"]


@dataclass(frozen=True, kw_only=True)
class OnnxConfig:
    """What goes into a model and what comes out.

    The outputs are either `boxes`, `scores` and optionally `labels`, or one tensor of `predictions`.
    """

    width: int
    """Width of the input in pixels."""
    height: int
    """Height of the input in pixels."""
    resize: Literal["stretch", "letterbox"] = "stretch"
    """Whether images are stretched to the input, or scaled to fit into it at the top left, with a grey border."""
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    """Order of the axes of the input."""
    channels: Literal["RGB", "BGR"] = "RGB"
    """Order of the colours."""
    scale: float = 1 / 255
    """Factor of the levels 0 to 255, before `mean` and `std`."""
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    """Subtracted from each colour, in the order of `channels`."""
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    """Divisor of each colour."""
    input: str | None = None
    """Name of the input for images; default: the first."""
    size_input: str | None = None
    """Name of a second input that takes (batch, 2) widths and heights of the images."""
    boxes: str | None = None
    """Name of the output (batch, n, 4) of boxes."""
    scores: str | None = None
    """Name of the output of scores: (batch, n), or (batch, n, classes) if there are no `labels`."""
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    """What makes scores of classes out of logits; with softmax the last class is that of no object."""
    labels: str | None = None
    """Name of the output (batch, n) of labels."""
    predictions: str | None = None
    """Name of the output (batch, n, 4 + classes), or (batch, 4 + classes, n), of boxes and a score per class."""
    objectness: bool = False
    """Whether `predictions` have a score of any object before those of the classes, by which these are multiplied."""
    box_format: Literal["xyxy", "xywh", "cxcywh"] = "xyxy"
    """Format of the boxes, as in `Detections`."""
    box_unit: Literal["input", "relative", "image"] = "input"
    """Unit of the boxes: pixels of the input, fractions of it, or pixels of the image."""
    nms: float | None = None
    """Overlap above which the lower of two boxes of a class is dropped, as are scores below 0.01; default: none is."""
    names: tuple[str, ...] = ()
    """Class names in the order of the labels."""

    def __post_init__(self) -> None:
        if (self.predictions is None) == (self.boxes is None and self.scores is None):
            raise ValueError("found neither or both, expected either predictions or boxes and scores")
        if self.predictions is None and (self.boxes is None or self.scores is None):
            raise ValueError("found one of boxes and scores, expected both")
        if min(self.width, self.height) < 1:
            raise ValueError(f"found {self.width}x{self.height}, expected a width and a height of at least 1")
        for name in ("mean", "std"):
            if len(getattr(self, name)) != 3:
                raise ValueError(f"{name}: found {len(getattr(self, name))} numbers, expected 3")


def read_config(path: Path) -> OnnxConfig:
    """Read a declaration.

    Raises
    ------
    ValueError
        If it is invalid, naming the file and the field.
    """
    try:
        document = json_fields.parse(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{path}: found {shown(document)}, expected an object with the fields of a model")
    known = {field.name: field for field in fields(OnnxConfig)}
    for name in document:
        if name not in known:
            raise ValueError(f"{path}: found an unknown field {name!r}, expected some of {', '.join(known)}")
    for name, field in known.items():
        if field.default is MISSING and name not in document:
            raise ValueError(f"{path}: found no {name}, expected it")
    types = get_type_hints(OnnxConfig)
    try:
        return OnnxConfig(**{name: _checked(name, value, types[name]) for name, value in document.items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _checked(name: str, value: Any, kind: Any) -> Any:
    """Return a value of the declaration as its field has it."""
    if get_origin(kind) is Literal:
        valid, expected = value in get_args(kind), f"one of {', '.join(get_args(kind))}"
    elif get_origin(kind) is tuple:
        item = get_args(kind)[0]
        valid = isinstance(value, list) and all(_is(each, item) for each in value)
        value, expected = tuple(value) if valid else value, f"a list of {'names' if item is str else 'numbers'}"
    else:
        plain = next((each for each in get_args(kind) if each is not type(None)), kind)
        valid = _is(value, plain) or (value is None and plain is not kind)
        expected = {int: "an integer", float: "a number", str: "a name", bool: "true or false"}[plain]
    if not valid:
        raise ValueError(f"{name}: found {json.dumps(value)}, expected {expected}")
    return value


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
