"""Speed of linking as a function of boxes per frame, number of frames, `max_gap` and number of threads.

As in `benchmarks/link.py`, the time from NumPy columns to `Trajectories` is measured. All points of a study are timed
in alternation in one process; a point is the median, and its band goes from the fastest to the slowest turn. Scenes
come from `trajtrack.scenes.make_scene`, with one class and a density of objects that does not depend on their number.
Only the study of threads uses more than one. It also shows the speedup of as many processes that count in plain loops,
because cores may be shared with other programs.

Command::

    pip install '.[view]'
    python benchmarks/scaling.py [--quick] [--only WORDS] [--images DIR] [--json FILE]

It prints a table for each study and draws ``scaling-*.png`` into the folder given by ``--images`` (default:
docs/images; ``--images ''`` draws nothing). It takes about four minutes. ``--quick`` uses scenes of a tenth of the
size, draws nothing unless ``--images`` is given, and takes less than a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from link import Columns, machine, markdown, seconds_of
from trajtrack import Detections, LinkOptions, link
from trajtrack.scenes import SceneOptions, make_scene

CLASSIC, DEFAULTS = "max_gap=0", "defaults"
OPTIONS = {CLASSIC: LinkOptions(max_gap=0), DEFAULTS: LinkOptions()}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#777777")
MACHINE = "the machine, plain loops"
SHORT = 20_000
"""Number of detections below which a turn is the mean of several runs."""
DENSITY = 335 / (3840 * 2160)
"""Objects per pixel: those of about 300 boxes of 60 to 180 pixels in a 4K image."""


@dataclass
class Point:
    """A point of a line, with the seconds of each turn."""

    line: str
    x: int
    detections: int
    run: Callable[[], object]
    seconds: list[float] = field(default_factory=list)

    @property
    def is_link(self) -> bool:
        return self.line != MACHINE

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Study:
    """A plot of speed over one quantity."""

    name: str
    title: str
    x_label: str
    points: Callable[[int], list[Point]]
    """Function that returns the points, with scenes smaller by a given factor."""
    logarithmic: bool = True
    relative: bool = False
    """Whether speeds are relative to the first point of each line."""


def scene(boxes: int, frames: int) -> Columns:
    """Return the columns of a scene with about `boxes` boxes per frame."""
    objects = boxes * 1.2  # some are missed or hidden
    height = max((objects / DENSITY * 9 / 16) ** 0.5, 300)
    detections = make_scene(
        SceneOptions(
            num_frames=frames,
            objects_per_frame=objects,
            false_positives=boxes / 20,
            num_classes=1,
            image_width=objects / DENSITY / height,
            image_height=height,
            mean_life=800,
            seed=2,
        )
    ).detections
    return Columns(detections.boxes, detections.scores, detections.frames, detections.labels)


def link_columns(columns: Columns, options: LinkOptions, num_threads: int) -> object:
    """Validate and link: the work that is timed."""
    return link(Detections(*columns), options, num_threads=num_threads)


def point(line: str, x: int, columns: Columns, options: LinkOptions, num_threads: int = 1) -> Point:
    return Point(line, x, len(columns.scores), partial(link_columns, columns, options, num_threads))


def over_boxes(divisor: int) -> list[Point]:
    total = 1_000_000 // divisor
    counts = [count for count in (10, 30, 100, 300, 1_000, 3_000, 10_000) if count * 10 <= total]
    scenes = {count: scene(count, total // count) for count in counts}
    return [point(name, count, scenes[count], options) for name, options in OPTIONS.items() for count in counts]


def over_frames(divisor: int) -> list[Point]:
    scenes = {frames: scene(20, frames // divisor) for frames in (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)}
    return [
        point(name, frames // divisor, columns, options)
        for name, options in OPTIONS.items()
        for frames, columns in scenes.items()
    ]


def over_gaps(divisor: int) -> list[Point]:
    scenes = {f"{boxes} boxes per frame": scene(boxes, 1_000_000 // divisor // boxes) for boxes in (20, 200)}
    return [
        point(name, gap, columns, LinkOptions(max_gap=gap))
        for name, columns in scenes.items()
        for gap in (0, 1, 2, 5, 10, 20, 30, 45, 60)
    ]


def over_threads(divisor: int) -> list[Point]:
    scenes = {f"{boxes} boxes per frame": scene(boxes, 1_000_000 // divisor // boxes) for boxes in (20, 200)}
    threads = thread_counts()
    points = [
        point(name, count, columns, OPTIONS[CLASSIC], count) for name, columns in scenes.items() for count in threads
    ]
    return points + [Point(MACHINE, count, count, partial(spin_all, count)) for count in threads]


def thread_counts() -> list[int]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return sorted({count for count in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64) if count < cores} | {cores})


class Spinner:
    """Pools of counting processes, kept running so that their start is not timed."""

    pools: dict[int, ProcessPoolExecutor] = {}  # noqa: RUF012


def spin(rounds: int) -> int:
    total = 0
    for number in range(rounds):
        total += number
    return total


def spin_all(processes: int) -> None:
    """Count in `processes` processes at the same time."""
    pool = Spinner.pools.get(processes)
    if pool is None:
        pool = Spinner.pools[processes] = ProcessPoolExecutor(processes)
        list(pool.map(spin, [1] * processes))
    list(pool.map(spin, [4_000_000] * processes))


STUDIES = (
    Study("boxes", "{total} detections, one thread", "boxes per frame", over_boxes),
    Study("frames", "20 boxes per frame, one thread", "frames", over_frames),
    Study("gap", "{total} detections, one thread", "max_gap", over_gaps, logarithmic=False),
    Study("threads", "{total} detections, max_gap=0", "threads", over_threads, logarithmic=False, relative=True),
)


def repeat(run: Callable[[], object], rounds: int) -> None:
    for _ in range(rounds):
        run()


def measure(study: Study, divisor: int, turns: int) -> list[Point]:
    """Time all points of a study in alternation; the first turn only warms up."""
    points = study.points(divisor)
    for turn in range(turns + 1):
        for each in points:
            rounds = max(SHORT // each.detections, 1) if each.is_link else 1
            seconds = seconds_of(partial(repeat, each.run, rounds))
            if turn > 0:
                each.seconds.append(seconds / rounds)
    for pool in Spinner.pools.values():
        pool.shutdown()
    Spinner.pools.clear()
    return points


def lines_of(points: Sequence[Point]) -> dict[str, list[Point]]:
    lines: dict[str, list[Point]] = {}
    for each in points:
        lines.setdefault(each.line, []).append(each)
    return lines


def speeds(study: Study, line: Sequence[Point]) -> list[tuple[float, float, float]]:
    """Return the slowest, median and fastest speed of each point, in the unit of the study's plot."""
    unit = line[0].detections / line[0].median if study.relative else 1e6
    return [
        tuple(each.detections / seconds / unit for seconds in (max(each.seconds), each.median, min(each.seconds)))  # type: ignore[misc]
        for each in line
    ]


