"""Speed and memory of single-threaded linking, compared with trackforge's ByteTrack.

The benchmark times the path from NumPy columns (float32 boxes and scores, int32 frames and labels) to
`Trajectories`: validation in `Detections(...)` and linking in `link(...)`. Gathering the boxes of trajectories
happens on demand and is not included. Every scene is linked with ``max_gap=0`` (classic Seq-NMS) and with the
defaults, in alternation, in a process that holds nothing else. The 1 million and 10 million boxes of the scaling
ratio alternate too, as does ByteTrack, whose input lists are built before the clock starts. Peak memory is what the
same two calls need on top of their inputs, including results, each measured in a fresh process.

The scenes come from `trajtrack.scenes.make_scene` with a fixed seed and the options in `GROUPS`. A scene named
"300 x 300" has 300 frames of about 300 boxes; missed objects and false positives make the number vary.

Command::

    pip install . trackforge
    python benchmarks/link.py [--quick] [--json FILE]

It takes about two minutes and 3 GB of memory. ``--quick`` skips the 10 million boxes, runs everything else three
times and takes less than a minute. If trackforge is not installed, only trajtrack is measured.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import multiprocessing
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections, FlowOptions, LinkOptions, Trajectories, _core, link, link_graph
from trajtrack.scenes import SceneOptions, make_scene

Result = TypeVar("Result")


class Columns(NamedTuple):
    """Input columns, in the argument order of `Detections`."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    frames: NDArray[np.int32]
    labels: NDArray[np.int32]


OPTIONS: dict[str, LinkOptions | FlowOptions] = {
    "max_gap=0": LinkOptions(max_gap=0),
    "defaults": LinkOptions(),
    "method=flow": FlowOptions(),
}

_SCENE = SceneOptions(num_classes=1, seed=2)  # one class gives the most candidate links
_WIDE = replace(_SCENE, image_width=3840, image_height=2160, mean_life=800)


@dataclass(frozen=True)
class Case:
    """A scene to link."""

    name: str
    scene: SceneOptions
    repeats: int
    slow: bool = False


SMALL = Case("300 x 300", replace(_WIDE, num_frames=300, objects_per_frame=335, false_positives=15), 21)
MILLION = Case("5,000 x 200", replace(_WIDE, num_frames=5_000, objects_per_frame=220, false_positives=10), 11)
TEN_MILLION = Case(
    "50,000 x 200",
    replace(_WIDE, num_frames=50_000, objects_per_frame=220, false_positives=10),
    5,
    slow=True,
)
CROWD = Case(
    "100 x 10,000",
    replace(
        _SCENE,
        num_frames=100,
        objects_per_frame=11_000,
        false_positives=500,
        image_width=16_384,
        image_height=16_384,
        mean_life=4_000,
    ),
    11,
)
# The cases of a group are timed in alternation.
GROUPS: tuple[tuple[Case, ...], ...] = (
    (SMALL,),
    (MILLION, TEN_MILLION),
    (Case("50,000 x 20", replace(_SCENE, num_frames=50_000, objects_per_frame=22), 11),),
    (CROWD,),
    (
        Case(
            "500 x 300 raw proposals",
            replace(
                _SCENE,
                num_frames=500,
                objects_per_frame=36,
                proposals_per_object=10,
                jitter=0.08,
                false_positives=15,
            ),
            21,
        ),
    ),
)


