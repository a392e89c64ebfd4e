"""Link a stream frame by frame and return trajectories as soon as no later frame can change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trajtrack import _core
from trajtrack.columns import as_count, as_integers, as_reals
from trajtrack.detections import Detections, as_corners
from trajtrack.flow_options import FlowOptions
from trajtrack.options import LinkOptions, resolve_options
from trajtrack.printable import shown
from trajtrack.trajectories import Trajectories

__all__ = ["Linker", "StreamOutput"]

_STATE_VERSION = 1
_LAST_FRAME = np.iinfo(np.int32).max
_LAST_ROW = 2**62
"""Rows of a stream are numbered in int64, with room for many more."""


@dataclass(frozen=True, eq=False, repr=False)
class StreamOutput:
    """Settled detections of a stream, which no later frame can change, and their trajectories."""

    trajectories: Trajectories
    """The settled detections, linked; row numbers refer to these detections."""
    rows: NDArray[np.int64]
    """(N,) row of each settled detection in the stream, counting all pushed detections from 0; ascending."""
    first_id: int
    """ID in the stream of the first of these trajectories: the number of trajectories returned before."""

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"StreamOutput({len(self)} detections, {len(self.trajectories)} trajectories)"

    @property
    def track_ids(self) -> NDArray[np.int64]:
        """(N,) trajectory ID of each settled detection, counted over the whole stream; -1 for none."""
        ids = self.trajectories.track_ids
        return np.where(ids >= 0, ids + self.first_id, -1)

    @property
    def suppressed_by(self) -> NDArray[np.int64]:
        """(N,) row in the stream of the detection that suppressed each one; -1 for none."""
        by = self.trajectories.suppressed_by
        return np.where(by >= 0, self.rows[by], -1) if len(by) else by


class Linker:
    """Links a stream of frames into the trajectories that `link` finds by Seq-NMS in the whole video.

    A detection is open while it has no link and a later frame may still provide one. The connected component of an open
    detection, by links or suppression, may still change and is kept; everything else is settled and returned at once.
    As sets of rows with label and score, the trajectories are exactly those of `link`; IDs count in the order in which
    trajectories are returned. Memory holds only open components, with their links and suppressions.

    In a crowded video with long gaps, a component may span almost the whole video. `max_open_frames` bounds it: a
    component that reaches back that many frames is cut there and returned, and the results may then differ from those
    of `link`; `num_cut` counts the cuts.

    Parameters
    ----------
    options
        Linking options; default: `LinkOptions()`.
    max_open_frames
        Maximum number of frames that a connected component may span; default: no bound.
    label_names
        Class names by label, copied to the results.
    **overrides
        Fields of `LinkOptions` that replace those of `options`.

    Notes
    -----
    Only one thread at a time may use a linker. After `push` runs out of memory, the linker rejects every further call;
    continue from an earlier `state_dict`.
    """

    def __init__(
        self,
        options: LinkOptions | None = None,
        *,
        max_open_frames: int | None = None,
        label_names: Mapping[int, str] | None = None,
        **overrides: Any,
    ) -> None:
        if isinstance(options, FlowOptions):
            raise TypeError("options: found FlowOptions, which need the whole video, expected trajtrack.LinkOptions")
        self._options = resolve_options(options, overrides)
        if max_open_frames is not None:
            max_open_frames = as_count("max_open_frames", max_open_frames, minimum=1, maximum=_LAST_FRAME)
        self._max_open_frames = max_open_frames
        self._label_names = Detections([], [], [], label_names=label_names).label_names
        self._stream = _core.Stream(self._options, max_open_frames)
        self._next_frame = 0
        self._num_rows = 0
        self._num_trajectories = 0
        self._cut_before = 0
        self._labelled: bool | None = None

    @property
    def options(self) -> LinkOptions:
        """Linking options."""
        return self._options

    @property
    def next_frame(self) -> int:
        """Default frame number of the next `push`."""
        return self._next_frame

    @property
    def num_open(self) -> int:
        """Number of detections kept because they may still change."""
        return self._stream.num_open_rows()

    @property
    def num_cut(self) -> int:
        """Number of cuts made because of `max_open_frames`."""
        return self._cut_before + self._stream.num_cut()

    def push(
        self, boxes: ArrayLike, scores: ArrayLike, labels: ArrayLike | None = None, frame: int | None = None
    ) -> StreamOutput:
        """Add the detections of the next frame.

        Parameters
        ----------
        boxes
            (n, 4) corners ``x1, y1, x2, y2`` in pixels; n may be 0.
        scores
            (n,) confidences.
        labels
            (n,) classes, in all frames with boxes or in none; default: 0.
        frame
            Frame number, greater than all before; default: `next_frame`. Skipped frames are empty.

        Returns
        -------
        StreamOutput
            The detections that this frame settles.

        Raises
        ------
        ValueError, TypeError
            As in `Detections`, if `frame` does not come after the last one, and if labels are given in some frames and
            missing in others; the linker is not changed.
        """
        number = self._next_frame if frame is None else as_count("frame", frame)
        if not self._next_frame <= number <= _LAST_FRAME:
            raise ValueError(
                f"frame: found {shown(number)}, expected a number from {self._next_frame} to {_LAST_FRAME}"
            )
        corners = as_corners(boxes)
        scores = as_reals("scores", scores, ndim=1)
        count = len(scores)
        classes = np.zeros(count, np.int32) if labels is None else as_integers("labels", labels)
        settled = None
        if len(corners) == count == len(classes):
            if count and self._labelled not in (None, labels is not None):
                found, expected = ("none", "labels") if labels is None else ("labels", "none")
                raise ValueError(f"labels: found {found}, expected {expected} as in earlier frames")
            rows = np.arange(self._num_rows, self._num_rows + count)
            settled = self._stream.push(corners, scores, classes, rows, number)
        if settled is None:
            Detections(boxes, scores, np.full(count, number, np.int32), labels)
            raise ValueError("boxes, scores: found values that changed during the call, expected them unchanged")
        self._next_frame = number + 1
        self._num_rows += count
        if count:
            self._labelled = labels is not None
        return self._settle(settled)

    def flush(self) -> StreamOutput:
        """End the video and settle everything that is open; later frames continue the numbering as another video."""
        return self._settle(self._stream.flush())

    def state_dict(self) -> dict[str, Any]:
        """Return the state from which another linker can continue: numbers, strings and arrays by name."""
        boxes, scores, frames, labels, rows = self._stream.open_rows()
        return {
            "version": _STATE_VERSION,
            "options": asdict(self._options),
            "max_open_frames": self._max_open_frames,
            "label_names": dict(self._label_names),
            "next_frame": self._next_frame,
            "num_rows": self._num_rows,
            "num_trajectories": self._num_trajectories,
            "num_cut": self.num_cut,
            "boxes": boxes,
            "scores": scores,
            "frames": frames,
            "labels": labels,
            "rows": rows,
        }

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any]) -> Linker:
        """Build a linker that continues exactly where the linker that returned `state` stopped.

        Raises
        ------
        ValueError
            If `state` is not a result of `state_dict`.
        """
        try:
            return cls._restored(state)
        except (ValueError, TypeError) as error:
            text = str(error)
            raise ValueError(text if text.startswith("state") else f"state, {text}") from error

    @classmethod
    def _restored(cls, state: Mapping[str, Any]) -> Linker:
        if not isinstance(state, Mapping):
            raise TypeError(f"state: found {type(state).__name__}, expected a result of state_dict")
        expected = Linker().state_dict()
        if state.get("version") != _STATE_VERSION or state.keys() != expected.keys():
            raise ValueError(f"state: found other keys, expected a result of state_dict (version {_STATE_VERSION})")
        options = state["options"]
        if not isinstance(options, Mapping) or options.keys() != expected["options"].keys():
            raise ValueError(f"options: found {shown(options)}, expected each option of LinkOptions")
        linker = cls(LinkOptions(**options), max_open_frames=state["max_open_frames"], label_names=state["label_names"])
        labels = as_integers("labels", state["labels"])
        given = Detections(state["boxes"], state["scores"], state["frames"], labels)
        rows = as_integers("rows", state["rows"], np.int64)
        next_frame = as_count("next_frame", state["next_frame"], maximum=_LAST_FRAME + 1)
        num_rows = as_count("num_rows", state["num_rows"], maximum=_LAST_ROW if next_frame else 0)
        settled = num_rows - len(rows)
        num_trajectories = as_count("num_trajectories", state["num_trajectories"], maximum=max(settled, 0))
        num_cut = as_count("num_cut", state["num_cut"], maximum=0 if linker._max_open_frames is None else _LAST_ROW)
        if len(rows) != len(given) or (np.diff(rows) <= 0).any() or (np.diff(given.frames) < 0).any():
            raise ValueError("state: found rows out of order, expected one per box, ascending, in frame order")
        if len(rows) and (rows[0] < 0 or rows[-1] >= num_rows or given.frames[-1] >= next_frame):
            raise ValueError(
                f"state: found rows or frames out of range, "
                f"expected rows from 0 to num_rows={num_rows} and frames below {next_frame}"
            )
        # Open components depend on their own links alone, so pushing them again restores them exactly.
        numbers, begins = np.unique(given.frames, return_index=True)
        for number, part in zip(numbers, np.split(np.arange(len(rows)), begins[1:]), strict=False):
            frame = given[part]
            linker._stream.push(frame.boxes, frame.scores, frame.labels, rows[part], int(number))
        if next_frame > 0 and (len(numbers) == 0 or numbers[-1] < next_frame - 1):
            empty = Detections([], [], [])
            linker._stream.push(empty.boxes, empty.scores, empty.labels, np.empty(0, np.int64), next_frame - 1)
        if linker.num_open != len(rows):
            raise ValueError(f"state: found {len(rows) - linker.num_open} boxes that are not open, expected none")
        linker._labelled = bool(given.labels.any()) or None
        linker._next_frame = next_frame
        linker._num_rows = num_rows
        linker._num_trajectories = num_trajectories
        linker._cut_before = num_cut
        return linker

    def _settle(self, given: tuple[_core._StreamRows, _core._TrajectoryColumns]) -> StreamOutput:
        (boxes, scores, frames, labels, rows), columns = given
        detections = Detections._of_checked(
            boxes=boxes,
            scores=scores,
            frames=frames,
            labels=labels,
            num_frames=self._next_frame,
            track_ids=None,
            label_names=self._label_names,
        )
        trajectories = Trajectories(detections, self._options, *columns)
        settled = StreamOutput(trajectories, rows, self._num_trajectories)
        self._num_trajectories += len(trajectories)
        return settled
