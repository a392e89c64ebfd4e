"""Streaming compared with batch linking: time, memory, and how much of a real sequence is returned before its end.

Prints three Markdown tables:

Time
    Time per detection of `Linker.push`, frame by frame, plus `flush`, and of `link` on the whole video. Both start from
    NumPy columns, use one thread and alternate in one process, on scenes of about 200 and about 20 boxes per frame.
Memory
    Resident set of the process over a stream of at most 20 objects with finite lives. Frames are generated one by one,
    and the linker's results are discarded. Each stream runs in a fresh process.
Components
    For real sequences and each `max_gap`: the share of detections in the largest connected component, whose edges are
    links and pairs that can suppress each other, and the share of trajectories that a `Linker` returns before `flush`.
    Sets of several videos sum, over the videos, the detections in each largest component and the trajectories returned
    before each `flush`. The sets are those of `benchmarks/accuracy.py`, with all scores and with their `min_score`.

Command::

    pip install '.[eval]'
    python benchmarks/streaming.py [--parts WORDS] [--frames N] [--data DIR] [--quick] [--json FILE]

``--frames`` is the length of the stream: the default of 200,000 takes about a minute, 1,000,000 takes five. The rest
takes about two minutes. ``--quick`` skips VidVRD, the runs with all scores and most frames, and takes half a minute.
``--parts time`` measures only the time, and so on.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accuracy import MOT17_SEQUENCES, SETS, add_data_argument
from link import in_fresh_process, link_columns, machine, markdown, process_bytes, seconds_of
from scaling import OPTIONS, scene
from trajtrack import Detections, Linker, LinkOptions, link, link_graph
from trajtrack.reference import overlap

GAPS = (0, 1, 5, 10, 30)
SAMPLE_EVERY = 50_000


class Frame(NamedTuple):
    """Arguments of `Linker.push`."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int32]


# --- time ------------------------------------------------------------------------------------------------------------


@dataclass
class Pair:
    """Seconds of streaming and of batch linking on the same video, measured in alternation."""

    scene: str
    options: str
    detections: int
    stream: list[float] = field(default_factory=list)
    batch: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(self.stream) / statistics.median(self.batch)

    def cells(self) -> list[str]:
        cells = [self.scene, self.options, f"{self.detections:,}"]
        for seconds in (self.batch, self.stream):
            each = [1e9 * value / self.detections for value in (statistics.median(seconds), min(seconds), max(seconds))]
            cells += [f"{each[0]:.0f}", f"{each[1]:.0f}–{each[2]:.0f}"]
        return [*cells, f"{self.ratio:.2f}"]


def measure_time(quick: bool) -> list[Pair]:
    pairs = []
    for boxes, frames in ((200, 2_000), (20, 20_000)):
        count = frames // 10 if quick else frames
        columns = scene(boxes, count)
        parts = list(split(Detections(*columns)))
        own = [Pair(f"{count:,} x {boxes}", name, len(columns.scores)) for name in OPTIONS]
        for turn in range(4 if quick else 8):
            for pair, options in zip(own, OPTIONS.values(), strict=True):
                batch = seconds_of(partial(link_columns, columns, options))
                stream = seconds_of(partial(stream_frames, parts, options))
                if turn > 0:
                    pair.batch.append(batch)
                    pair.stream.append(stream)
        pairs += own
    return pairs


def stream_frames(frames: Sequence[Frame], options: LinkOptions) -> int:
    """Push all frames and flush; return the number of trajectories."""
    linker = Linker(options)
    return sum(len(linker.push(*frame).trajectories) for frame in frames) + len(linker.flush().trajectories)


def split(detections: Detections) -> Iterator[Frame]:
    """Yield every frame of the video, including empty ones."""
    order = np.argsort(detections.frames, kind="stable")
    ends = np.cumsum(np.bincount(detections.frames, minlength=detections.num_frames))[:-1]
    for rows in np.split(order, ends):
        yield Frame(detections.boxes[rows], detections.scores[rows], detections.labels[rows])


# --- memory ----------------------------------------------------------------------------------------------------------


class Sample(NamedTuple):
    """State of a stream after a frame."""

    frame: int
    resident_bytes: int
    open_detections: int
    detections: int
    trajectories: int


