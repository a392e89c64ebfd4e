"""Trajectories as a tracker leaves them, and what a model reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories
from trajvqa.ingest.geometry_features import geometry_features
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["ClassNames", "FoundTrajectories", "from_linking"]


@dataclass(frozen=True, eq=False)
class FoundTrajectories:
    """K trajectories of a video, with labels as their source numbers them."""

    video: str
    """Id of the video."""
    num_frames: int
    """Length of the video."""
    frames: tuple[NDArray[np.int32], ...]
    """For each trajectory (L,) ascending frame numbers from 0."""
    boxes: tuple[NDArray[np.float32], ...]
    """For each trajectory (L, 4) corners in pixels."""
    labels: NDArray[np.int64]
    """(K,) labels."""
    scores: NDArray[np.float32]
    """(K,) scores."""
    label_names: Mapping[int, str] = field(default_factory=dict)
    """Names of labels, as far as the source has them."""
    features: NDArray[np.floating] | None = None
    """(K, D) features averaged over each trajectory's boxes; None where the source has none."""
    image_size: tuple[int, int] | None = None
    """Width and height of the image in pixels; None where the source does not say."""

    def best(self, limit: int | None) -> FoundTrajectories:
        """Return the trajectories of the greatest score, in the order in which they are; all where `limit` is None."""
        if limit is None or len(self.scores) <= limit:
            return self
        kept = np.sort(np.argsort(-self.scores, kind="stable")[:limit])
        return FoundTrajectories(
            video=self.video,
            num_frames=self.num_frames,
            frames=tuple(self.frames[row] for row in kept),
            boxes=tuple(self.boxes[row] for row in kept),
            labels=self.labels[kept],
            scores=self.scores[kept],
            label_names=self.label_names,
            features=None if self.features is None else self.features[kept],
            image_size=self.image_size,
        )

    def as_video(self, classes: ClassNames, keep_boxes: bool = False) -> VideoTrajectories:
        """Return what a model reads: features, geometry where there are none, spans as shares of the video, classes.

        Raises
        ------
        ValueError
            When a label is none of `classes`, or geometry is needed and the image's size is not known.
        """
        features = self.features
        if features is None:
            if self.image_size is None:
                raise ValueError(
                    "width and height: found none, expected the image's size, which features of geometry need "
                    "(image_size)"
                )
            features = geometry_features(self.frames, self.boxes, self.image_size)
        ends = [(int(times[0]), int(times[-1]) + 1) for times in self.frames]
        return VideoTrajectories(
            video=self.video,
            features=features,
            spans=(np.array(ends, np.float64).reshape(-1, 2) / self.num_frames).astype(np.float32),
            labels=classes.places(self.labels, self.label_names),
            scores=self.scores,
            frames=self.frames if keep_boxes else None,
            boxes=self.boxes if keep_boxes else None,
        )


def from_linking(
    video: str,
    tracks: Trajectories,
    features: NDArray[np.floating] | None = None,
    image_size: tuple[int, int] | None = None,
) -> FoundTrajectories:
    """Return what `trajtrack.link` found, boxes in gaps interpolated.

    Parameters
    ----------
    video
        Id of the video.
    tracks
        Its trajectories.
    features
        (N, D) features of the N detections, which are averaged over each trajectory (the paper, Section 3.1.1).
    image_size
        Width and height of the image in pixels.
    """
    found = list(tracks)
    return FoundTrajectories(
        video=video,
        num_frames=tracks.detections.num_frames,
        frames=tuple(track.frames for track in found),
        boxes=tuple(track.boxes for track in found),
        labels=tracks.labels.astype(np.int64),
        scores=tracks.scores.astype(np.float32),
        label_names=tracks.detections.label_names,
        features=None if features is None else tracks.pool(features),
        image_size=image_size,
    )


class ClassNames:
    """Names of the labels of a store.

    Parameters
    ----------
    names
        The names, which are all that may come; where left out they are collected from the sources, in the order in
        which they come, with labels without a name named after their number.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self.names: list[str] = list(names or ())
        """So far."""
        self._closed = names is not None
        self._places = {name: place for place, name in enumerate(self.names)}
        if len(self._places) < len(self.names):
            repeated = next(name for place, name in enumerate(self.names) if self._places[name] != place)
            raise ValueError(f"classes: found {repeated!r} twice, expected every name once")

    def places(self, labels: NDArray[np.int64], label_names: Mapping[int, str]) -> NDArray[np.int32]:
        """Return the place of each label's name; a label without a name is a place itself where names were given.

        Raises
        ------
        ValueError
            When a label has no place among the given names.
        """
        if not self._closed:
            for label in sorted(label_names):
                self._add(label_names[label])
            for label in np.unique(labels).tolist():
                self._add(label_names.get(label, str(label)))
        return np.array([self._place(label, label_names.get(label)) for label in labels.tolist()], np.int32)

    def _add(self, name: str) -> None:
        if name not in self._places:
            self._places[name] = len(self.names)
            self.names.append(name)

    def _place(self, label: int, name: str | None) -> int:
        count = len(self.names)
        if name is None and self._closed:
            if not 0 <= label < count:
                raise ValueError(f"labels: found {label}, expected a label below {count}, the number of classes")
            return label
        place = self._places.get(str(label) if name is None else name)
        if place is None:
            raise ValueError(f"labels: found {name!r}, expected one of the {count} classes")
        return place
