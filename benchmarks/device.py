"""Time of the link graph and of whole linking on a GPU, compared with the CPU, torchvision and two lower bounds.

Inputs are on the GPU before the clock starts. Every time is the median of repeated runs from the call to the result,
including synchronisation with the device. Results are compared with those of the CPU, bit for bit. The lower bounds
("floors") are the times to test all pairs of boxes of neighbouring frames, and to read every column and write every
link once. They are computed from the arithmetic and copy rates of the card, which are measured first. The stages are
the GPU's own times by kernel, from torch's profiler.

Command::

    python benchmarks/device.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from link import CROWD, MILLION, markdown
from trajtrack import Detections, LinkOptions, Trajectories, link, link_graph
from trajtrack.linking import DeviceLinkGraph
from trajtrack.scenes import SceneOptions, make_scene

_SCENE = SceneOptions(num_classes=1, seed=2, image_width=3840, image_height=2160, mean_life=800)
CASES = {
    "300 x 10": replace(_SCENE, num_frames=300, objects_per_frame=11, false_positives=1),
    "50,000 x 20": replace(_SCENE, num_frames=50_000, objects_per_frame=22, mean_life=200),
    MILLION.name: MILLION.scene,
    CROWD.name: CROWD.scene,
}
OPTIONS = {"max_gap=0": LinkOptions(max_gap=0), "defaults": LinkOptions()}

OPERATIONS = 14
"""Floating-point operations of `overlaps` for a pair of known areas: four minima and maxima, three differences, two
maxima with zero, a product, a sum, a quotient and two comparisons."""

STAGES = {
    "sort": ("RadixSort",),
    "scan and select": ("Scan", "Select", "Compact", "Reduce"),
    "pairs": ("run_windows",),
    "gaps": ("GapLinks", "GatherStarts"),
    "transfers and read-backs": ("Memcpy",),
}
"""Words in the kernel names of each stage; all other kernels gather and number."""


Result = TypeVar("Result")


@dataclass(frozen=True)
class Rates:
    """Measured rates of the card, per second."""

    operations: float | None
    bytes: float


@dataclass(frozen=True)
class Row:
    """Measurements of one scene with one set of options; times in seconds."""

    scene: str
    options: str
    detections: int
    links: int
    graph_gpu: float
    graph_cpu: float
    link_gpu: float
    link_cpu: float
    torchvision_frames: float | None
    torchvision_batched: float | None
    floor_operations: float | None
    floor_bytes: float
    stages: dict[str, float]

    def cells(self) -> list[str]:
        without_sort = self.graph_gpu - self.stages["sort"] if "sort" in self.stages else None
        floors = [floor for floor in (self.floor_operations, self.floor_bytes) if floor is not None]
        return [
            self.scene,
            self.options,
            f"{self.detections:,}",
            f"{self.links:,}",
            milliseconds(self.graph_gpu),
            milliseconds(without_sort),
            milliseconds(self.graph_cpu),
            f"{self.graph_cpu / self.graph_gpu:.1f}",
            "-" if without_sort is None else f"{self.graph_cpu / without_sort:.1f}",
            milliseconds(self.torchvision_frames),
            milliseconds(self.torchvision_batched),
            milliseconds(self.floor_operations),
            milliseconds(self.floor_bytes),
            f"{self.graph_gpu / max(floors):.1f}",
            milliseconds(self.link_gpu),
            milliseconds(self.link_cpu),
        ]


HEADER = [
    "scene",
    "options",
    "detections",
    "links",
    "graph, GPU, ms",
    "without sort",
    "graph, CPU, ms",
    "CPU / GPU",
    "CPU / GPU without sort",
    "box_iou by frame, ms",
    "box_iou batched, ms",
    "floor: operations, ms",
    "floor: bytes, ms",
    "GPU / larger floor",
    "link(), GPU, ms",
    "link(), CPU, ms",
]


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:.3f}"


def try_measuring(what: str, work: Callable[[], Result]) -> Result | None:
    """Return the result of `work`; if it fails on this machine, print the error and return None."""
    try:
        return work()
    except Exception as error:
        print(f"{what}: not measured: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return None


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median of repeated runs, after two warm-up runs."""
    seconds = []
    for turn in range(repeats + 2):
        torch.cuda.synchronize()
        start = time.perf_counter()
        result = work()
        torch.cuda.synchronize()
        if turn >= 2:
            seconds.append(time.perf_counter() - start)
        del result  # after the clock has stopped
    return statistics.median(seconds)


