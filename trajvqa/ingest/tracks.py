"""Trajectories of a video as a tracker gives them, and their conversion for a trajectory store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories
from trajtrack.printable import shown
from trajvqa.ingest.geometry_features import geometry_features
from trajvqa.stores import VideoTrajectories
from trajvqa.stores.trajectory_batches import best_rows

__all__ = ["ClassNames", "TrackedVideo", "from_linking"]


@dataclass(frozen=True, eq=False)
class TrackedVideo:
    """The K trajectories of a video, with labels as numbered in their source."""

    video: str
    """ID of the video."""
    num_frames: int
    """Number of frames of the video."""
    frames: tuple[NDArray[np.int32], ...]
    """For each trajectory, (L,) ascending frame numbers from 0."""
    boxes: tuple[NDArray[np.float32], ...]
    """For each trajectory, (L, 4) corners in pixels."""
    labels: NDArray[np.int64]
    """(K,) labels."""
    scores: NDArray[np.float32]
    """(K,) scores."""
    label_names: Mapping[int, str] = field(default_factory=dict)
    """Names of labels, if the source has them."""
    features: NDArray[np.floating] | None = None
    """(K, D) features averaged over each trajectory's boxes, or None if the source has none."""
    image_size: tuple[int, int] | None = None
    """Width and height of the image in pixels, or None if unknown."""
    owners: NDArray[np.int32] | None = None
    """(K,) numbers that segments of one trajectory have in common; None if each is a whole trajectory."""

    def best(self, limit: int | None) -> TrackedVideo:
        """Return the `limit` trajectories with the highest scores in unchanged order, or all if `limit` is None."""
        if limit is None or len(self.scores) <= limit:
            return self
        return self.only(np.sort(best_rows(self.scores, self.scores, limit, self.owners)))

    def only(self, kept: NDArray[np.int64]) -> TrackedVideo:
        """Return the trajectories of these indices."""
        return TrackedVideo(
            video=self.video,
            num_frames=self.num_frames,
            frames=tuple(self.frames[row] for row in kept),
            boxes=tuple(self.boxes[row] for row in kept),
            labels=self.labels[kept],
            scores=self.scores[kept],
            label_names=self.label_names,
            features=None if self.features is None else self.features[kept],
            image_size=self.image_size,
            owners=None if self.owners is None else self.owners[kept],
        )

    def as_video(self, classes: ClassNames, keep_boxes: bool = False) -> VideoTrajectories:
        """Return the trajectories for a store, with spans as shares of the video and labels numbered by `classes`.

        Without features, features of geometry are computed.

        Raises
        ------
        ValueError
            If a label is not in `classes`, or geometry is needed and the image size is unknown.
        """
        features = self.features
        if features is None:
            if self.image_size is None:
                raise ValueError(
                    "width and height: found none, expected the image size (image_size), which geometry features need"
                )
            features = geometry_features(self.frames, self.boxes, self.image_size)
        ends = [(int(frames[0]), int(frames[-1]) + 1) for frames in self.frames]
        return VideoTrajectories(
            video=self.video,
            features=features,
            spans=(np.array(ends, np.float64).reshape(-1, 2) / self.num_frames).astype(np.float32),
            labels=classes.to_indices(self.labels, self.label_names),
            scores=self.scores,
            owners=self.owners,
            frames=self.frames if keep_boxes else None,
            boxes=self.boxes if keep_boxes else None,
        )


def from_linking(
    video: str,
    tracks: Trajectories,
    features: NDArray[np.floating] | None = None,
    image_size: tuple[int, int] | None = None,
) -> TrackedVideo:
    """Return the trajectories of `trajtrack.link`, with boxes interpolated in gaps.

    Parameters
    ----------
    video
        ID of the video.
    tracks
        Trajectories of the video.
    features
        (N, D) features of the N detections, to be averaged over each trajectory (the paper, Section 3.1.1).
    image_size
        Width and height of the image in pixels.
    """
    trajectories = list(tracks)
    return TrackedVideo(
        video=video,
        num_frames=tracks.detections.num_frames,
        frames=tuple(track.frames for track in trajectories),
        boxes=tuple(track.boxes for track in trajectories),
        labels=tracks.labels.astype(np.int64),
        scores=tracks.scores.astype(np.float32),
        label_names=tracks.detections.label_names,
        features=None if features is None else tracks.pool(features),
        image_size=image_size,
    )


class ClassNames:
    """The class names of a store, in the order of its labels.

    Parameters
    ----------
    names
        All permitted names. Default: names are collected from the sources in order of appearance, and a label without
        a name is named after its number.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self.names: list[str] = list(names or ())
        """Names so far."""
        self._closed = names is not None
        self._indices = {name: index for index, name in enumerate(self.names)}
        if len(self._indices) < len(self.names):
            repeated = next(name for index, name in enumerate(self.names) if self._indices[name] != index)
            raise ValueError(f"classes: found {shown(repeated)} twice, expected unique names")

    def to_indices(self, labels: NDArray[np.int64], label_names: Mapping[int, str]) -> NDArray[np.int32]:
        """Return the index of each label's name; with given names, a label without a name is the index itself.

        Raises
        ------
        ValueError
            If a label has no index among the given names.
        """
        if not self._closed:
            for label in sorted(label_names):
                self._add(label_names[label])
            for label in np.unique(labels).tolist():
                self._add(label_names.get(label, str(label)))
        return np.array([self._index(label, label_names.get(label)) for label in labels.tolist()], np.int32)

    def _add(self, name: str) -> None:
        if name not in self._indices:
            self._indices[name] = len(self.names)
            self.names.append(name)

    def _index(self, label: int, name: str | None) -> int:
        count = len(self.names)
        if name is None and self._closed:
            if not 0 <= label < count:
                raise ValueError(f"labels: found {label}, expected a label below {count}, the number of classes")
            return label
        index = self._indices.get(str(label) if name is None else name)
        if index is None:
            raise ValueError(f"labels: found {shown(name)}, expected one of the {count} classes")
        return index
