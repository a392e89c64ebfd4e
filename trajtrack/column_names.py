"""The names under which tables store frames, boxes, scores, classes, identities and videos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CLASS_NAME", "OTHER_NAMES", "NamedColumns", "name_columns", "normalised"]

OTHER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "frame": ("frame_id", "frame_number", "frame_num", "frame_no", "frame_index", "frame_idx", "frameid"),
        "score": ("confidence", "conf", "confidence_score", "probability"),
        "label": ("class_id", "class", "cls", "category_id", "category", "class_name"),
        "track_id": ("tracker_id", "object_id", "obj_id", "instance_id", "identity"),
    }
)
"""Further names of our columns, in lower case."""

CLASS_NAME = "class_name"
"""Name of a column of names that may stand beside the numbers of the classes."""

_VIDEOS = {
    *("video", "video_id", "video_name", "videoid", "videoname", "sequence", "sequence_id", "sequence_name"),
    *("clip", "clip_id", "clip_name", "camera", "camera_id", "camera_name"),
}

_BOXES = (
    ("xyxy", ("x1", "y1", "x2", "y2")),
    ("xywh", ("x", "y", "w", "h")),
    ("xyxy", ("x_min", "y_min", "x_max", "y_max")),
    ("xyxy", ("xmin", "ymin", "xmax", "ymax")),
    ("xyxy", ("left", "top", "right", "bottom")),
    ("xyxy", ("xtl", "ytl", "xbr", "ybr")),
    ("xyxy", ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")),
    ("xywh", ("x", "y", "width", "height")),
    ("xywh", ("left", "top", "width", "height")),
    ("xywh", ("bb_left", "bb_top", "bb_width", "bb_height")),
    ("xywh", ("bbox_left", "bbox_top", "bbox_width", "bbox_height")),
    ("xywh", ("bbox_left", "bbox_top", "bbox_w", "bbox_h")),
    ("cxcywh", ("cx", "cy", "w", "h")),
    ("cxcywh", ("x_center", "y_center", "width", "height")),
)


@dataclass(frozen=True)
class NamedColumns:
    """The columns of a table by meaning."""

    names: dict[str, str]
    """Name in the table of ``frame``, ``score``, ``label`` and ``track_id``, as far as it has them."""
    sides: tuple[str, ...]
    """Names in the table of the four numbers of a box; empty if it has none."""
    box_format: str
    """Format of the boxes, as in `Detections`."""
    class_name: str | None
    """Name of a column with the names of classes, beside that of ``label``."""
    videos: tuple[str, ...]
    """Names of columns that tell the video of each row."""


def normalised(name: object) -> str:
    """Return a column name without the differences in case and blanks that tools make."""
    return str(name).strip().lower().replace(" ", "_")


def name_columns(names: Iterable[object], others: Mapping[str, tuple[str, ...]] = OTHER_NAMES) -> NamedColumns:
    """Find the columns of a table by their names; an exact name of ours comes first.

    Raises
    ------
    ValueError
        If two columns may hold the same.
    """
    theirs: dict[str, list[str]] = {}
    for name in names:
        theirs.setdefault(normalised(name), []).append(str(name))
    found: dict[str, str] = {}
    videos = tuple(own for name, given in theirs.items() if name in _VIDEOS for own in given)
    class_name = None
    for ours, further in others.items():
        given = [own for each in (ours, *further) for own in theirs.get(each, ())]
        if ours == "label" and len(given) > 1 and CLASS_NAME in theirs:
            class_name = theirs[CLASS_NAME][0]
            given.remove(class_name)
        if given.count(ours) == 1:
            given = [ours]
        if len(given) > 1:
            raise ValueError(f"found the columns {given[0]!r} and {given[1]!r}, expected one of them for {ours}")
        if given:
            found[ours] = given[0]
    for box_format, sides in _BOXES:
        if all(side in theirs for side in sides):
            for side in sides:
                if len(theirs[side]) > 1:
                    first, second = theirs[side][:2]
                    raise ValueError(f"found the columns {first!r} and {second!r}, expected one of them for {side}")
            return NamedColumns(found, tuple(theirs[side][0] for side in sides), box_format, class_name, videos)
    return NamedColumns(found, (), "xyxy", class_name, videos)
