"""`trajtrack corpus` on a synthetic corpus: speed of each engine against its parts, memory, and recovery from kills.

The corpus is written first: objects that move steadily, detected with noise in nine of ten frames, and one false
positive for every ten detections; 100 videos a file, one after another. Then these are timed, each in as many processes
as there are workers:

- `link` alone, on detections in memory;
- reading and writing alone: the same files with the columns of the result, without linking;
- each engine, as `trajtrack corpus` runs it, between its first and its last finished file.

The loss of an engine is the share of its CPU time that is neither linking nor reading and writing; CPU time, because it
is the same on a machine that is busy with other things. For Ray it is that of the processes that run tasks. The table
also has the largest resident set of a worker, in each third of the run.

With `--kills N`, the local engine runs again while N workers are killed at random moments, and again in a process that
is killed itself halfway and started again; both outputs are compared with the undisturbed one byte by byte.

With `--odd`, one worker links what is not as it should be instead: a file in random order, a file of ten times as many
videos, and one video of 10 million boxes between a hundred short ones.

Command::

    pip install '.[ray]'
    python benchmarks/corpus.py FOLDER [--videos N] [--boxes N] [--engines NAME ...] [--workers N] [--kills N] [--odd]

The default of 20,000 videos and 100 million boxes takes 4 GB of disk and, on two cores, six minutes or more.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from link import machine, markdown
from trajtrack import FlowOptions, link
from trajtrack.corpus import PartRecord, find_parts, link_corpus
from trajtrack.corpus.local_engine import run_locally
from trajtrack.corpus.part_linking import written_as
from trajtrack.table_linking import TableOptions
from trajtrack.table_linking.videos import TableVideos

VIDEOS_PER_FILE = 100
OBJECTS = 30
OPTIONS = TableOptions(FlowOptions())


def main() -> int:
    arguments = parse_arguments()
    folder = Path(tempfile.mkdtemp(prefix="corpus", dir=arguments.folder))
    try:
        return measure_odd(folder) if arguments.odd else measure(folder, arguments)
    finally:
        shutil.rmtree(folder)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time trajtrack corpus on a synthetic corpus.")
    parser.add_argument("folder", help="existing folder in which a temporary one is made")
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--boxes", type=int, default=100_000_000, help="approximate number of boxes")
    parser.add_argument("--engines", nargs="*", choices=("local", "ray"), default=["local", "ray"])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--kills", type=int, default=10, help="number of workers to kill; 0 leaves recovery out")
    parser.add_argument("--odd", action="store_true", help="link large, long and shuffled files instead")
    return parser.parse_args()


def measure(folder: Path, arguments: argparse.Namespace) -> int:
    workers = arguments.workers
    boxes = write_corpus(folder / "in", arguments.videos, arguments.boxes)
    sources = sorted((folder / "in").iterdir())
    size = sum(path.stat().st_size for path in sources)
    print(f"{machine()['cpu']}, {workers} workers; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{arguments.videos} videos, {boxes} boxes, {len(sources)} files, {size / 2**30:.2f} GiB\n", flush=True)
    linking = alone(link_only, sources[: 4 * workers], workers)
    copying = alone(copy_only, sources[: 8 * workers], workers)
    rows = [
        ["`link` alone", f"{linking.speed * workers:,.0f}", f"{1e6 * linking.cpu:.2f}", "", "", ""],
        ["reading and writing alone", f"{copying.speed * workers:,.0f}", f"{1e6 * copying.cpu:.2f}", "", "", ""],
    ]
    first = arguments.engines[0] if arguments.engines else None
    for engine in arguments.engines:
        run = timed(folder, engine, workers)
        same = engine == first or hashes(folder / engine) == hashes(folder / str(first))
        rows.append(
            [
                f"engine {engine}",
                f"{run.speed:,.0f}",
                f"{1e6 * run.cpu:.2f}",
                f"{1 - (linking.cpu + copying.cpu) / run.cpu:.0%}",
                ", ".join(f"{each / 2**20:.0f}" for each in run.memory),
                "equal" if same else "DIFFERS",
            ]
        )
        if engine != first:
            shutil.rmtree(folder / engine)
    print(
        markdown(["", "boxes/s", "CPU seconds a million boxes", "lost", "MiB of a worker", "output"], rows), flush=True
    )
    if not arguments.kills or first is None:
        return 0
    expected = hashes(folder / first)
    shutil.rmtree(folder / first)
    return recover(folder, workers, arguments.kills, expected)


def measure_odd(folder: Path) -> int:
    """Print what a worker takes for files that are not as they should be."""
    rng = np.random.default_rng(0)
    usual = random_videos(rng, 0, VIDEOS_PER_FILE, 167)
    many = [
        random_videos(rng, first, VIDEOS_PER_FILE, 167) for first in range(0, 10 * VIDEOS_PER_FILE, VIDEOS_PER_FILE)
    ]
    files = {
        "100 videos": usual,
        "1,000 videos": pa.concat_tables(many),
        "the same rows in random order": pa.concat_tables(many).take(rng.permutation(sum(map(len, many)))),
        "a video of 10 million boxes, and 100 others": pa.concat_tables(
            # Nine of ten objects are found in a frame, nine times in ten, and three boxes are false.
            [random_videos(rng, VIDEOS_PER_FILE, 1, round(10_000_000 / (0.91 * OBJECTS))), usual]
        ),
    }
    rows = []
    for number, (name, table) in enumerate(files.items()):
        source, output = folder / f"in-{number}", str(folder / f"out-{number}")
        source.mkdir()
        parquet.write_table(table, source / "part.parquet", row_group_size=2**17, **written_as(table.schema))
        with watched_workers() as watched:
            link_corpus(find_parts([str(source)], output), output, OPTIONS, workers=1)
        cpu, memory = sum(watched.cpu.values()), max(watched.memory)
        rows.append([name, f"{len(table):,}", f"{1e6 * cpu / len(table):.2f}", f"{memory / 2**20:,.0f}"])
    print(f"{machine()['cpu']}; load of the machine {os.getloadavg()[0]:.1f}\n")
    print(markdown(["one file, one worker", "boxes", "CPU seconds a million boxes", "MiB"], rows))
    return 0


def write_corpus(folder: Path, num_videos: int, num_boxes: int) -> int:
    """Write the corpus and return its number of boxes."""
    folder.mkdir()
    frames = max(round(num_boxes / num_videos / OBJECTS), 2)
    boxes = 0
    for first in range(0, num_videos, VIDEOS_PER_FILE):
        count = min(VIDEOS_PER_FILE, num_videos - first)
        table = random_videos(np.random.default_rng(first), first, count, frames)
        boxes += table.num_rows
        parquet.write_table(
            table,
            folder / f"part-{first // VIDEOS_PER_FILE:06}.parquet",
            row_group_size=2**17,
            **written_as(table.schema),
        )
    return boxes


def random_videos(rng: np.random.Generator, first: int, count: int, frames: int) -> Any:
    """Return some videos as a table, sorted by video and frame."""
    found = round(0.9 * OBJECTS)
    shape = (count, frames, OBJECTS)
    size = rng.uniform(20, 120, (count, 1, OBJECTS, 2))
    start = rng.uniform(0, 1, (count, 1, OBJECTS, 2)) * (1920, 1080)
    speed = rng.normal(0, 3, (count, 1, OBJECTS, 2))
    centre = start + speed * np.arange(frames)[:, None, None] + rng.normal(0, 1, (*shape, 2))
    scores = rng.beta(8, 2, shape)
    is_false = np.zeros(shape, bool)
    is_false[..., found:] = True
    centre = np.where(is_false[..., None], rng.uniform(0, 1, (*shape, 2)) * (1920, 1080), centre)
    scores = np.where(is_false, rng.beta(2, 5, shape), scores)
    keep = is_false | (rng.uniform(size=shape) < 0.9)
    videos = np.broadcast_to(np.arange(first, first + count)[:, None, None], shape)[keep]
    size = np.broadcast_to(size, (*shape, 2))[keep]
    corner = centre[keep] - size / 2
    names = pa.DictionaryArray.from_arrays(pa.array(videos - first), [f"video-{first + k:08}" for k in range(count)])
    sides = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
    return pa.table(
        {
            "video": names.cast(pa.string()),
            "frame": np.broadcast_to(np.arange(frames, dtype=np.int32)[:, None], shape)[keep],
            **{name: np.ascontiguousarray(sides[:, axis]) for axis, name in enumerate(("x1", "y1", "x2", "y2"))},
            "score": scores[keep].astype(np.float32),
            "label": np.broadcast_to((np.arange(OBJECTS) % 3).astype(np.int32), shape)[keep],
        }
    )


@dataclass(frozen=True)
class Speed:
    """How fast boxes are worked on."""

    speed: float
    """Boxes per second of wall time: of one process, or of an engine at steady state."""
    cpu: float
    """Seconds of CPU time per box, of all processes, from start to end."""
    memory: list[int] = field(default_factory=list)
    """Largest resident set of a worker in each third of the run."""


def alone(function: Any, sources: list[Path], workers: int) -> Speed:
    """Return the speed of one process while all are busy."""
    results = [result for _, result in run_locally([str(path) for path in sources], function, workers, 0)]
    boxes, wall, cpu = (sum(each) for each in zip(*results, strict=True))
    return Speed(boxes / wall, cpu / boxes)


def link_only(path: str) -> tuple[int, float, float]:
    """Return the number of boxes, and wall and CPU time of `link` on detections in memory."""
    table = parquet.read_table(path, use_threads=False)
    videos = TableVideos.of(table, "video", None, 0)
    every = [videos.detections(number) for number in range(len(videos.names))]
    wall, cpu = time.perf_counter(), time.process_time()
    for detections in every:
        link(detections, OPTIONS.linking, num_threads=1)
    return table.num_rows, time.perf_counter() - wall, time.process_time() - cpu


def copy_only(path: str) -> tuple[int, float, float]:
    """Return the number of boxes, and wall and CPU time of reading, and of writing with more columns."""
    with tempfile.TemporaryDirectory(dir=Path(path).parent.parent) as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        table = parquet.read_table(path, use_threads=False)
        ids = np.arange(table.num_rows) % OBJECTS
        none = np.full(table.num_rows, -1)
        reasons = np.zeros(table.num_rows, np.int8)
        for name, column in (("track_id", ids), ("reason", reasons), ("suppressed_by", none)):
            table = table.append_column(name, pa.array(column))
        parquet.write_table(table, f"{folder}/copy.parquet", **written_as(table.schema))
        return table.num_rows, time.perf_counter() - wall, time.process_time() - cpu


def timed(folder: Path, engine: str, workers: int) -> Speed:
    """Run an engine; return its speed and the memory of its workers."""
    finished: list[tuple[float, int]] = []

    def note(record: PartRecord, _: bool) -> None:
        finished.append((time.perf_counter(), record.boxes))

    output = str(folder / engine)
    parts = find_parts([str(folder / "in")], output)
    cpu = time.process_time()
    with watched_workers() as watched:
        link_corpus(parts, output, OPTIONS, engine=engine, workers=workers, progress=note)
    cpu = time.process_time() - cpu + sum(watched.cpu.values())
    # Workers begin together, and the last ones end without company.
    (begin, _), (end, _) = finished[workers - 1], finished[-workers]
    steady = sum(boxes for _, boxes in finished[workers : len(finished) - workers + 1]) / (end - begin)
    third = -(-len(watched.memory) // 3)
    memory = [max(watched.memory[k : k + third]) for k in range(0, len(watched.memory), third)]
    return Speed(steady, cpu / sum(boxes for _, boxes in finished), memory)


@dataclass
class Watched:
    """What the workers took."""

    memory: list[int] = field(default_factory=list)
    """Largest resident set of a worker, twice a second."""
    cpu: dict[int, float] = field(default_factory=dict)
    """Seconds of CPU time by process."""


@contextmanager
def watched_workers() -> Iterator[Watched]:
    """Watch the workers while the block runs."""
    watched = Watched()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            for pid in worker_processes():
                with suppress(OSError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    watched.cpu[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            watched.memory.append(max((resident(pid) for pid in worker_processes()), default=0))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield watched
    finally:
        done.set()
        thread.join()


def worker_processes() -> list[int]:
    """Return the workers: children of this process that serve, and processes of Ray."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
            parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if (b"multiprocessing.spawn" in words and parent == os.getpid()) or words.startswith(b"ray::link_part"):
            found.append(int(path.parent.name))
    return found


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))}


