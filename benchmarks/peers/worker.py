"""Worker process for one peer: reads one JSON command per line and writes one JSON reply per line.

`benchmarks/peers.py` starts it with the interpreter of the environment in which the peer is installed. Commands are
``{"do": "warm" | "memory" | "time" | "tracks", ...}``. Output of the peer itself is redirected to standard error.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import resource
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from adapters import PEERS, Frame, Peer

_WARM_FRAMES = 12


def load(path: str) -> list[Frame]:
    """Read a video that `benchmarks/peers.py` wrote."""
    with np.load(path) as columns:
        ends = np.cumsum(np.bincount(columns["frames"], minlength=int(columns["num_frames"])))[:-1]
        parts = (np.split(columns[name], ends) for name in ("boxes", "scores", "labels"))
        return [Frame(*frame) for frame in zip(*parts, strict=True)]


class Worker:
    """A peer and the video on which it is measured."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.inputs: Any = None

    def warm(self, video: str) -> dict[str, Any]:
        """Import the peer, run it on a few frames, and convert the video."""
        frames = load(video)
        self.peer.run(self.peer.convert(frames[:_WARM_FRAMES]))
        self.inputs = self.peer.convert(frames)
        return {}

    def time(self) -> dict[str, Any]:
        gc.collect()
        start = time.perf_counter()
        result = self.peer.run(self.inputs)
        seconds = time.perf_counter() - start
        del result  # after the clock has stopped
        return {"seconds": seconds}

    def memory(self) -> dict[str, Any]:
        """Run once; return the time and the peak memory on top of the inputs, including results, in bytes."""
        gc.collect()
        library = ctypes.CDLL(None)
        if not hasattr(library, "malloc_trim"):
            before = _max_rss()
            return {**self.time(), "bytes": max(_max_rss() - before, 0)}
        library.malloc_trim(0)  # freed memory that malloc kept could be reused uncounted
        Path("/proc/self/clear_refs").write_text("5")  # reset the high-water mark to the current use
        before = _status("smaps_rollup", "Rss")
        found = self.time()
        return {**found, "bytes": max(_status("status", "VmHWM") - before, 0)}

    def tracks(self, video: str, output: str) -> dict[str, Any]:
        """Write the frames, IDs and boxes of a video's tracks; drop and count invalid boxes."""
        frames = load(video)
        numbers: dict[Any, int] = {}
        columns: list[tuple[np.ndarray[Any, Any], ...]] = []
        start = time.perf_counter()
        for frame, (ids, boxes) in enumerate(self.peer.tracks(frames)):
            known = [numbers.setdefault(identity, len(numbers)) for identity in ids]
            columns.append((np.full(len(known), frame), np.array(known, np.int64), np.asarray(boxes, np.float64)))
        seconds = time.perf_counter() - start
        where, who, what = (np.concatenate(column) for column in zip(*columns, strict=True))
        sound = np.isfinite(what).all(axis=1) & (what[:, 2:] >= what[:, :2]).all(axis=1)
        np.savez(output, frames=where[sound], ids=who[sound], boxes=what[sound])
        return {"seconds": seconds, "dropped": int((~sound).sum())}


def _status(file: str, field: str) -> int:
    for line in Path("/proc/self", file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"/proc/self/{file}: found no line {field}, expected one")


def _max_rss() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def installed(peer: Peer) -> str | None:
    try:
        return metadata.version(peer.package)
    except metadata.PackageNotFoundError:
        return None


def main() -> int:
    if sys.argv[1:] == ["--list"]:
        facts = {name: [peer.package, peer.settings, peer.returns, peer.largest] for name, peer in PEERS.items()}
        print(json.dumps(facts))
        return 0
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    peer = PEERS[sys.argv[1]]
    worker = Worker(peer)
    replies.write(json.dumps({"version": installed(peer)}) + "\n")
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = getattr(worker, command.pop("do"))(**command)
        except Exception as error:  # report the failure of one peer and go on with the others
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        replies.write(json.dumps(reply) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
