"""Tracks as labels of FiftyOne."""

from __future__ import annotations

import math
from typing import Any

from trajtrack.detections import Detections
from trajtrack.exports.track_boxes import boxes_of
from trajtrack.trajectories import Trajectories

__all__ = ["to_fiftyone"]


def to_fiftyone(tracks: Trajectories | Detections, width: float, height: float) -> dict[int, Any]:
    """Return tracks as labels for the frames of a video sample of FiftyOne.

    Boxes are given as shares of the image and not clipped. ``index`` is the identity, and the detections of one
    track share an ``instance``. Interpolated ones have the attribute ``interpolated``, which is true.

    Parameters
    ----------
    tracks
        Trajectories, their interpolated boxes included; or boxes with `track_ids`, whose rows with -1 are left out
        and none of which is marked as interpolated.
    width, height
        Size of the video in pixels.

    Returns
    -------
    By frame number, which FiftyOne counts from 1, the `fiftyone.Detections` of each frame that holds a box.

    Raises
    ------
    ImportError
        When FiftyOne is not installed.
    ValueError
        When boxes have no identities, or a size is not positive.
    """
    for name, size in (("width", width), ("height", height)):
        if not (math.isfinite(size) and size > 0):
            raise ValueError(f"{name}: expected a positive number of pixels, found {size!r}")
    found = boxes_of(tracks)
    try:
        import fiftyone
    except ImportError:
        raise ImportError("labels of FiftyOne need fiftyone: pip install fiftyone") from None
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
