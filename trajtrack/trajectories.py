"""The trajectories that linking found, aligned with the input rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trajtrack.columns import as_array
from trajtrack.detections import Detections
from trajtrack.printable import counted, shown
from trajtrack.strips import draw_strip

if TYPE_CHECKING:
    from trajtrack.flow_options import FlowOptions
    from trajtrack.options import LinkOptions

__all__ = ["Reason", "Trajectories", "Trajectory"]


class Reason(IntEnum):
    """The outcome of linking for an input row; if several apply, the first."""

    LINKED = 0
    """The row belongs to a trajectory."""
    BELOW_MIN_SCORE = 1
    """Its score is below `min_score`; it was ignored."""
    SUPPRESSED = 2
    """A box of a chosen path overlaps it by at least `nms_threshold`; with ``method="flow"``, the detections are
    proposals, and a better one overlaps it."""
    TOO_SHORT = 3
    """Its path has fewer than `min_length` detections."""
    NOT_POSITIVE = 4
    """No path through it has a positive sum of scores."""
    LOW_CONFIDENCE = 5
    """With ``method="flow"``: its confidence, or that of all detections of its path together, is too low."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One object over time: every frame from its first to its last detection.

    In the frames of a gap between two linked detections, the box is interpolated linearly in float32, the score is 0
    and the row is -1.
    """

    id: int
    """Index in the result."""
    frames: NDArray[np.int32]
    """(L,) frame numbers from `start` to `end`, consecutive."""
    boxes: NDArray[np.float32]
    """(L, 4) corners in pixels."""
    scores: NDArray[np.float32]
    """(L,) detection scores, 0 where interpolated."""
    rows: NDArray[np.int64]
    """(L,) rows of the input, -1 where interpolated."""
    label: int
    """Score-weighted majority label of the detections."""
    score: float
    """Trajectory score, as defined by the option `rescore`."""

    @property
    def start(self) -> int:
        """First frame."""
        return int(self.frames[0])

    @property
    def end(self) -> int:
        """Last frame, inclusive."""
        return int(self.frames[-1])

    @property
    def interpolated(self) -> NDArray[np.bool_]:
        """(L,) whether the box is interpolated rather than detected."""
        return self.rows < 0

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        detected = int((self.rows >= 0).sum())
        return (
            f"Trajectory(id={self.id}, label={self.label}, score={self.score:.4g}, frames {self.start} to {self.end}, "
            f"{detected} detections)"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories:
    """The trajectories of one video, and the outcome for each of its N detections.

    A sequence of K `Trajectory` objects, ordered by descending path sum, then start frame, then start row. Boxes are
    gathered on access.
    """

    detections: Detections
    """The linked detections."""
    options: LinkOptions | FlowOptions
    """Linking options."""
    track_ids: NDArray[np.int64]
    """(N,) trajectory ID of each input row; -1 for none."""
    reasons: NDArray[np.int8]
    """(N,) `Reason` of each input row."""
    suppressed_by: NDArray[np.int64]
    """(N,) input row of the box that suppressed each row; -1 for none. That box may be on a path that `min_length`
    dropped; its own reason is then `Reason.TOO_SHORT`."""
    offsets: NDArray[np.int64]
    """(K + 1,) offsets: trajectory k has the detections ``rows[offsets[k]:offsets[k + 1]]``."""
    rows: NDArray[np.int64]
    """(M,) input rows, by trajectory and frame."""
    labels: NDArray[np.int32]
    """(K,) label of each trajectory: the score-weighted majority; ties go to the smaller label."""
    scores: NDArray[np.float64]
    """(K,) score of each trajectory, as defined by the option `rescore`."""
    smoothed: NDArray[np.float32] | None = None
    """(M, 4) smoothed boxes of `rows`; None if the trajectories have the detector's own boxes."""

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Trajectory: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trajectory]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Trajectory | list[Trajectory]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        try:
            number = index.__index__()
        except AttributeError:
            raise TypeError(f"index: found {shown(index)}, expected an integer or a slice") from None
        if not -len(self) <= number < len(self):
            raise IndexError(f"index: found {shown(number)}, expected an index into a sequence of length {len(self)}")
        number %= len(self)
        span = slice(self.offsets[number], self.offsets[number + 1])
        rows = self.rows[span]
        own = self.detections.boxes[rows] if self.smoothed is None else self.smoothed[span]
        frames, boxes, scores, filled = _fill_gaps(self.detections, rows, own, np.zeros(len(rows) - 1, np.bool_))
        return Trajectory(
            id=number,
            frames=frames,
            boxes=boxes,
            scores=scores,
            rows=filled,
            label=int(self.labels[number]),
            score=float(self.scores[number]),
        )

    def __iter__(self) -> Iterator[Trajectory]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        linked = int((self.track_ids >= 0).sum())
        tracks = counted(len(self), "trajectory", "trajectories")
        return f"Trajectories({tracks} of {linked} of {len(self.track_ids)} detections)"

    def _repr_html_(self) -> str:
        return draw_strip(
            repr(self), zip(self.starts.tolist(), self.ends.tolist(), strict=True), self.detections.num_frames
        )

    @property
    def boxes(self) -> NDArray[np.float32]:
        """(M, 4) boxes of `rows`: smoothed, or the detector's own."""
        return self.detections.boxes[self.rows] if self.smoothed is None else self.smoothed

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(K,) number of detections of each trajectory."""
        return np.diff(self.offsets)

    @property
    def starts(self) -> NDArray[np.int32]:
        """(K,) first frame of each trajectory."""
        return self.detections.frames[self.rows[self.offsets[:-1]]]

    @property
    def ends(self) -> NDArray[np.int32]:
        """(K,) last frame of each trajectory, inclusive."""
        return self.detections.frames[self.rows[self.offsets[1:] - 1]]

    def pool(self, features: ArrayLike) -> NDArray[np.floating[Any]]:
        """Average the features of each trajectory's detections, without interpolated boxes.

        Parameters
        ----------
        features
            (N, D) features, one row per detection.

        Returns
        -------
        (K, D) means, float64 for float64 features, else float32.

        Raises
        ------
        ValueError
            If `features` does not have one row per detection.
        """
        values = as_array("features", features, kinds="fiub")
        if values.ndim != 2 or len(values) != len(self.track_ids):
            raise ValueError(f"features: found shape {values.shape}, expected ({len(self.track_ids)}, D)")
        dtype = np.float64 if values.dtype == np.float64 else np.float32
        if len(self) == 0:
            return np.empty((0, values.shape[1]), dtype)
        sums = np.add.reduceat(values[self.rows], self.offsets[:-1], axis=0, dtype=np.float64)
        return (sums / self.lengths[:, None]).astype(dtype)

    def to_detections(self, interpolate: bool = True) -> Detections:
        """Return the rows of all trajectories, by trajectory and frame, with trajectory IDs and labels.

        Parameters
        ----------
        interpolate
            Whether to include the interpolated boxes, with score 0.
        """
        given = self.detections
        if interpolate:
            frames, boxes, scores, _, ids = filled_rows(self)
        else:
            frames, boxes, scores = given.frames[self.rows], self.boxes, given.scores[self.rows]
            ids = self.track_ids[self.rows]
        return Detections(
            boxes,
            scores,
            frames,
            labels=self.labels[ids],
            num_frames=given.num_frames,
            track_ids=ids,
            label_names=given.label_names,
        )

    def to_columns(self, interpolate: bool = True) -> dict[str, NDArray[Any]]:
        """Return `to_detections` as the columns ``frame, x1, y1, x2, y2, score, label, track_id``."""
        return self.to_detections(interpolate).to_columns()

    def to_pandas(self, interpolate: bool = True) -> Any:
        """Return `to_columns` as a pandas table."""
        import pandas

        return pandas.DataFrame(self.to_columns(interpolate))

    def to_arrow(self, interpolate: bool = True) -> Any:
        """Return `to_columns` as a pyarrow table."""
        import pyarrow

        return pyarrow.table(self.to_columns(interpolate))


def filled_rows(
    tracks: Trajectories,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return frames, boxes, scores, rows and IDs of all trajectories, with interpolated boxes, whose row is -1."""
    between = np.zeros(max(len(tracks.rows) - 1, 0), np.bool_)
    between[tracks.offsets[1:-1] - 1] = True
    frames, boxes, scores, rows = _fill_gaps(tracks.detections, tracks.rows, tracks.boxes, between)
    # A filled row belongs to the trajectory of the detection before it.
    return frames, boxes, scores, rows, tracks.track_ids[tracks.rows][np.cumsum(rows >= 0) - 1]


def _fill_gaps(
    given: Detections, rows: NDArray[np.int64], boxes: NDArray[np.float32], between: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return frames, boxes, scores and rows, with the gaps between successive `rows` filled by interpolation.

    `boxes` are those of `rows`. `between[i]` is true if rows i and i + 1 belong to different trajectories.
    """
    frames, scores = given.frames[rows], given.scores[rows]
    steps = np.where(between, 1, np.diff(frames.astype(np.int64)))
    if (steps == 1).all():
        return frames, boxes, scores, rows
    repeats = np.append(steps, 1)
    source = np.repeat(np.arange(len(rows)), repeats)
    k = np.arange(len(source)) - np.repeat(np.cumsum(repeats) - repeats, repeats)  # frames since the previous detection
    filled = k > 0
    before, after = boxes[source[filled]], boxes[source[filled] + 1]
    share = k[filled].astype(np.float32) / repeats[source[filled]].astype(np.float32)
    boxes = boxes[source]
    boxes[filled] = before + (after - before) * share[:, None]
    scores, rows = scores[source], rows[source]
    scores[filled] = 0.0
    rows[filled] = -1
    return (frames[source] + k).astype(np.int32), boxes, scores, rows
