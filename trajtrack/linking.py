"""Link detections into trajectories."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core, gpu
from trajtrack.arguments import warn
from trajtrack.columns import as_count
from trajtrack.detections import BoxFormat, Detections
from trajtrack.flow_options import FlowConstants, FlowOptions
from trajtrack.inputs import DetectionsLike, as_detections
from trajtrack.methods import Method, resolve_method
from trajtrack.options import LinkOptions, resolve_options
from trajtrack.overrides import FlowOverrides, SeqNmsOverrides
from trajtrack.result_checks import warn_if_nothing_is_linked
from trajtrack.trajectories import Trajectories

if TYPE_CHECKING:
    from trajtrack._core import DeviceArray

__all__ = ["DeviceLinkGraph", "LinkGraph", "count_threads", "link", "link_flow", "link_graph"]


@dataclass(frozen=True, eq=False)
class LinkGraph:
    """Links between detections, in compressed sparse row form over the N input rows."""

    offsets: NDArray[np.int64]
    """(N + 1,) offsets: row i links to ``targets[offsets[i]:offsets[i + 1]]``."""
    targets: NDArray[np.int64]
    """(M,) linked input rows, each in a later frame than its source, ascending for each source row."""


@dataclass(frozen=True, eq=False)
class DeviceLinkGraph:
    """A `LinkGraph` in GPU memory.

    Its arrays have ``__cuda_array_interface__``: ``torch.as_tensor(graph.targets, device="cuda")`` and
    ``cupy.asarray(graph.targets)`` use them without a copy. No work on them is pending.
    """

    offsets: DeviceArray
    """(N + 1,) int64, as in `LinkGraph`."""
    targets: DeviceArray
    """(M,) int64, as in `LinkGraph`."""

    def to_host(self) -> LinkGraph:
        """Copy the graph to main memory."""
        return LinkGraph(self.offsets.to_host(), self.targets.to_host())


@overload
def link(
    detections: DetectionsLike,
    options: FlowOptions | None = None,
    *,
    box_format: BoxFormat | None = None,
    method: Literal["flow"] | None = None,
    num_threads: int | None = None,
    device: Literal["cpu"] | None = None,
    **overrides: Unpack[FlowOverrides],
) -> Trajectories: ...
@overload
def link(
    detections: DetectionsLike,
    options: LinkOptions | None = None,
    *,
    box_format: BoxFormat | None = None,
    method: Literal["seq-nms"] | None = None,
    num_threads: int | None = None,
    device: str | None = None,
    **overrides: Unpack[SeqNmsOverrides],
) -> Trajectories: ...
@overload
def link(
    detections: DetectionsLike,
    options: LinkOptions | FlowOptions | None = None,
    *,
    box_format: BoxFormat | None = None,
    method: Method | None = None,
    num_threads: int | None = None,
    device: str | None = None,
) -> Trajectories: ...
def link(
    detections: DetectionsLike,
    options: LinkOptions | FlowOptions | None = None,
    *,
    box_format: BoxFormat | None = None,
    method: Method | None = None,
    num_threads: int | None = None,
    device: str | None = None,
    **overrides: Any,
) -> Trajectories:
    """Link the detections of a video into trajectories.

    Parameters
    ----------
    detections
        The detections of one video: `Detections`; the path of a file; one entry per frame, as in
        `Detections.from_frames`, or a tuple (boxes, scores, labels), from a list, generator or (T, n, 5 or 6) array; a
        mapping from frame to entry; a table, as in `Detections.from_table`; columns ``xyxy``, ``conf``, ``cls`` and
        ``frame``; or an array whose 6 or 7 columns are frame, box, score, label, if no other reading fits. Rows of the
        result refer to the order given.
    options
        Linking options, of the class of the method; default: its defaults.
    box_format
        Format of boxes in arrays and in columns of boxes: ``"xyxy"`` (default), ``"xywh"`` or ``"cxcywh"``.
    method
        ``"flow"``: minimum-cost flow, the most accurate tracks, with nothing to set. ``"seq-nms"``: Seq-NMS with links
        across gaps, with the detector's own boxes and scores. Default: the method of `options`, or Seq-NMS if an
        override is an option that only it has, or ``"flow"``.
    num_threads
        Number of threads; default: the number of cores that the process may use. Results do not depend on it.
    device
        Device that builds the linking graph: ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or None for the device of the boxes.
        Results do not depend on it and are in main memory. ``"flow"`` runs on the CPU.
    **overrides
        Fields of `FlowOptions` or, for ``"seq-nms"``, of `LinkOptions` that replace those of `options`.

    Returns
    -------
    Trajectories
        Ordered by path sum, descending; then start frame, then start row. The sum is that of the log odds of the
        confidences or, for ``"seq-nms"``, of the scores.

    Raises
    ------
    TypeError
        If an override is not an option of the method, or `detections` are of no known kind.
    ValueError
        If an option is out of range, or `detections` are invalid or may mean several things.
    RuntimeError
        If the requested GPU cannot be used, or CUDA fails; the message quotes CUDA.
    MemoryError
        If the GPU does not have enough memory. Later calls are not affected.

    Warns
    -----
    TrajtrackWarning
        If no detection is linked, with the likely reason; if ``"flow"`` cannot calibrate the scores, because even
        detections of the highest scores do not persist, except for scores from 0 to 1 in at most 8 frames, which are
        taken as probabilities.
    """
    options = resolve_method(options, method, overrides)
    if box_format is not None or not isinstance(detections, Detections):
        detections = as_detections(detections, box_format=box_format)
    threads = count_threads(num_threads)
    chosen = _device(detections, device)
    if isinstance(options, FlowOptions):
        if device is not None and chosen is not None:
            raise ValueError(f"device: found {device!r} with method='flow', expected 'cpu' or method='seq-nms'")
        return link_flow(detections, options, FlowConstants(), threads)
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
    tracks = Trajectories(detections, options, *result)
    warn_if_nothing_is_linked(tracks)
    return tracks


def link_flow(detections: Detections, options: FlowOptions, constants: FlowConstants, num_threads: int) -> Trajectories:
    """Link by minimum-cost flow with these constants; `link` uses the defaults.

    Warns
    -----
    TrajtrackWarning
        If confidences cannot be calibrated, or no detection is linked.
    """
    columns, smoothed, calibrated = _core.link_flow(
        detections.boxes,
        detections.scores,
        detections.frames,
        detections.labels,
        options,
        constants,
        num_threads,
    )
    tracks = Trajectories(detections, options, *columns, smoothed=smoothed if options.smooth else None)
    if calibrated:
        warn_if_nothing_is_linked(tracks)
    else:
        warn(
            "scores: found that even the detections of the highest scores do not persist, expected them to, because "
            "scores are calibrated by persistence; confidences may be wrong"
        )
    return tracks


@overload
def link_graph(
    detections: Detections,
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    device: Literal["cpu"] | None = None,
    **overrides: Unpack[SeqNmsOverrides],
) -> LinkGraph: ...
@overload
def link_graph(
    detections: Detections,
    options: LinkOptions | None = None,
    *,
    num_threads: int | None = None,
    device: str,
    **overrides: Unpack[SeqNmsOverrides],
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

    With ``device="cuda"`` or ``"cuda:N"`` the result stays on the GPU, as a `DeviceLinkGraph`. With None the graph is
    built on the device of the boxes and returned in main memory.
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


def _device(detections: Any, device: str | None) -> int | None:
    """Return the index of the GPU that builds the graph, or None for the CPU."""
    if not isinstance(detections, Detections):
        raise TypeError(f"detections: found {type(detections).__name__}, expected trajtrack.Detections")
    columns = detections._on_gpu
    return gpu.choose_device(device, None if columns is None else columns.device)


def _columns_on(detections: Detections, device: int) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
    """Return boxes, scores, frames and labels on a GPU, copied there if necessary."""
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
    """Return `num_threads` or, if it is None, the number of cores that this process may use."""
    if num_threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return as_count("num_threads", num_threads, minimum=1, maximum=1024)
