"""The keys under which tools store scores, identities and frames in JSON derived from COCO."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from trajtrack.arguments import warn
from trajtrack.files import json_fields as fields
from trajtrack.printable import shown

__all__ = ["FRAME_KEYS", "SCORE_KEYS", "TRACK_KEYS", "UnreadKeys", "counts_from_one", "given_key"]

FRAME_KEYS = ("frame_id", "frame_index", "frame_number", "frame_num", "frame")
"""Keys of an image's frame number; the first that it has is read."""

TRACK_KEYS = ("instance_id", "track_id", "tracker_id", "tracking_id", "object_id", "obj_id")
"""Keys of an annotation's identity: of MMTracking, of CenterTrack and ByteTrack, of others."""

SCORE_KEYS = ("score", "conf", "confidence", "mot_conf")
"""Keys of an annotation's score: of results, of CenterTrack and ByteTrack, of others, of MMTracking's annotations."""

_LIKE_SCORE = re.compile(r"score|conf|prob", re.IGNORECASE)
_LIKE_TRACK = re.compile(r"_id$|Id$|ID$|track|instance|identity")
_OTHER_IDS = {"image_id", "video_id", "category_id", "segment_id", "scalabel_id", "mot_instance_id", "mot_class_id"}
_CHAIN_KEYS = ("prev_image_id", "next_image_id")


def given_key(record: Any, keys: Sequence[str], place: fields.Place) -> str:
    """Return the first of the keys that a record has; the first of all if it has none."""
    if not isinstance(record, dict):
        raise fields.unexpected(record, place, f"an object with the key {keys[0]!r}")
    return next((key for key in keys if record.get(key) is not None), keys[0])


class UnreadKeys:
    """Keys that look like those of scores and identities but are not read, reported once per file.

    Parameters
    ----------
    path
        File that is read.
    track_keys
        Keys of identities in its format.
    """

    def __init__(self, path: str, track_keys: Sequence[str]) -> None:
        self._path = path
        self._kinds = {
            "scores": (SCORE_KEYS, _LIKE_SCORE, "so that the score is 1"),
            "identities": (track_keys, _LIKE_TRACK, "so that there is no identity"),
        }
        self._seen: set[tuple[str, ...]] = set()

    def check(self, annotation: dict[str, Any], place: fields.Place) -> None:
        """Warn if an annotation has no score or no identity that is read, but a key that looks like it."""
        names = tuple(annotation)
        if names in self._seen:
            return
        self._seen.add(names)
        for kind, (known, alike, consequence) in list(self._kinds.items()):
            if any(key in annotation for key in known):
                continue
            unread = [key for key in names if alike.search(key) and key not in _OTHER_IDS]
            if unread:
                del self._kinds[kind]
                warn(
                    f"{self._path}, {fields.at(place)}: found the key {shown(unread[0])}, which is not read "
                    f"({consequence}), expected one of {', '.join(known)} for {kind}"
                )


def counts_from_one(
    numbers: list[int], is_last: bool, video: dict[str, Any], images: list[Any], annotations: list[Any]
) -> bool:
    """Return whether the frames of a file count from 1, as those of CenterTrack and ByteTrack do.

    Parameters
    ----------
    numbers
        Frame numbers of all images.
    is_last
        Whether the last frame of the video to read equals its length.
    video, images, annotations
        The entry of the video, and all images and annotations.
    """
    if not numbers or 0 in numbers:
        return False
    return (
        is_last
        or ("file_name" in video and "name" not in video)
        or any(key in images[0] for key in _CHAIN_KEYS)
        or (bool(annotations) and "track_id" in annotations[0] and "instance_id" not in annotations[0])
    )