def table(study: Study, points: Sequence[Point]) -> str:
    header = [study.x_label, "", "detections", "median ms", "min–max ms", "million per second", "ns per detection"]
    if study.relative:
        header.append("times as fast as one")
    rows = []
    for name, line in lines_of(points).items():
        for each, (_, relative, _) in zip(line, speeds(study, line), strict=True):
            rows.append(
                [
                    f"{each.x:,}",
                    name,
                    f"{each.detections:,}" if each.is_link else "",
                    f"{each.median * 1e3:.2f}",
                    f"{min(each.seconds) * 1e3:.2f}–{max(each.seconds) * 1e3:.2f}",
                    f"{each.detections / each.median / 1e6:.2f}" if each.is_link else "",
                    f"{each.median / each.detections * 1e9:.0f}" if each.is_link else "",
                ]
            )
            if study.relative:
                rows[-1].append(f"{relative:.2f}")
    return markdown(header, rows)


def draw(study: Study, points: Sequence[Point], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure, axes = plt.subplots(figsize=(5.6, 3.3), dpi=110, layout="constrained")
    for colour, (name, line) in zip(COLOURS, lines_of(points).items(), strict=False):
        x = [each.x for each in line]
        low, middle, high = zip(*speeds(study, line), strict=True)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        style = "-" if line[0].is_link else "--"
        axes.plot(x, middle, style, marker="o", markersize=4, color=colour, label=name, linewidth=1.6)
    if study.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(study.x_label)
    axes.set_ylabel("times as fast as one thread" if study.relative else "million detections per second")
    axes.set_title(study.title, fontsize=10, loc="left")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="use a tenth of the detections; three turns")
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="only studies with one of these words in their name"
    )
    parser.add_argument(
        "--images", metavar="DIR", help="folder for the plots (default: docs/images, with --quick none)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the measurements to FILE")
    arguments = parser.parse_args()
    default = "" if arguments.quick else str(Path(__file__).parent.parent / "docs" / "images")
    images = default if arguments.images is None else arguments.images

    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    found: dict[str, Any] = {}
    words = [word.strip() for word in arguments.only.split(",")]
    for study in STUDIES:
        if not any(word in study.name for word in words):
            continue
        start = time.perf_counter()
        points = measure(study, 10 if arguments.quick else 1, 3 if arguments.quick else 9)
        print(f"{study.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        study = replace(study, title=study.title.format(total="100,000" if arguments.quick else "1 million"))
        print(f"\n## {study.x_label}: {study.title}\n\n{table(study, points)}", flush=True)
        if images:
            draw(study, points, Path(images, f"scaling-{study.name}.png"))
        found[study.name] = [
            {"line": each.line, "x": each.x, "detections": each.detections, "seconds": each.seconds} for each in points
        ]
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "studies": found}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
