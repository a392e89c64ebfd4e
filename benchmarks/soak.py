"""Soak test: thousands of small random videos through `link_many`, one in a hundred of them broken.

Each video is generated from its number: up to 60 frames of up to 12 objects, or of random boxes, on a fine or a coarse
grid (which produces ties), of up to three classes, with rows in any order, and sometimes empty. Half of the videos are
passed as `Detections`, half as files in MOTChallenge's text format, written when `link_many` asks for them and deleted
afterwards. A broken video is a file that is missing, truncated within a row, or has words or infinities for
coordinates, or an object that is not a video. Batches cycle through combinations of options, `ordered` and number of
threads.

The test checks that every video comes back exactly once (in order if requested), that every valid video gives the same
result as `link` does for it alone, bit for bit, and that every broken video has an error, which names the file if there
is one. It prints the resident set of the process over time and its growth after the first fifth. The exit status is 1
if any check fails.

Command::

    python benchmarks/soak.py [--videos N] [--json FILE]

The default of 10,000 videos takes about half a minute.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import trajtrack
from link import machine, markdown
from streaming import resident_bytes
from trajtrack import Detections, LinkedVideo, LinkOptions, Trajectories, link, link_many

COLUMNS = ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores")
BATCHES = (
    (LinkOptions(), True, 2),
    (LinkOptions(max_gap=0), False, 4),
    (LinkOptions(max_gap=3, class_agnostic=True, nms_threshold=0.4), True, 3),
    (LinkOptions(min_score=0.4, min_length=2, buffer=0.3, rescore="max"), False, 2),
    (LinkOptions(iou_threshold=0.3, gap_iou_threshold=0.05, max_gap=30, rescore="sum"), True, 1),
)
BROKEN_SHARE = 0.01
BREAKS = ("missing", "truncated", "words", "infinite", "not a video")


@dataclass
class Result:
    """Outcome of the videos."""

    videos: int = 0
    equal: int = 0
    named: Counter[str] = field(default_factory=Counter)
    """Counts of broken videos with the expected error, by kind of break."""
    faults: list[str] = field(default_factory=list)
    samples: list[tuple[int, int]] = field(default_factory=list)
    """Number of videos so far, and resident set in bytes."""

    @property
    def growth(self) -> int:
        """Growth of the resident set after the first fifth of the samples, in bytes."""
        return self.samples[-1][1] - self.samples[len(self.samples) // 5][1]


def random_video(number: int) -> Detections:
    """Return the video of a number."""
    rng = np.random.default_rng((11, number))
    frames, objects = int(rng.integers(1, 61)), int(rng.integers(0, 13))
    where = np.tile(np.arange(frames), (objects, 1)).T
    centres = rng.uniform(0, 300, (1, objects, 2)) + where[..., None] * rng.normal(0, 3, (1, objects, 2))
    if rng.random() < 0.2:
        centres = rng.uniform(0, 300, (frames, objects, 2))
    sizes = rng.uniform(5, 80, (1, objects, 2)) + np.zeros_like(centres)
    seen = rng.random((frames, objects)) < rng.uniform(0.3, 1)
    grid = rng.choice((1, 8, 1000))
    corners = np.round(np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1)[seen] * grid) / grid
    scores = np.round(rng.uniform(0.05, 1, len(corners)), int(rng.choice((1, 4))))
    labels = np.broadcast_to(rng.integers(0, rng.integers(1, 4), objects), seen.shape)[seen]
    order = rng.permutation(len(corners)) if rng.random() < 0.5 else np.arange(len(corners))
    return Detections(corners[order], scores[order], where[seen][order], labels[order], num_frames=frames)


class Videos:
    """Input of one call of `link_many`: generates videos on demand and records which are broken."""

    def __init__(self, first: int, count: int, folder: Path) -> None:
        self._first, self._count, self._folder = first, count, folder
        self.broken: dict[int, str] = {}
        """Kind of break of each broken video, by index."""

    def __iter__(self) -> Iterator[Any]:
        for index in range(self._count):
            number = self._first + index
            rng = np.random.default_rng((12, number))
            if rng.random() < BROKEN_SHARE:
                self.broken[index] = str(rng.choice(BREAKS))
                yield self._broken(number, self.broken[index])
            elif rng.random() < 0.5:
                yield random_video(number)
            else:
                path = self.path(number)
                trajtrack.write(path, random_video(number))
                yield path

    def path(self, number: int) -> Path:
        return self._folder / f"video-{number}.txt"

    def _broken(self, number: int, how: str) -> object:
        path = self.path(number)
        rows = "".join(f"{frame},-1,{frame},2,30,40,0.9,-1,-1,-1\n" for frame in range(1, 20))
        match how:
            case "missing":
                pass
            case "truncated":
                path.write_text(rows + "20,-1,20,2")
            case "words":
                path.write_text(rows + "20,-1,left,top,30,40,0.9,-1,-1,-1\n")
            case "infinite":
                path.write_text(rows + "20,-1,20,2,inf,40,0.9,-1,-1,-1\n")
            case _:
                return {"number": number}
        return path

    def fault(self, found: LinkedVideo, options: LinkOptions) -> str | None:
        """Return a description of what is wrong with a result, or None, and delete the video's file."""
        number = self._first + found.index
        path = self.path(number)
        try:
            if found.index in self.broken:
                how = self.broken[found.index]
                if found.error is None:
                    return f"video {number} ({how}): found trajectories, expected an error"
                if how != "not a video" and (path.name not in str(found.error) or found.source != str(path)):
                    return f"video {number} ({how}): found an error that does not name {path}: {found.error}"
                return None
            if found.error is not None:
                return f"video {number}: found {found.error!r}, expected trajectories"
            alone = link(found.source if isinstance(found.source, Detections) else trajtrack.read(path), options)
            return (
                None if equal(found.result(), alone) else f"video {number}: found other trajectories than link returns"
            )
        finally:
            path.unlink(missing_ok=True)


