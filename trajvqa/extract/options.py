"""What to extract from videos, and with which models."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from trajtrack import FlowOptions, LinkOptions
from trajtrack.detect import Detector
from trajtrack.methods import METHODS
from trajtrack.option_fields import check_options, count, flag
from trajtrack.printable import shown
from trajvqa.extract.recipe import GEOMETRY, QUERIES

__all__ = ["ExtractOptions", "link_from_recipe", "link_to_recipe"]


@dataclass(frozen=True)
class ExtractOptions:
    """Options of `Extractor`.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    detector: Detector | str | os.PathLike[str]
    """Detector, as `trajtrack.detect` takes it."""
    appearance: Path | None = None
    """Folder of the image model of clips; None for clips without appearance."""
    motion: Path | None = None
    """Folder of the video model of clips; None for clips without motion."""
    regions: str | None = None
    """What describes boxes: ``queries`` of the detector, ``geometry``, or the folder of an image model. None for the
    first that there is: queries, the model of appearance, geometry."""
    text: Path | None = None
    """Folder of the text model; it is recorded only."""
    clips: int = count(16, 1, 1024, "Number of clips of a video.")
    frames_per_clip: int = count(16, 1, 1024, "Number of successive frames of a clip.")
    fps: float | None = 1.0
    """Frames per second that the detector sees; None for every frame. The paper has 1."""
    frame_rate: float | None = None
    """Frames per second of folders of images; None for 25."""
    min_score: float | None = None
    """Score below which boxes are dropped; None for 0.05 with models, and none with functions."""
    link: LinkOptions | FlowOptions = field(default_factory=lambda: LinkOptions(min_length=2, rescore="sum"))
    """Options of linking; their class chooses the method."""
    classes: tuple[str, ...] | None = None
    """Class names in the order of the labels; None for those of the detector."""
    device: str | None = None
    """Device of the models; None for a GPU if there is one."""
    threads: int | None = None
    """Number of threads; None for the choice of the libraries."""
    batch_size: int = count(4, 1, 65536, "Number of images that a model gets at a time.")
    keep_damaged: bool = flag(False, "Whether videos that are damaged or end early are extracted as far as they go.")

    def __post_init__(self) -> None:
        check_options(self)
        if not isinstance(self.link, LinkOptions | FlowOptions):
            raise TypeError(f"link: found {type(self.link).__name__}, expected LinkOptions or FlowOptions")
        if self.regions is not None and self.regions not in (QUERIES, GEOMETRY) and not Path(self.regions).is_dir():
            raise ValueError(
                f"regions: found {shown(self.regions)}, expected {QUERIES}, {GEOMETRY} or an existing folder"
            )


def link_to_recipe(options: LinkOptions | FlowOptions) -> dict[str, Any]:
    """Return a linking method and its options as plain values."""
    method = next(name for name, kind in METHODS.items() if isinstance(options, kind))
    return {"method": method, **asdict(options)}


def link_from_recipe(values: Mapping[str, Any]) -> LinkOptions | FlowOptions:
    """Return what `link_to_recipe` has made plain.

    Raises
    ------
    ValueError, TypeError
        If there is no such method or option, or one is out of range.
    """
    given = dict(values)
    method = given.pop("method", None)
    if method not in METHODS:
        raise ValueError(f"link: found the method {shown(method)}, expected one of {', '.join(METHODS)}")
    return METHODS[method](**given)