class Objects:
    """At most 20 objects of two classes that appear, move, are missed now and then, and disappear."""

    def __init__(self, slots: int = 20, mean_life: float = 300.0, mean_pause: float = 60.0) -> None:
        self._rng = np.random.default_rng(7)
        self._mean_life, self._mean_pause = mean_life, mean_pause
        self._left = np.zeros(slots, np.int64)
        self._present = np.zeros(slots, np.bool_)
        self._centres, self._steps, self._sizes = np.zeros((slots, 2)), np.zeros((slots, 2)), np.ones((slots, 2))
        self._labels = np.arange(slots, dtype=np.int32) % 2

    def step(self) -> Frame:
        rng = self._rng
        for slot in np.flatnonzero(self._left == 0):
            self._present[slot] = not self._present[slot]
            mean = self._mean_life if self._present[slot] else self._mean_pause
            self._left[slot] = min(rng.geometric(1 / mean), 10 * mean)
            self._centres[slot] = rng.uniform((0, 0), (1920, 1080))
            self._steps[slot] = rng.normal(0, 2, 2)
            self._sizes[slot] = rng.uniform(40, 160, 2)
        self._left -= 1
        self._centres += self._steps
        seen = self._present & (rng.random(len(self._left)) > 0.1)
        centres = self._centres[seen] + rng.normal(0, 1.5, (int(seen.sum()), 2))
        boxes = np.hstack([centres - self._sizes[seen] / 2, centres + self._sizes[seen] / 2]).astype(np.float32)
        return Frame(boxes, rng.uniform(0.3, 1, len(boxes)).astype(np.float32), self._labels[seen])


def measure_memory(options: LinkOptions, frames: int, every: int) -> list[Sample]:
    """Run a stream and sample it every `every` frames; call it in a fresh process."""
    linker = Linker(options)
    objects = Objects()
    samples = []
    detections = trajectories = 0
    for number in range(1, frames + 1):
        frame = objects.step()
        settled = linker.push(*frame)
        detections += len(frame.scores)
        trajectories += len(settled.trajectories)
        if number % every == 0:
            gc.collect()
            samples.append(Sample(number, resident_bytes(), linker.num_open, detections, trajectories))
    return samples


def resident_bytes() -> int:
    """Return the exact resident set in bytes; ``VmRSS`` of ``/proc/self/status`` may lag behind."""
    return process_bytes("smaps_rollup", "Rss")


def describe_growth(samples: Sequence[Sample]) -> str:
    """Describe the growth of memory from the second sample on; the first may be taken while warming up."""
    settled = samples[1:] if len(samples) > 2 else samples
    growth = settled[-1].resident_bytes - settled[0].resident_bytes
    frames = settled[-1].frame - settled[0].frame
    spread = max(each.resident_bytes for each in settled) - min(each.resident_bytes for each in settled)
    verdict = "flat" if growth < 1e6 else "NOT flat"
    return (
        f"{verdict}: {growth / 1e3:+,.0f} kB from frame {settled[0].frame:,} to {settled[-1].frame:,} "
        f"({growth / max(frames, 1):+.3f} bytes per frame), range {spread / 1e3:,.0f} kB"
    )


# --- components ------------------------------------------------------------------------------------------------------


@dataclass
class Share:
    """Counts over one or more videos at one `max_gap`."""

    detections: int = 0
    largest: int = 0
    trajectories: int = 0
    early: int = 0
    widest: float = 0.0
    """Maximum over the videos of the largest component's share of detections."""

    def cell(self) -> str:
        return f"{_percent(self.largest, self.detections)}, {_percent(self.early, self.trajectories)}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def measure_components(data: Path, quick: bool) -> dict[str, dict[int, Share]]:
    """Return the counts for each set of videos and each `max_gap`."""
    found: dict[str, dict[int, Share]] = {}
    for name, videos in real_videos(data, quick):
        start = time.perf_counter()
        found[name] = {gap: Share() for gap in GAPS}
        for video in videos:
            pairs = suppression_pairs(video)
            for gap, share in found[name].items():
                add_video(share, video, pairs, LinkOptions(max_gap=gap))
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def real_videos(data: Path, quick: bool) -> Iterator[tuple[str, list[Detections]]]:
    """Yield the detections of each MOT17 sequence by itself, and of each other set as a whole."""
    for name, chosen in SETS.items():
        if name == "VidVRD 1 fps" or (quick and name == "VidVRD"):
            continue
        videos = [found for _, found in chosen.load(data, 0)]
        for score in sorted({chosen.min_score if quick else -math.inf, chosen.min_score}):
            kept = [found[found.scores >= score] for found in videos]
            what = "every score" if score == -math.inf else f"min_score={score}"
            if name.startswith("MOT17"):
                for sequence, video in zip(MOT17_SEQUENCES, kept, strict=True):
                    yield f"{name} {sequence.removeprefix('MOT17-')}, {what}", [video]
            else:
                yield f"{name}, {len(kept)} videos, {what}", kept