def measure_rates() -> Rates:
    source = torch.rand(2**28, device="cuda")
    target = torch.empty_like(source)
    seconds = median_seconds(lambda: target.copy_(source), 21)
    return Rates(
        operations=try_measuring("operations per second", measure_operations), bytes=2 * source.nbytes / seconds
    )


def measure_operations() -> float:
    """Return multiplications and additions per second, each rounded, measured with a kernel compiled by CuPy."""
    import cupy

    code = """
    extern "C" __global__ void work(float* out, float a, float b, int steps) {
      float x[8];
      for (int k = 0; k < 8; ++k) x[k] = threadIdx.x + k;
      for (int step = 0; step < steps; ++step) {
        #pragma unroll
        for (int k = 0; k < 8; ++k) x[k] = __fadd_rn(__fmul_rn(x[k], a), b);
      }
      float sum = 0;
      for (int k = 0; k < 8; ++k) sum += x[k];
      out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
    }"""
    kernel = cupy.RawKernel(code, "work")
    blocks, threads, steps = 132 * 16, 256, 20_000
    out = cupy.empty(blocks * threads, cupy.float32)

    def run() -> None:
        kernel((blocks,), (threads,), (out, np.float32(0.999), np.float32(0.001), np.int32(steps)))
        cupy.cuda.Device().synchronize()

    return blocks * threads * steps * 8 * 2 / median_seconds(run, 5)


def neighbouring_pairs(detections: Detections) -> int:
    """Return the number of pairs of boxes in consecutive frames."""
    counts = np.bincount(detections.frames).astype(np.int64)
    return int((counts[:-1] * counts[1:]).sum())


def torchvision_by_frame(columns: dict[str, Any], counts: list[int], threshold: float) -> float:
    """Return the time to link consecutive frames with `box_iou`, in seconds; rows are sorted by frame."""
    from torchvision.ops import box_iou

    frames = torch.split(columns["boxes"], counts)

    def run() -> list[Any]:
        return [(box_iou(a, b) >= threshold).nonzero() for a, b in pairwise(frames)]

    return median_seconds(run, 3)


