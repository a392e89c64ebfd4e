"""Lower bounds for linking and the time of each stage, on one thread.

The lower bounds ("floors") are measured with NumPy: one pass over the four columns (a copy into allocated memory), and
a sort of one 64-bit key per detection (frame and left edge), for which NumPy uses vector instructions. The stages are
those that can be called on their own: validating the columns (`Detections`), building the link graph (`link_graph`,
which sorts the boxes but finds no suppression), and all of `link`, including validation. They alternate in one
process, and garbage is collected before each run. Finally, the cost of a call on 30 boxes is measured over many calls
in a row, with warm caches.

Command::

    python benchmarks/stages.py [--quick] [--json FILE]

It takes about half a minute.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from link import Columns, machine, markdown, seconds_of
from scaling import OPTIONS, scene
from trajtrack import Detections, link, link_graph

SCENES = {"5,000 x 200": (200, 5_000), "50,000 x 20": (20, 50_000)}
WHOLE = "link, checking included"
SMALL_CALLS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="use a tenth of the frames")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the measurements to FILE")
    arguments = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print()
    rows, found = [], {}
    for name, (boxes, frames) in SCENES.items():
        columns = scene(boxes, frames // 10 if arguments.quick else frames)
        seconds = measure(stages_of(columns), turns=3 if arguments.quick else 11)
        found[name] = {"detections": len(columns.scores), "seconds": seconds}
        for stage, each in seconds.items():
            options = stage.rpartition("; ")[2] if ";" in stage else ""
            whole = statistics.median(seconds[f"{WHOLE}; {options or 'max_gap=0'}"])
            scale = 1e9 / len(columns.scores)
            median, low, high = (scale * value for value in (statistics.median(each), min(each), max(each)))
            rows.append([name, stage, f"{median:.1f}", f"{low:.1f}–{high:.1f}", f"{median / whole / scale:.0%}"])
    print(markdown(["scene", "stage", "ns per detection", "min–max", "of link"], rows))
    small = small_call()
    print()
    print(
        f"{WHOLE}, 30 boxes: {1e6 * statistics.median(small):.1f} µs, median of {len(small):,} calls with the defaults"
    )
    if arguments.json:
        content = {"machine": machine(), "scenes": found, "30 boxes": statistics.median(small)}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def stages_of(columns: Columns) -> dict[str, Callable[[], object]]:
    copies = [np.empty_like(column) for column in columns]
    left = np.ascontiguousarray(columns.boxes[:, 0]).view(np.uint32).astype(np.uint64)
    # Map the bits of the floats to unsigned integers in the same order.
    left = np.where(left >> 31, 0xFFFFFFFF - left, left + 0x80000000)
    keys = columns.frames.astype(np.uint64) << np.uint64(32) | left
    detections = Detections(*columns)

    def copy() -> None:
        for column, target in zip(columns, copies, strict=True):
            np.copyto(target, column)

    stages: dict[str, Callable[[], object]] = {
        "floor: one pass over the columns": copy,
        "floor: one sort of 64-bit keys": lambda: np.sort(keys),
        "checking": lambda: Detections(*columns),
    }
    for name, options in OPTIONS.items():
        stages[f"link graph; {name}"] = lambda options=options: link_graph(detections, options, num_threads=1)
        stages[f"{WHOLE}; {name}"] = lambda options=options: link(Detections(*columns), options, num_threads=1)
    return stages


def small_call() -> list[float]:
    """Return the seconds of each of many consecutive calls on 30 boxes in 6 frames."""
    columns = Columns._make(column[:30].copy() for column in scene(5, 10))
    seconds = []
    for _ in range(SMALL_CALLS):
        start = time.perf_counter()
        link(Detections(*columns), method="seq-nms", num_threads=1)
        seconds.append(time.perf_counter() - start)
    return seconds


def measure(stages: dict[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Return the seconds of each stage in each turn except the first."""
    seconds: dict[str, list[float]] = {name: [] for name in stages}
    for turn in range(turns + 1):
        for name, run in stages.items():
            taken = seconds_of(run)
            if turn > 0:
                seconds[name].append(taken)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