def recover(folder: Path, workers: int, kills: int, expected: dict[str, str]) -> int:
    """Kill workers, then the driver; return the exit status."""
    rng = random.Random(0)
    killed = 0
    output = folder / "killed"
    parts = find_parts([str(folder / "in")], str(output))
    done = threading.Event()

    def kill() -> None:
        nonlocal killed
        while killed < kills and not done.wait(rng.uniform(0, 2)):
            children = worker_processes()
            if children:
                os.kill(rng.choice(children), signal.SIGKILL)
                killed += 1

    start = time.perf_counter()
    thread = threading.Thread(target=kill)
    thread.start()
    link_corpus(parts, str(output), OPTIONS, workers=workers, retries=kills)
    done.set()
    thread.join()
    same = hashes(output) == expected
    print(f"\n{killed} workers killed: {time.perf_counter() - start:.0f} s, outputs {'equal' if same else 'DIFFER'}")
    shutil.rmtree(output)
    command = [sys.executable, "-m", "trajtrack", "corpus", folder / "in", "-o", output, "--workers", str(workers)]
    with subprocess.Popen(command) as process:
        while process.poll() is None and len(finished_files(output)) < len(expected) / 2:
            time.sleep(0.01)
        process.kill()
    finished = len(finished_files(output))
    subprocess.run(command, check=True)
    again = hashes(output) == expected
    print(
        f"driver killed after {finished} of {len(expected)} files and started again: outputs "
        f"{'equal' if again else 'DIFFER'}"
    )
    return 0 if same and again else 1


def finished_files(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("part-*.parquet")]


if __name__ == "__main__":
    sys.exit(main())
