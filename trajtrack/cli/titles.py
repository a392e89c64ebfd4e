"""The name of a video, as a title, from the path of one of its files."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

__all__ = ["video_title"]

_NO_NAMES = frozenset(
    (
        *("ann", "annotation", "annotations", "boxes", "det", "dets", "detection", "detections", "label", "labels"),
        *("frame", "frames", "image", "images", "img", "img1", "imgs", "rgb"),
        *("groundtruth", "gt", "truth", "output", "pred", "prediction", "predictions", "preds", "result", "results"),
    )
)
"""What files and folders are called that say what they hold, not which video it is of."""


def video_title(path: Path) -> str:
    """Return the name in the seqinfo.ini of MOTChallenge, or that of the nearest file or folder that names a video."""
    folders = [each for each in path.absolute().parents if each.name]
    if path.is_dir():
        folders.insert(0, path.absolute())
    for folder in folders[:2]:
        name = _sequence_name(folder / "seqinfo.ini")
        if name:
            return name
    own = path.name if path.is_dir() else path.stem
    says_what = own.lower() in _NO_NAMES or (bool(folders) and _says_what(own) and _says_what(folders[0].name))
    named = [folder.name for folder in folders if not _says_what(folder.name)]
    return named[0] if says_what and named else own


def _says_what(name: str) -> bool:
    """Whether a name such as det_yolox or gt says what a folder holds, or a file in such a folder."""
    return name.lower() in _NO_NAMES or re.match(r"(dets?|detections?|gt)[_-]", name.lower()) is not None


def _sequence_name(path: Path) -> str | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    return parser.get("Sequence", "name", fallback="").strip() or None
