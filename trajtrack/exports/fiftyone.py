"""Export tracks as FiftyOne labels."""

from __future__ import annotations

import math
from typing import Any

from trajtrack.detections import Detections
from trajtrack.exports.track_boxes import boxes_of
from trajtrack.trajectories import Trajectories

__all__ = ["to_fiftyone"]


def to_fiftyone(tracks: Trajectories | Detections, width: float, height: float) -> dict[int, Any]:
    """Return tracks as labels for the frames of a FiftyOne video sample.

    Boxes are in fractions of the image size and not clipped. ``index`` is the identity, and the detections of one track
    share an ``instance``. Interpolated boxes have the attribute ``interpolated``, set to True.

    Parameters
    ----------
    tracks
        Trajectories, including their interpolated boxes; or detections with `track_ids`, whose rows with ID -1 are
        skipped and whose boxes are never marked as interpolated.
    width, height
        Size of the video in pixels.

    Returns
    -------
    The `fiftyone.Detections` of each frame that holds a box, by frame number, which FiftyOne counts from 1.

    Raises
    ------
    ImportError
        If FiftyOne is not installed.
    ValueError
        If boxes have no identities, or a size is not positive.
    """
    for name, size in (("width", width), ("height", height)):
        if not (math.isfinite(size) and size > 0):
            raise ValueError(f"{name}: found {size!r}, expected a positive number of pixels")
    found = boxes_of(tracks)
    try:
        import fiftyone
    except ImportError:
        raise ImportError("FiftyOne labels need fiftyone: pip install fiftyone") from None
    instances = {number: fiftyone.Instance() for number in dict.fromkeys(found.ids.tolist())}
    by_frame: dict[int, list[Any]] = {}
    rows = zip(
        found.ids.tolist(),
        found.frames.tolist(),
        found.boxes.tolist(),
        found.scores.tolist(),
        found.labels.tolist(),
        found.interpolated.tolist(),
        strict=True,
    )
    for number, frame, (x1, y1, x2, y2), score, label, is_interpolated in rows:
        detection = fiftyone.Detection(
            label=found.name(label),
            bounding_box=[x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height],
            confidence=score,
            index=number,
            instance=instances[number],
        )
        if is_interpolated:
            detection["interpolated"] = True
        by_frame.setdefault(frame + 1, []).append(detection)
    return {number: fiftyone.Detections(detections=by_frame[number]) for number in sorted(by_frame)}