def suppression_pairs(detections: Detections) -> NDArray[np.int64]:
    """Return the pairs of rows that can suppress each other, (2, S), computed with the reference implementation."""
    threshold = LinkOptions().nms_threshold
    order = np.argsort(detections.frames, kind="stable")
    pairs = []
    for rows in np.split(order, np.flatnonzero(np.diff(detections.frames[order])) + 1):
        boxes, labels = detections.boxes[rows], detections.labels[rows]
        close = overlap(boxes, boxes, threshold) & (labels[:, None] == labels[None, :])
        one, other = np.nonzero(np.triu(close, 1))
        pairs.append(np.stack([rows[one], rows[other]]))
    return np.concatenate(pairs, axis=1) if pairs else np.empty((2, 0), np.int64)


def add_video(share: Share, detections: Detections, pairs: NDArray[np.int64], options: LinkOptions) -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(detections)
    graph = link_graph(detections, options)
    sources = np.concatenate([np.repeat(np.arange(count), np.diff(graph.offsets)), pairs[0]])
    targets = np.concatenate([graph.targets, pairs[1]])
    ones = np.ones(len(sources), np.int8)
    components = connected_components(coo_array((ones, (sources, targets)), (count, count)), directed=False)[1]
    largest = int(np.bincount(components).max(initial=0))

    linker = Linker(options)
    early = sum(len(linker.push(*frame).trajectories) for frame in split(detections))
    total = early + len(linker.flush().trajectories)
    if total != len(link(detections, options)):
        raise RuntimeError(f"stream: found {total} trajectories, expected the {len(link(detections, options))} of link")
    share.detections += count
    share.largest += largest
    share.trajectories += total
    share.early += early
    share.widest = max(share.widest, largest / count if count else 0.0)


# --- all -------------------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default="time,memory,components", metavar="WORDS", help="default: %(default)s")
    parser.add_argument(
        "--frames", type=int, metavar="N", help="frames of the memory stream (default: 200,000, with --quick 20,000)"
    )
    add_data_argument(parser)
    parser.add_argument("--quick", action="store_true", help="use fewer frames and sets")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the measurements to FILE")
    arguments = parser.parse_args()
    frames = arguments.frames or (20_000 if arguments.quick else 200_000)
    parts = [part.strip() for part in arguments.parts.split(",")]
    found: dict[str, Any] = {"machine": machine()}
    print(", ".join(f"{name} {value}" for name, value in machine().items()))

    if "time" in parts:
        pairs = in_fresh_process(measure_time, arguments.quick)
        header = ["scene", "options", "detections", "link, ns per detection", "min–max"]
        header += ["Linker, ns per detection", "min–max", "Linker to link"]
        print("\n## Time\n\n" + markdown(header, [pair.cells() for pair in pairs]), flush=True)
        found["time"] = [{**vars(pair), "ratio": pair.ratio} for pair in pairs]

    if "memory" in parts:
        every = min(SAMPLE_EVERY, max(frames // 4, 1))
        streams = {name: in_fresh_process(measure_memory, options, frames, every) for name, options in OPTIONS.items()}
        header = ["options", "frame", "resident MB", "open detections", "detections", "trajectories returned"]
        rows = [
            [
                name,
                f"{each.frame:,}",
                f"{each.resident_bytes / 1e6:.2f}",
                *(f"{count:,}" for count in (each.open_detections, each.detections, each.trajectories)),
            ]
            for name, samples in streams.items()
            for each in samples
        ]
        print("\n## Memory\n\n" + markdown(header, rows) + "\n")
        for name, samples in streams.items():
            print(f"{name}: {describe_growth(samples)}", flush=True)
        found["memory"] = {name: [each._asdict() for each in samples] for name, samples in streams.items()}

    if "components" in parts:
        if (arguments.data / "mot17").is_dir():
            shares = measure_components(arguments.data, arguments.quick)
            header = ["", "detections", *(f"max_gap={gap}" for gap in GAPS)]
            rows = [
                [name, f"{own[0].detections:,}", *(share.cell() for share in own.values())]
                for name, own in shares.items()
            ]
            print("\n## Components\n\nDetections in the largest component, trajectories returned before `flush`.\n")
            print(markdown(header, rows))
            found["components"] = {
                name: {str(gap): vars(share) for gap, share in own.items()} for name, own in shares.items()
            }
        else:
            print(f"\nSkipped the components: found no real sequences in {arguments.data}.")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
