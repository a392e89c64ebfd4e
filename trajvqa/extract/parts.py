"""One file for each extracted video, from which the stores of a split are assembled.

A NumPy archive (``.npz``), whose checksums tell a damaged file. It holds detections and features, not trajectories, so
that other options of linking need no network.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trajtrack import Detections, FlowOptions, LinkOptions
from trajtrack.detect.fingerprints import video_digest
from trajtrack.detect.found_boxes import DetectedVideo
from trajtrack.files.atomic import naming_full_disk
from trajtrack.printable import printable_errors
from trajvqa.data.fingerprints import file_fingerprint
from trajvqa.extract.extracted import ExtractedVideo
from trajvqa.extract.recipe import Recipe

__all__ = ["SUFFIX", "Part", "of_video", "read_part", "write_part"]

SUFFIX = ".npz"
_FACTS = ("video", "num_frames", "width", "height", "frame_rate", "duration", "appearance_size")
_DAMAGE = (
    *(ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError, EOFError, RuntimeError),
    *(OSError, zipfile.BadZipFile, zlib.error),
)
"""What damaged archives raise."""
_LATER = ("link", "text", "classes")
"""Fields of a recipe that count only when stores are assembled."""


@dataclass(frozen=True, eq=False)
class Part:
    """An extracted video, and what it was made from."""

    extracted: ExtractedVideo
    """The video."""
    source: str
    """Fingerprint of the video file."""
    recipe: Mapping[str, Any]
    """The fields of the recipe that its numbers depend on, as plain values."""

    def is_of(self, recipe: Recipe) -> bool:
        """Return whether it was extracted as a recipe says."""
        return _extraction(self.recipe) == _extraction(recipe.to_dict())


def of_video(path: Path) -> str:
    """Return the fingerprint of a video file or of a folder of images."""
    if not path.is_dir():
        return file_fingerprint(path)
    return video_digest(path, sorted(each for each in path.iterdir() if each.is_file()))


def write_part(path: Path, extracted: ExtractedVideo, source: str, recipe: Recipe) -> None:
    """Write the file of a video, whole or not at all; no other process may be writing it.

    What a killed process leaves is overwritten.
    """
    detections = extracted.detections
    plain = recipe.to_dict()
    about = {
        "facts": {name: getattr(extracted, name) for name in _FACTS},
        "label_names": list(detections.label_names.items()),
        "source": source,
        "recipe": {name: plain[name] for name in plain if name not in _LATER},
    }
    arrays = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "boxes": detections.boxes,
        "scores": detections.scores,
        "frames": detections.frames,
        "labels": detections.labels,
        "seen": extracted.detected.frames,
        "times": extracted.detected.times,
    }
    if extracted.clips is not None:
        arrays["clips"] = extracted.clips
    if extracted.region_features is not None:
        arrays["regions"] = extracted.region_features
    unfinished = path.with_name(f"{path.stem}.unfinished")
    try:
        with naming_full_disk(path), open(unfinished, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes only plain arrays
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@printable_errors
def read_part(path: str | os.PathLike[str], link: LinkOptions | FlowOptions) -> Part:
    """Read the file of a video.

    Parameters
    ----------
    path
        The file.
    link
        Options with which its detections are linked.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is damaged, naming it.
    """
    try:
        # NumPy leaves a file that it cannot read open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(arrays["about"].tobytes())
        detections = Detections(
            arrays["boxes"],
            arrays["scores"],
            arrays["frames"],
            arrays["labels"],
            about["facts"]["num_frames"],
            label_names={int(label): str(name) for label, name in about["label_names"]},
        )
        extracted = ExtractedVideo(
            **{name: about["facts"][name] for name in _FACTS},
            clips=arrays.get("clips"),
            detected=DetectedVideo(detections, arrays["seen"], arrays["times"]),
            region_features=arrays.get("regions"),
            link=link,
        )
        return Part(extracted, str(about["source"]), dict(about["recipe"]))
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # the file cannot be opened
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path}: found no extracted video ({reason}), expected one; remove the file to extract it again"
        ) from error


def _extraction(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the numbers of a part depend on; where models lie does not count."""
    return {
        name: value["identity"] if isinstance(value, Mapping) and "identity" in value else value
        for name, value in plain.items()
        if name not in _LATER
    }
