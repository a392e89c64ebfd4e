"""Adapters from detections to each peer's input and from its output to tracks: one class per library.

Libraries are imported on first use and the module itself needs only NumPy, so that every peer can run in its own
environment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Frame(NamedTuple):
    """The detections of a frame."""

    boxes: Floats
    """(n, 4) corners."""
    scores: Floats
    labels: NDArray[np.int32]


class Tracks(NamedTuple):
    """Tracks that a peer returns for a frame."""

    ids: Sequence[Hashable]
    """Track identifier of each box, constant over frames."""
    boxes: NDArray[np.floating[Any]]
    """(k, 4) corners."""


class Peer(ABC):
    """A linker with its default settings."""

    package: ClassVar[str] = ""
    """Name of the distribution on the package index."""
    returns: ClassVar[str] = "detections"
    """Kind of boxes in the tracks: the detections, or others, such as those of a filter."""
    largest: ClassVar[int | None] = None
    """Maximum number of detections; larger inputs are skipped."""

    def __init__(self, settings: str) -> None:
        self.settings = settings

    @abstractmethod
    def convert(self, frames: list[Frame]) -> Any:
        """Convert the detections to the input format of the peer; not timed."""

    @abstractmethod
    def run(self, inputs: Any) -> object:
        """Link a whole video; this is what is timed."""

    @abstractmethod
    def tracks(self, frames: list[Frame]) -> Iterator[Tracks]:
        """Link a whole video and yield the tracks of each frame."""


class OnlinePeer(Peer):
    """A linker that takes one frame at a time."""

    @abstractmethod
    def frame(self, frame: Frame) -> Any:
        """Convert a frame to the input format of the peer."""

    @abstractmethod
    def start(self) -> Callable[[Any], Any]:
        """Create a tracker and return its function that takes a frame."""

    @abstractmethod
    def read(self, frame: Frame, output: Any) -> Tracks:
        """Read the output of a step, before the next step."""

    def convert(self, frames: list[Frame]) -> Any:
        return [self.frame(frame) for frame in frames]

    def run(self, inputs: Any) -> object:
        step = self.start()
        return [step(frame) for frame in inputs]

    def tracks(self, frames: list[Frame]) -> Iterator[Tracks]:
        step = self.start()
        for frame in frames:
            yield self.read(frame, step(self.frame(frame)))


class OfflinePeer(Peer):
    """A linker that takes the whole video."""

    @abstractmethod
    def identities(self, frames: list[Frame]) -> Sequence[NDArray[np.int64]]:
        """Return the track identifier of each detection of each frame, -1 for none."""

    def tracks(self, frames: list[Frame]) -> Iterator[Tracks]:
        for frame, ids in zip(frames, self.identities(frames), strict=True):
            yield Tracks(ids[ids >= 0].tolist(), frame.boxes[ids >= 0])


class Trajtrack(OfflinePeer):
    """trajtrack itself, from NumPy columns to `Trajectories`, on one thread."""

    package = "trajtrack"

    def __init__(self, settings: str, **options: Any) -> None:
        super().__init__(settings)
        self.options = options

    def convert(self, frames: list[Frame]) -> Any:
        numbers = np.repeat(np.arange(len(frames), dtype=np.int32), [len(frame.boxes) for frame in frames])
        boxes, scores, labels = (np.concatenate(column) for column in zip(*frames, strict=True))
        return boxes, scores, numbers, labels, len(frames)

    def run(self, inputs: Any) -> object:
        import trajtrack

        return trajtrack.link(trajtrack.Detections(*inputs), num_threads=1, **self.options)

    def identities(self, frames: list[Frame]) -> Sequence[NDArray[np.int64]]:
        found: Any = self.run(self.convert(frames))
        return np.split(found.track_ids, np.cumsum([len(frame.boxes) for frame in frames])[:-1])


class Trackforge(OnlinePeer):
    package = "trackforge"
    returns = "its own boxes"

    def __init__(self, settings: str, tracker: str) -> None:
        super().__init__(settings)
        self.tracker = tracker

    def frame(self, frame: Frame) -> Any:
        boxes = _left_top_size(frame.boxes).tolist()
        return list(zip(boxes, frame.scores.tolist(), frame.labels.tolist(), strict=True))

    def start(self) -> Callable[[Any], Any]:
        return getattr(import_module("trackforge"), self.tracker)().update  # type: ignore[no-any-return]

    def read(self, frame: Frame, output: Any) -> Tracks:
        boxes = np.array([track[1] for track in output], np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return Tracks([track[0] for track in output], boxes)


class Similari(OnlinePeer):
    package = "similari-trackers-rs"

    def frame(self, frame: Frame) -> Any:
        from similari import BoundingBox

        boxes = _left_top_size(frame.boxes).tolist()
        return [
            (BoundingBox.new_with_confidence(*box, score).as_xyaah(), row)
            for row, (box, score) in enumerate(zip(boxes, frame.scores.tolist(), strict=True))
        ]

    def start(self) -> Callable[[Any], Any]:
        from similari import PositionalMetricType, Sort

        sort = Sort(method=PositionalMetricType.iou(threshold=0.3))

        def step(boxes: Any) -> Any:
            tracks = sort.predict(boxes)
            sort.clear_wasted()  # otherwise memory grows
            return tracks

        return step

    def read(self, frame: Frame, output: Any) -> Tracks:
        return Tracks([track.id for track in output], frame.boxes[[track.custom_object_id for track in output]])


class Roboflow(OnlinePeer):
    """Trackers of roboflow/trackers; `options` replaces only defaults that need images."""

    package = "trackers"

    def __init__(self, settings: str, tracker: str, **options: Any) -> None:
        super().__init__(settings)
        self.tracker, self.options = tracker, options

    def frame(self, frame: Frame) -> Any:
        return _supervision_detections(frame)

    def start(self) -> Callable[[Any], Any]:
        return getattr(import_module("trackers"), self.tracker)(**self.options).update  # type: ignore[no-any-return]

    def read(self, frame: Frame, output: Any) -> Tracks:
        if output.tracker_id is None:
            return Tracks([], np.empty((0, 4)))
        known = output.tracker_id >= 0
        return Tracks(output.tracker_id[known].tolist(), output.xyxy[known])


class Supervision(Roboflow):
    package = "supervision"

    def __init__(self, settings: str) -> None:
        super().__init__(settings, "ByteTrack")

    def start(self) -> Callable[[Any], Any]:
        return import_module("supervision").ByteTrack().update_with_detections  # type: ignore[no-any-return]


class Norfair(OnlinePeer):
    package = "norfair"
    returns = "filtered boxes, and predictions while an object is missed"

    def frame(self, frame: Frame) -> Any:
        from norfair import Detection

        return [
            Detection(points=box.reshape(2, 2), scores=np.array([score, score]), label=label)
            for box, score, label in zip(
                frame.boxes.astype(np.float64), frame.scores.tolist(), frame.labels.tolist(), strict=True
            )
        ]

    def start(self) -> Callable[[Any], Any]:
        from norfair import Tracker

        return Tracker(distance_function="iou", distance_threshold=0.7).update  # type: ignore[no-any-return]

    def read(self, frame: Frame, output: Any) -> Tracks:
        boxes = np.array([track.estimate for track in output], np.float64).reshape(-1, 4)
        return Tracks([track.id for track in output], boxes)


class Motpy(OnlinePeer):
    package = "motpy"
    returns = "filtered boxes, and predictions while an object is missed"

    def frame(self, frame: Frame) -> Any:
        from motpy import Detection

        boxes = frame.boxes.astype(np.float64)
        return [
            Detection(box=box, score=score, class_id=label)
            for box, score, label in zip(boxes, frame.scores.tolist(), frame.labels.tolist(), strict=True)
        ]

    def start(self) -> Callable[[Any], Any]:
        from motpy import MultiObjectTracker

        return MultiObjectTracker(dt=1 / 30).step  # type: ignore[no-any-return]

    def read(self, frame: Frame, output: Any) -> Tracks:
        boxes = np.array([track.box for track in output], np.float64).reshape(-1, 4)
        return Tracks([track.id for track in output], boxes)


class LapTrack(OfflinePeer):
    package = "laptrack"

    def convert(self, frames: list[Frame]) -> Any:
        return [(frame.boxes[:, :2] + frame.boxes[:, 2:]).astype(np.float64) / 2 for frame in frames]

    def run(self, inputs: Any) -> object:
        from laptrack import LapTrack as Linker

        return Linker().predict(inputs)

    def identities(self, frames: list[Frame]) -> Sequence[NDArray[np.int64]]:
        return _components(frames, self.run(self.convert(frames)))


class Motile(OfflinePeer):
    """Integer programming over a candidate graph, which is built before the clock starts."""

    package = "motile"
    largest = 20_000

    def convert(self, frames: list[Frame]) -> Any:
        import networkx

        graph = networkx.DiGraph()
        for number, frame in enumerate(frames):
            graph.add_nodes_from(((number, row), {"t": number}) for row in range(len(frame.boxes)))
        for number, (one, other) in enumerate(pairwise(frames)):
            overlap = _overlap(one.boxes, other.boxes)
            for row, target in np.argwhere(overlap >= 0.1).tolist():
                cost = 1 - float(overlap[row, target])
                graph.add_edge((number, row), (number + 1, target), cost=cost)
        return graph

    def run(self, inputs: Any) -> object:
        import motile
        from motile.constraints import MaxChildren, MaxParents
        from motile.costs import EdgeSelectedCost, NodeAppearCost, NodeSelectedCost

        solver = motile.Solver(motile.TrackGraph(inputs))
        solver.add_cost(NodeSelectedCost(constant=-1.0))
        solver.add_cost(EdgeSelectedCost(weight=1.0, attribute="cost"))
        solver.add_cost(NodeAppearCost(constant=1.0))
        solver.add_constraint(MaxParents(1))
        solver.add_constraint(MaxChildren(1))
        solver.solve()
        return solver.get_selected_subgraph()

    def identities(self, frames: list[Frame]) -> Sequence[NDArray[np.int64]]:
        found: Any = self.run(self.convert(frames))
        return _components(frames, found.to_nx_graph())


class BoxMOT(OnlinePeer):
    """Trackers in Python; those in C++ are not part of the distribution and must be built by users."""

    package = "boxmot"
    returns = "filtered boxes"

    def __init__(self, settings: str, tracker: str, **options: Any) -> None:
        super().__init__(settings)
        self.tracker, self.options = tracker, options

    def frame(self, frame: Frame) -> Any:
        return np.column_stack([frame.boxes, frame.scores, frame.labels]).astype(np.float32)

    def start(self) -> Callable[[Any], Any]:
        return getattr(import_module("boxmot"), self.tracker)(**self.options).update  # type: ignore[no-any-return]

    def read(self, frame: Frame, output: Any) -> Tracks:
        return _rows_with_id(output)


class Ultralytics(OnlinePeer):
    package = "ultralytics"
    returns = "filtered boxes"

    def frame(self, frame: Frame) -> Any:
        from ultralytics.engine.results import Boxes

        columns = np.column_stack([frame.boxes, frame.scores, frame.labels]).astype(np.float32)
        return Boxes(columns, (2160, 3840))

    def start(self) -> Callable[[Any], Any]:
        from ultralytics.trackers.byte_tracker import BYTETracker
        from ultralytics.utils import YAML, IterableSimpleNamespace
        from ultralytics.utils.checks import check_yaml

        settings = IterableSimpleNamespace(**YAML.load(check_yaml("bytetrack.yaml")))
        return BYTETracker(settings).update  # type: ignore[no-any-return]

    def read(self, frame: Frame, output: Any) -> Tracks:
        return _rows_with_id(output)


def _left_top_size(boxes: Floats) -> Floats:
    return np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])


def _supervision_detections(frame: Frame) -> Any:
    from supervision import Detections

    return Detections(xyxy=frame.boxes, confidence=frame.scores, class_id=frame.labels.astype(np.int64))


def _rows_with_id(output: Any) -> Tracks:
    """Read rows of corners, track identifier and further columns."""
    rows = np.asarray(output, np.float64)
    if len(rows) == 0:
        return Tracks([], np.empty((0, 4)))
    return Tracks(rows[:, 4].astype(np.int64).tolist(), rows[:, :4])


def _overlap(a: Floats, b: Floats) -> NDArray[np.float64]:
    one, other = a[:, None].astype(np.float64), b[None, :].astype(np.float64)
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=-1)
    union = (one[..., 2:] - one[..., :2]).prod(axis=-1) + (other[..., 2:] - other[..., :2]).prod(axis=-1) - shared
    return shared / np.maximum(union, 1e-9)  # type: ignore[no-any-return]


def _components(frames: list[Frame], graph: Any) -> list[NDArray[np.int64]]:
    """Number the connected components of a graph of (frame, row)."""
    import networkx

    ids = [np.full(len(frame.boxes), -1, np.int64) for frame in frames]
    for number, nodes in enumerate(networkx.weakly_connected_components(graph)):
        for frame, row in nodes:
            ids[frame][row] = number
    return ids


PEERS: dict[str, Peer] = {
    "trajtrack": Trajtrack("defaults"),
    "trajtrack, seq-nms": Trajtrack("Seq-NMS with gaps", method="seq-nms"),
    "trajtrack, seq-nms, max_gap=0": Trajtrack("classic Seq-NMS", method="seq-nms", max_gap=0),
    "trackforge SORT": Trackforge("SORT(): overlap 0.3, min_hits 3, max_age 1", "SORT"),
    "trackforge ByteTrack": Trackforge("BYTETRACK(): scores from 0.5, new tracks from 0.6, buffer 30", "BYTETRACK"),
    "trackforge BoT-SORT": Trackforge("BOTSORT(): scores from 0.5, new tracks from 0.6, buffer 30", "BOTSORT"),
    "trackforge TrackTrack": Trackforge("TRACKTRACK(): scores from 0.6, new tracks from 0.7, buffer 30", "TRACKTRACK"),
    "trackforge OC-SORT": Trackforge("OCSORT(): overlap 0.3, min_hits 3, max_age 30", "OCSORT"),
    "Similari Sort": Similari("Sort(method=iou(0.3)): 4 shards, max_idle_epochs 5; overlap as in its README"),
    "trackers SORT": Roboflow("SORTTracker(): overlap 0.3, 3 frames, buffer 30", "SORTTracker"),
    "trackers ByteTrack": Roboflow("ByteTrackTracker(): overlap 0.1, tracks from 0.7, buffer 30", "ByteTrackTracker"),
    "trackers OC-SORT": Roboflow("OCSORTTracker(): overlap 0.3, scores from 0.6, 3 frames, buffer 30", "OCSORTTracker"),
    "trackers C-BIoU": Roboflow("CBIoUTracker(): new tracks from 0.7, buffers 0.3 and 0.5", "CBIoUTracker"),
    "trackers BoT-SORT": Roboflow(
        "BoTSORTTracker(enable_cmc=False), because no images are given: new tracks from 0.7",
        "BoTSORTTracker",
        enable_cmc=False,
    ),
    "supervision ByteTrack": Supervision("ByteTrack(): new tracks from 0.35, buffer 30; removed from supervision 0.31"),
    "norfair": Norfair('Tracker("iou", 0.7), the threshold of its demos: hit_counter_max 15, initialization_delay 7'),
    "motpy": Motpy("MultiObjectTracker(dt=1/30): overlap 0.1"),
    "LapTrack": LapTrack("LapTrack() on centres: 15 pixels, gaps of 2 frames"),
    "motile": Motile("selection -1, appearance 1, link 1 - overlap; candidates overlap by 0.1 in successive frames"),
    "BoxMOT SFSORT": BoxMOT(
        "SFSORT(frame_width=3840, frame_height=2160), which its other defaults do not use: new tracks from 0.7",
        "SFSORT",
        frame_width=3840,
        frame_height=2160,
    ),
    "BoxMOT ByteTrack": BoxMOT("ByteTrack(): scores from 0.45, buffer 25", "ByteTrack"),
    "BoxMOT OC-SORT": BoxMOT("OcSort(): min_conf 0.1, delta_t 3", "OcSort"),
    "Ultralytics ByteTrack": Ultralytics("bytetrack.yaml: scores from 0.25, buffer 30"),
}
"""trajtrack and its peers, by name."""