def torchvision_batched(columns: dict[str, Any], counts: list[int], threshold: float) -> float:
    """Return the time of the same with many frames at a time, padded with empty boxes, in seconds."""
    from torchvision.ops import box_iou

    padded = torch.nn.utils.rnn.pad_sequence(list(torch.split(columns["boxes"], counts)), batch_first=True)
    frames_at_a_time = max(1, 2**28 // padded.shape[1] ** 2)
    batched = torch.vmap(box_iou)

    def run() -> list[Any]:
        found = []
        for first in range(0, len(padded) - 1, frames_at_a_time):
            last = min(first + frames_at_a_time, len(padded) - 1)
            found.append((batched(padded[first:last], padded[first + 1 : last + 1]) >= threshold).nonzero())
        return found

    return median_seconds(run, 3)


def stages_of(work: Callable[[], object]) -> dict[str, float]:
    """Return the GPU time of each stage, in seconds."""
    work()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        work()
        torch.cuda.synchronize()
    seconds: dict[str, float] = {}
    for event in profile.key_averages():
        name = event.key
        stage = next((stage for stage, words in STAGES.items() if any(word in name for word in words)), "other kernels")
        seconds[stage] = seconds.get(stage, 0.0) + event.self_device_time_total / 1e6
    return seconds


def measure(name: str, detections: Detections, options_name: str, rates: Rates, repeats: int) -> Row:
    options = OPTIONS[options_name]
    host_columns = {column: getattr(detections, column) for column in ("boxes", "scores", "frames", "labels")}
    columns = {column: torch.from_numpy(values).cuda() for column, values in host_columns.items()}
    on_gpu = Detections(**columns, num_frames=detections.num_frames)
    expected = link_graph(detections, options, device="cpu")
    found = link_graph(on_gpu, options, device="cuda")
    assert isinstance(found, DeviceLinkGraph)
    host = found.to_host()
    assert np.array_equal(host.offsets, expected.offsets)
    assert np.array_equal(host.targets, expected.targets)
    assert np.array_equal(link(on_gpu, options).track_ids, link(detections, options, device="cpu").track_ids)

    def by_torchvision(measured: Callable[[dict[str, Any], list[int], float], float]) -> float | None:
        if options.max_gap > 0:
            return None
        counts = np.bincount(detections.frames).tolist()
        return try_measuring(measured.__name__, lambda: measured(columns, counts, options.iou_threshold))

    def link_on(device: str) -> Trajectories:
        """Link columns in the form that a detector returns, so that validation is included."""
        given = columns if device == "cuda" else host_columns
        return link(Detections(**given, num_frames=detections.num_frames), options, device=device)

    operations = neighbouring_pairs(detections) * OPERATIONS
    moved = sum(column.nbytes for column in columns.values()) + expected.offsets.nbytes + expected.targets.nbytes
    return Row(
        scene=name,
        options=options_name,
        detections=len(detections),
        links=len(expected.targets),
        graph_gpu=median_seconds(lambda: link_graph(on_gpu, options, device="cuda"), repeats),
        graph_cpu=median_seconds(lambda: link_graph(detections, options, device="cpu"), max(3, repeats // 3)),
        link_gpu=median_seconds(lambda: link_on("cuda"), max(3, repeats // 3)),
        link_cpu=median_seconds(lambda: link_on("cpu"), max(3, repeats // 3)),
        torchvision_frames=by_torchvision(torchvision_by_frame),
        torchvision_batched=by_torchvision(torchvision_batched),
        floor_operations=None if rates.operations is None else operations / rates.operations,
        floor_bytes=moved / rates.bytes,
        stages=try_measuring("stages", lambda: stages_of(lambda: link_graph(on_gpu, options, device="cuda"))) or {},
    )


def print_tables(rows: Sequence[Row]) -> None:
    print(markdown(HEADER, [row.cells() for row in rows]))
    names = [*STAGES, "other kernels"]
    print("\nGPU time of the graph by stage, ms:\n")
    cells = [[row.scene, row.options, *(milliseconds(row.stages.get(name)) for name in names)] for row in rows]
    print(markdown(["scene", "options", *names], cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="five runs of each measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the measurements to FILE")
    arguments = parser.parse_args()

    rates = measure_rates()
    card = torch.cuda.get_device_name()
    operations = "not measured" if rates.operations is None else f"{rates.operations / 1e12:.1f} T/s"
    print(f"{card}: {rates.bytes / 1e12:.2f} TB/s copied (reads and writes), arithmetic {operations}\n")
    rows: list[Row] = []
    try:
        for name, scene in CASES.items():
            detections = make_scene(scene).detections
            detections = detections[np.argsort(detections.frames, kind="stable")]
            for options in OPTIONS:
                rows.append(measure(name, detections, options, rates, 5 if arguments.quick else 31))
                print(f"measured {name}, {options}", file=sys.stderr, flush=True)
                if arguments.json:  # after each row, because GPU time may run out
                    result = {"card": card, "rates": asdict(rates), "rows": [asdict(row) for row in rows]}
                    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    finally:
        print_tables(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