@dataclass(frozen=True)
class Timing:
    """Seconds of repeated runs."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        return f"{min(self.seconds) * 1e3:.1f}–{max(self.seconds) * 1e3:.1f}"


@dataclass(frozen=True)
class Row:
    """Measurements of one scene with one set of options."""

    scene: str
    options: str
    detections: int
    links: int | None
    trajectories: int
    timing: Timing
    peak_bytes: int

    @property
    def links_per_detection(self) -> float | None:
        return None if self.links is None else self.links / self.detections

    @property
    def nanoseconds(self) -> float:
        """Median time per detection."""
        return self.timing.median / self.detections * 1e9

    @property
    def bytes_per_detection(self) -> float:
        return self.peak_bytes / self.detections

    @property
    def bytes_allowed(self) -> float:
        """Memory bound: 120 bytes per detection and 16 for each link beyond two per detection; for the flow, 300."""
        if self.links_per_detection is None:
            return 300
        return 120 + 16 * max(self.links_per_detection - 2, 0.0)

    def cells(self) -> list[str]:
        return [
            self.scene,
            self.options,
            f"{self.detections:,}",
            "–" if self.links is None else f"{self.links:,}",
            "–" if self.links_per_detection is None else f"{self.links_per_detection:.2f}",
            f"{self.trajectories:,}",
            f"{self.timing.median * 1e3:.1f}",
            self.timing.spread,
            f"{1e3 / self.nanoseconds:.2f}",
            f"{self.nanoseconds:.0f}",
            f"{self.bytes_per_detection:.0f}",
            f"{self.bytes_allowed:.0f}",
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "scene": self.scene,
            "options": self.options,
            "detections": self.detections,
            "links": self.links,
            "trajectories": self.trajectories,
            "seconds": self.timing.seconds,
            "median_seconds": self.timing.median,
            "nanoseconds_per_detection": self.nanoseconds,
            "peak_bytes_per_detection": self.bytes_per_detection,
            "peak_bytes_allowed_per_detection": self.bytes_allowed,
        }


HEADER = [
    "scene",
    "options",
    "detections",
    "links",
    "links per detection",
    "trajectories",
    "median ms",
    "min–max ms",
    "million detections per second",
    "ns per detection",
    "peak bytes per detection",
    "bound",
]


def save_scene(folder: Path, case: Case) -> None:
    """Write the columns of a scene to files, so that the measuring processes never hold anything else."""
    detections = make_scene(case.scene).detections
    for name in Columns._fields:
        np.save(folder / f"{case.name}-{name}.npy", getattr(detections, name))


def load_columns(folder: Path, case: Case) -> Columns:
    return Columns._make(np.load(folder / f"{case.name}-{name}.npy") for name in Columns._fields)


def link_columns(columns: Columns, options: LinkOptions | FlowOptions) -> Trajectories:
    """Validate and link: the work that is timed."""
    return link(Detections(*columns), options, num_threads=1)


def num_links(detections: Detections, options: LinkOptions | FlowOptions) -> int | None:
    """Return the number of links that Seq-NMS chooses from; None for the flow, whose links are not public."""
    return None if isinstance(options, FlowOptions) else len(link_graph(detections, options, num_threads=1).targets)


def seconds_of(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    del result  # after the clock has stopped
    return seconds


def measure_group(folder: Path, cases: Sequence[Case], quick: bool, with_peer: bool) -> tuple[list[Row], Timing | None]:
    """Time the cases with each set of options, alternating with the peer on the first case."""
    columns = {case.name: load_columns(folder, case) for case in cases}
    work: dict[tuple[str, str], Callable[[], object]] = {
        (case.name, name): partial(link_columns, columns[case.name], options)
        for case in cases
        for name, options in OPTIONS.items()
    }
    peer = byte_track(columns[cases[0].name]) if with_peer else None
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in work}
    peer_seconds = []
    repeats = {case.name: 3 if quick else case.repeats for case in cases}
    for turn in range(max(repeats.values())):
        for key, run in work.items():
            if turn < repeats[key[0]]:
                seconds[key].append(seconds_of(run))
        if peer is not None and turn < (3 if quick else 7):
            peer_seconds.append(seconds_of(peer))
    rows = []
    for case in cases:
        for name, options in OPTIONS.items():
            detections = Detections(*columns[case.name])
            rows.append(
                Row(
                    case.name,
                    name,
                    detections=len(detections),
                    links=num_links(detections, options),
                    trajectories=len(link(detections, options, num_threads=1)),
                    timing=Timing(tuple(seconds[case.name, name])),
                    peak_bytes=0,
                )
            )
    return rows, Timing(tuple(peer_seconds)) if peer_seconds else None


def byte_track(columns: Columns) -> Callable[[], object] | None:
    """Return a function that runs trackforge's ByteTrack with default options on the video; None without trackforge.

    The input lists are built here, before the clock starts.
    """
    try:
        import trackforge
    except ImportError:
        return None
    sizes = columns.boxes[:, 2:] - columns.boxes[:, :2]
    boxes = np.hstack([columns.boxes[:, :2], sizes]).tolist()
    entries = list(zip(boxes, columns.scores.tolist(), columns.labels.tolist(), strict=True))
    order = np.argsort(columns.frames, kind="stable")
    ends = np.cumsum(np.bincount(columns.frames))[:-1]
    frames = [[entries[row] for row in rows] for rows in np.split(order, ends)]

    def run() -> list[Any]:
        tracker = trackforge.BYTETRACK()
        return [tracker.update(frame) for frame in frames]

    return run


def measure_memory(folder: Path, case: Case, options: LinkOptions | FlowOptions) -> int:
    """Return the peak memory of linking on top of its inputs, in bytes; call it in a fresh process."""
    library = ctypes.CDLL(None)
    if sys.platform == "linux":
        library.prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: huge pages would count as used
    columns = load_columns(folder, case)
    link_columns(Columns._make(column[:100] for column in columns), options)  # load all code before measuring
    gc.collect()
    if not hasattr(library, "malloc_trim"):
        before = _max_rss()
        kept = link_columns(columns, options)
        return max(_max_rss() - before, 0) if len(kept) else 0
    library.malloc_trim(0)  # freed memory that malloc kept could be reused uncounted
    Path("/proc/self/clear_refs").write_text("5")  # reset the high-water mark to the current use
    before = process_bytes("smaps_rollup", "Rss")
    kept = link_columns(columns, options)
    peak = process_bytes("status", "VmHWM")
    return peak - before if len(kept) else 0


def process_bytes(file: str, field: str) -> int:
    """Return a field of a file in ``/proc/self``, in bytes."""
    for line in Path("/proc/self", file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"/proc/self/{file}: found no line {field}, expected one")


def _max_rss() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def in_fresh_process(work: Callable[..., Result], *arguments: Any) -> Result:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def machine() -> dict[str, str]:
    config = _core.build_config()
    return {
        "cpu": _cpu_model(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "compiler": config["compiler"],
        "vector instructions": config["vector instructions"],
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns, so that it is readable in a terminal too."""
    table = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in table]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="skip the 10 million boxes; three runs each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the measurements to FILE")
    arguments = parser.parse_args()

    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    rows: list[Row] = []
    peer: Timing | None = None
    for cases in GROUPS:
        chosen = [case for case in cases if not (case.slow and arguments.quick)]
        with tempfile.TemporaryDirectory() as folder_name:
            folder = Path(folder_name)
            for case in chosen:
                in_fresh_process(save_scene, folder, case)
            timed, peer_timing = in_fresh_process(measure_group, folder, chosen, arguments.quick, SMALL in chosen)
            peer = peer or peer_timing
            by_name = {case.name: case for case in chosen}
            for row in timed:
                peak = in_fresh_process(measure_memory, folder, by_name[row.scene], OPTIONS[row.options])
                rows.append(replace(row, peak_bytes=peak))
                print(f"measured {row.scene}, {row.options}", file=sys.stderr, flush=True)

    print()
    print(markdown(HEADER, [row.cells() for row in rows]))
    print()
    found: dict[str, Any] = {}
    by_key = {(row.scene, row.options): row for row in rows}
    for options in OPTIONS:
        ten_million = by_key.get((TEN_MILLION.name, options))
        if ten_million is not None:
            ratio = ten_million.nanoseconds / by_key[MILLION.name, options].nanoseconds
            found[f"10M to 1M, {options}"] = ratio
            print(f"Time per detection, {TEN_MILLION.name} relative to {MILLION.name}, {options}: {ratio:.2f}")
    if peer is None:
        print("trackforge is not installed: only trajtrack was measured")
    else:
        version = metadata.version("trackforge")
        print(f"trackforge {version} ByteTrack, {SMALL.name}: {peer.median * 1e3:.1f} ms ({peer.spread})")
        for options in OPTIONS:
            ratio = peer.median / by_key[SMALL.name, options].timing.median
            found[f"trackforge to trajtrack, {options}"] = ratio
            print(f"  trajtrack is {ratio:.1f} times as fast with {options}")
    if arguments.json:
        result = {
            "machine": machine(),
            "scenes": {case.name: asdict(case.scene) for cases in GROUPS for case in cases},
            "rows": [row.as_json() for row in rows],
            "trackforge_seconds": None if peer is None else peer.seconds,
            "ratios": found,
        }
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