def equal(one: Trajectories, other: Trajectories) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


def soak(videos: int, folder: Path) -> Result:
    result = Result()
    batch = min(max(videos // 20, 1), 1_000)
    every = max(videos // 20, 1)
    while result.videos < videos:
        options, ordered, threads = BATCHES[result.videos // batch % len(BATCHES)]
        given = Videos(result.videos, min(batch, videos - result.videos), folder)
        indices = []
        for found in link_many(given, options, num_threads=threads, ordered=ordered):
            indices.append(found.index)
            fault = given.fault(found, options)
            if fault is not None:
                result.faults.append(fault)
            elif found.index in given.broken:
                result.named[given.broken[found.index]] += 1
            else:
                result.equal += 1
            if (result.videos + len(indices)) % every == 0:
                gc.collect()
                result.samples.append((result.videos + len(indices), resident_bytes()))
        if sorted(indices) != list(range(given._count)) or (ordered and indices != sorted(indices)):
            result.faults.append(
                f"videos from {result.videos}: found missing, repeated or unordered results, expected each video once"
            )
        result.videos += given._count
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=10_000, metavar="N", help="number of videos (default: 10,000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    arguments = parser.parse_args()

    print(", ".join(f"{name} {value}" for name, value in machine().items()) + "\n")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = soak(arguments.videos, Path(folder))
        left = len(list(Path(folder).iterdir()))
    seconds = time.perf_counter() - start
    print(markdown(["videos", "resident MB"], [[f"{n:,}", f"{size / 1e6:.2f}"] for n, size in result.samples]))
    broken = ", ".join(f"{count} {how}" for how, count in sorted(result.named.items()))
    print(f"\n{result.videos:,} videos in {seconds:.0f} s: {result.equal:,} equal to link, {broken or 'none'} rejected")
    print(f"resident set: {result.growth / 1e3:+,.0f} kB since video {result.samples[len(result.samples) // 5][0]:,}")
    for fault in result.faults[:20]:
        print(fault)
    sound = not result.faults and left == 0
    print("all as expected" if sound else f"{len(result.faults)} faults, {left} files left over")
    if arguments.json:
        found = {
            "machine": machine(),
            "videos": result.videos,
            "equal": result.equal,
            "named": dict(result.named),
            "faults": result.faults,
            "samples": result.samples,
            "seconds": seconds,
        }
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
