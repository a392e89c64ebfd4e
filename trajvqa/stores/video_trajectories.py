"""The trajectories of one video, with features."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["VideoTrajectories"]


@dataclass(frozen=True, eq=False)
class VideoTrajectories:
    """K trajectories of a video, in any order.

    Raises
    ------
    ValueError
        The message names the video, the column, what was found and what was expected.
    """

    video: str
    """ID of the video."""
    features: NDArray[np.floating]
    """(K, D) features, averaged over each trajectory's boxes; float16 or float32."""
    spans: NDArray[np.float32]
    """(K, 2) start and end as shares of the video: ``start / num_frames`` and ``(end + 1) / num_frames``."""
    labels: NDArray[np.int32]
    """(K,) classes."""
    scores: NDArray[np.float32]
    """(K,) scores; the trajectories with the highest are read."""
    owners: NDArray[np.int32] | None = None
    """(K,) numbers that segments of one trajectory have in common; None if each is a whole trajectory."""
    frames: tuple[NDArray[np.int32], ...] | None = None
    """For each trajectory, (L,) frame numbers from 0; None if boxes are not kept."""
    boxes: tuple[NDArray[np.float32], ...] | None = None
    """For each trajectory, (L, 4) corners in pixels, one row for each of its `frames`."""

    def __post_init__(self) -> None:
        if self.features.ndim != 2:
            raise ValueError(f"video {self.video}, features: found shape {self.features.shape}, expected (K, D)")
        count = len(self)
        for name, shape in {"spans": (count, 2), "labels": (count,), "scores": (count,)}.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"video {self.video}, {name}: found shape {found}, expected {shape}")
        if self.owners is not None and self.owners.shape != (count,):
            raise ValueError(f"video {self.video}, owners: found shape {self.owners.shape}, expected ({count},)")
        for name, finite in {
            "features": np.isfinite(self.features).all(axis=1),
            "scores": np.isfinite(self.scores),
        }.items():
            if not finite.all():
                row = int((~finite).argmax())
                raise ValueError(
                    f"video {self.video}, {name}, row {row}: found NaN or infinity, expected finite numbers"
                )
        bad = ~((self.spans[:, 0] >= 0) & (self.spans[:, 0] <= self.spans[:, 1]) & (self.spans[:, 1] <= 1))
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(
                f"video {self.video}, spans, row {row}: found {self.spans[row].tolist()}, expected 0 <= start <= end "
                "<= 1"
            )
        self._check_boxes()

    def _check_boxes(self) -> None:
        if self.frames is None and self.boxes is None:
            return
        if self.frames is None or self.boxes is None:
            missing = "frames" if self.frames is None else "boxes"
            raise ValueError(f"video {self.video}, {missing}: found None, expected frames and boxes, or neither")
        for name, column in {"frames": self.frames, "boxes": self.boxes}.items():
            if len(column) != len(self):
                raise ValueError(f"video {self.video}, {name}: found {len(column)} entries, expected {len(self)}")
        for row, (frames, boxes) in enumerate(zip(self.frames, self.boxes, strict=True)):
            if boxes.shape != (len(frames), 4):
                raise ValueError(
                    f"video {self.video}, boxes, row {row}: found shape {boxes.shape}, expected ({len(frames)}, 4)"
                )

    def check_fits(self, previous: Container[str], feature_size: int, classes: int) -> None:
        """Raise ValueError if the video does not fit the others of a store.

        Parameters
        ----------
        previous
            IDs of the others.
        feature_size
            Width of their features.
        classes
            Number of classes that have a name.
        """
        name = f"video {self.video}"
        if self.video in previous:
            raise ValueError(f"{name}: found twice, expected unique videos")
        if self.features.shape[1] != feature_size:
            raise ValueError(f"{name}, features: found shape {self.features.shape}, expected (K, {feature_size})")
        bad = (self.labels < 0) | (self.labels >= classes)
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(
                f"{name}, labels, row {row}: found {self.labels[row]}, expected a label below {classes}, the "
                "number of classes"
            )

    def __len__(self) -> int:
        return len(self.features)
