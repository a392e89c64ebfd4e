"""Several sets of trajectories of one video on a page: results of trackers, and the ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.viewer.content import Content

__all__ = ["Joined", "join"]


@dataclass(frozen=True, eq=False)
class Joined:
    """The trajectories of several sources, one source after the other, then all untracked boxes by frame."""

    content: Content
    """All boxes; identities are unique within each source alone."""
    track_sources: NDArray[np.int8]
    """(K,) index of the source of each trajectory."""
    untracked_sources: NDArray[np.int8]
    """Index of the source of each untracked box."""


def join(contents: Sequence[Content]) -> Joined:
    """Join the contents of several sources; class names of earlier ones take precedence."""
    sizes = [int(content.offsets[-1]) for content in contents]
    counts = [len(content.track_ids) for content in contents]
    lengths = [len(content.frames) for content in contents]
    begins = np.cumsum([0, *lengths])
    all_frames = np.concatenate([content.frames for content in contents])
    linked = [begin + np.arange(size) for begin, size in zip(begins, sizes, strict=False)]
    others = np.concatenate(
        [np.arange(begin + size, begin + n) for begin, size, n in zip(begins, sizes, lengths, strict=False)]
    )
    others = others[np.argsort(all_frames[others], kind="stable")].astype(np.int64)
    order = np.concatenate([*linked, others]).astype(np.int64)
    row_of = np.empty(len(order), np.int32)
    row_of[order] = np.arange(len(order), dtype=np.int32)
    suppressed_by = np.concatenate(
        [
            np.where(content.suppressed_by >= 0, content.suppressed_by + begin, -1)
            for content, begin in zip(contents, begins, strict=False)
        ]
    )[order]
    has_other = suppressed_by >= 0
    suppressed_by[has_other] = row_of[suppressed_by[has_other]]
    source_of_row = np.repeat(np.arange(len(contents), dtype=np.int8), lengths)
    track_sources = np.repeat(np.arange(len(contents), dtype=np.int8), counts)

    def column(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(content, name) for content in contents])

    content = Content(
        frames=all_frames[order],
        boxes=column("boxes")[order],  # type: ignore[arg-type]
        scores=column("scores")[order],  # type: ignore[arg-type]
        labels=column("labels")[order],  # type: ignore[arg-type]
        reasons=column("reasons")[order],  # type: ignore[arg-type]
        suppressed_by=suppressed_by.astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum(np.concatenate([np.diff(each.offsets) for each in contents]))]).astype(
            np.int32
        ),
        track_ids=column("track_ids"),  # type: ignore[arg-type]
        track_labels=column("track_labels"),  # type: ignore[arg-type]
        track_scores=column("track_scores"),  # type: ignore[arg-type]
        num_frames=max(each.num_frames for each in contents),
        label_names={label: name for each in reversed(contents) for label, name in each.label_names.items()},
    )
    return Joined(content, track_sources, source_of_row[others])
