"""Linking: detections in, trajectories out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core, gpu
from trajtrack.columns import as_count
from trajtrack.detections import Detections
from trajtrack.trajectories import Trajectories

if TYPE_CHECKING:
    from trajtrack._core import DeviceArray

__all__ = ["DeviceLinkGraph", "LinkGraph", "LinkOptions", "link", "link_graph"]

Rescore = Literal["mean", "max", "sum"]

_LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True)
class LinkOptions:
    """How detections are linked. Thresholds are rounded to float32 before use.

    Raises
    ------
    ValueError, TypeError
        Naming the option, what was found and what was expected.
    """

    min_score: float = -math.inf
    """Rows with a lower score are dropped before anything else."""
    iou_threshold: float = 0.5
    """Overlap (intersection over union) by which boxes of successive frames are linked, 0 to 1; 0 is any overlap."""
    buffer: float = 0.0
    """Share of its width and height by which a box grows on each side before links are tested, 0 to 100."""
    max_gap: int = 10
    """Number of frames that a link may jump, from a detection without a link to the next frame to one without a link
    from the frame before; 0 is classic Seq-NMS."""
    gap_iou_threshold: float = 0.2
    """Overlap by which boxes are linked across a gap, the earlier one moved as its motion suggests; 0 to 1."""
    motion_frames: int = 10
    """Number of frames back over which that motion is measured; 0 expects a box where it was."""
    max_shape_change: float = 2.0
    """Largest ratio of areas and of aspect ratios of two boxes linked across a gap, 1 to 1e6."""
    nms_threshold: float = 0.7
    """Overlap by which a box of a chosen path suppresses other boxes of its frame, 0 to 1."""
    class_agnostic: bool = False
    """Whether boxes of different labels may be linked and suppress one another."""
    min_length: int = 1
    """Trajectories of fewer detections are dropped; what they suppressed stays suppressed."""
    rescore: Rescore = "mean"
    """Score of a trajectory: the mean, the maximum or the sum of the scores of its detections."""

    def __post_init__(self) -> None:
        for name in ("iou_threshold", "gap_iou_threshold", "nms_threshold"):
            _check_number(name, getattr(self, name), 0.0, 1.0)
        _check_number("min_score", self.min_score, -math.inf, math.inf)
        _check_number("buffer", self.buffer, 0.0, 100.0)
        _check_number("max_shape_change", self.max_shape_change, 1.0, 1e6)
        as_count("max_gap", self.max_gap, maximum=_LARGEST_COUNT)
        as_count("motion_frames", self.motion_frames, maximum=_LARGEST_COUNT)
        as_count("min_length", self.min_length, minimum=1, maximum=_LARGEST_COUNT)
        _check_choice("rescore", self.rescore, ("mean", "max", "sum"))
        if not isinstance(self.class_agnostic, bool | np.bool_):
            raise TypeError(f"class_agnostic: expected True or False, found {self.class_agnostic!r}")


@dataclass(frozen=True, eq=False)
class LinkGraph:
    """Links between detections, in compressed sparse row form over the N input rows."""

    offsets: NDArray[np.int64]
    """(N + 1,) row i links to ``targets[offsets[i]:offsets[i + 1]]``."""
    targets: NDArray[np.int64]
    """(M,) input rows in a later frame, ascending for each row."""


@dataclass(frozen=True, eq=False)
class DeviceLinkGraph:
    """A `LinkGraph` in the memory of a GPU.

    Its arrays have ``__cuda_array_interface__``: ``torch.as_tensor(graph.targets, device="cuda")`` and
    ``cupy.asarray(graph.targets)`` take them without a copy. All work on them is done.
    """

    offsets: DeviceArray
    """(N + 1,) int64."""
    targets: DeviceArray
    """(M,) int64."""

    def to_host(self) -> LinkGraph:
        """Copy the graph to main memory."""
        return LinkGraph(self.offsets.to_host(), self.targets.to_host())


def link(
    detections: Detections,
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    device: str | None = None,
    **overrides: Any,
) -> Trajectories:
    """Link the detections of a video into trajectories: Seq-NMS with links across gaps.

    Parameters
    ----------
    detections
        The detections of one video.
    options
        How to link; the defaults where left out.
    num_threads
        Threads to use; as many as the process may use cores where left out. Results do not depend on it.
    device
        Where the linking graph is built: ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or None for where the boxes are. Results
        do not depend on it, and are in main memory.
    **overrides
        Fields of `LinkOptions` that replace those of `options`.

    Returns
    -------
    Trajectories
        In the order of extraction: path sum descending, then start frame, then start row.

    Raises
    ------
    TypeError
        When an override is no field of `LinkOptions` or `detections` is no `Detections`.
    ValueError
        When an option is out of its range.
    RuntimeError
        When a GPU is asked for that cannot be used, or CUDA fails; in CUDA's own words.
    MemoryError
        When the GPU has not enough memory. The next call works.
    """
    chosen = _device(detections, device)
    options = resolve_options(options, overrides)
    threads = count_threads(num_threads)
    if chosen is None:
        result = _core.link(detections.boxes, detections.scores, detections.frames, detections.labels, options, threads)
    else:
        result = _core.link_cuda(
            *_columns_on(detections, chosen),
            detections.scores,
            detections.frames,
            detections.labels,
            options,
            threads,
        )
    return Trajectories(detections, options, *result)


@overload
def link_graph(
    detections: Detections,
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    device: Literal["cpu"] | None = None,
    **overrides: Any,
) -> LinkGraph: ...
@overload
def link_graph(
    detections: Detections,
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    device: str,
    **overrides: Any,
) -> LinkGraph | DeviceLinkGraph: ...
def link_graph(
    detections: Detections,
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    device: str | None = None,
    **overrides: Any,
) -> LinkGraph | DeviceLinkGraph:
    """Build the graph of links between detections, before any path is chosen; parameters as in `link`.

    With ``device="cuda"`` or ``"cuda:N"`` the result stays there, as a `DeviceLinkGraph`. With None it is built where
    the boxes are and returned in main memory.
    """
    chosen = _device(detections, device)
    options = resolve_options(options, overrides)
    threads = count_threads(num_threads)
    if chosen is None:
        return LinkGraph(
            *_core.link_graph(
                detections.boxes, detections.scores, detections.frames, detections.labels, options, threads
            )
        )
    graph = DeviceLinkGraph(*_core.link_graph_cuda(*_columns_on(detections, chosen), options))
    return graph if device is not None else graph.to_host()


def resolve_options(options: LinkOptions | None, overrides: Mapping[str, Any]) -> LinkOptions:
    """Return `options`, or the defaults, with the fields in `overrides` replaced."""
    if options is None:
        options = _DEFAULTS
    elif not isinstance(options, LinkOptions):
        raise TypeError(f"options: expected trajtrack.LinkOptions, found {type(options).__name__}")
    if not overrides:
        return options
    unknown = overrides.keys() - _NAMES
    if unknown:
        raise TypeError(f"unknown option {min(unknown)!r}, expected one of {', '.join(sorted(_NAMES))}")
    return replace(options, **overrides)


def _device(detections: Any, device: str | None) -> int | None:
    """Return the number of the GPU on which to build the graph, None for the CPU."""
    if not isinstance(detections, Detections):
        raise TypeError(f"detections: expected trajtrack.Detections, found {type(detections).__name__}")
    columns = detections._on_gpu
    return gpu.choose_device(device, None if columns is None else columns.device)


def _columns_on(detections: Detections, device: int) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
    """Return boxes, scores, frames and labels on a GPU, copied there where they are not."""
    columns = detections._on_gpu
    if columns is not None and columns.device == device:
        return columns.views()
    return (
        gpu.upload(detections.boxes, device),
        gpu.upload(detections.scores, device),
        gpu.upload(detections.frames, device),
        gpu.upload(detections.labels, device),
    )


def count_threads(num_threads: int | None) -> int:
    """Return `num_threads`, or where it is None the number of cores that this process may use."""
    if num_threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return as_count("num_threads", num_threads, minimum=1, maximum=1024)


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, found {value!r}") from None
    if isinstance(value, str | bytes):
        raise TypeError(f"{name}: expected a number, found {value!r}")
    if not low <= number <= high:
        raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, found {value!r}")


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, found {value!r}")


_DEFAULTS = LinkOptions()
_NAMES = frozenset(field.name for field in fields(LinkOptions))
