"""Small corpora of Parquet files, and faults of their parts."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from trajtrack.scenes import make_scene

__all__ = [
    "corpus_table",
    "die",
    "die_once",
    "double",
    "fail",
    "killing_workers",
    "outputs",
    "shuffled",
    "sleep_and_double",
    "write_corpus",
]


def corpus_table(part: int, num_videos: int = 4, num_frames: int = 12) -> Any:
    """Return the detections of a few videos, one after another."""
    tables = []
    for video in range(num_videos):
        detections = make_scene(num_frames=num_frames, seed=100 * part + video).detections
        names = pa.array([f"video {part}-{video}"] * len(detections))
        tables.append(pa.table({"video": names, **detections.to_columns()}))
    return pa.concat_tables(tables)


def write_corpus(folder: Path, num_parts: int = 3, num_videos: int = 4, row_group_size: int = 200) -> Path:
    """Write parts of different sizes, and return the folder."""
    folder.mkdir(parents=True)
    for part in range(num_parts):
        table = corpus_table(part, num_videos + part % 3)
        parquet.write_table(table, folder / f"part-{part}.parquet", row_group_size=row_group_size)
    return folder


def outputs(folder: Path) -> dict[str, bytes]:
    """Return the content of the output files by path in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def shuffled(table: Any, seed: int = 0) -> Any:
    """Return the rows in random order."""
    return table.take(np.random.default_rng(seed).permutation(table.num_rows))


@contextmanager
def killing_workers(count: int, pauses: tuple[float, float], seed: int) -> Iterator[list[int]]:
    """Kill workers at random while the block runs, at most `count`, and give the list of them."""
    rng = random.Random(seed)
    killed: list[int] = []
    done = threading.Event()

    def kill() -> None:
        while len(killed) < count and not done.wait(rng.uniform(*pauses)):
            workers = multiprocessing.active_children()
            if workers:
                killed.append(rng.choice(workers).pid)
                os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


# What workers run; functions that other processes can import.


def double(value: int) -> int:
    return 2 * value


def sleep_and_double(value: float) -> float:
    time.sleep(0.05)
    return 2 * value


def die(value: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(path: str) -> str:
    """Die where there is no file of that name yet."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return path
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def fail(value: object) -> None:
    raise OSError(28, "No space left on device", str(value))
