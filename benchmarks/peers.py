"""Speed, memory and accuracy of trajtrack and other linkers from the package index, on the same detections.

Each peer runs with its default settings, which are printed. Measured for each:

- Time on two synthetic scenes of `trajtrack.scenes.make_scene` (one class, 300 frames of about 30 and about 300
  boxes), from inputs in the peer's own format, prepared before the clock starts, to its return value. Each peer
  alternates with trajtrack, which starts from NumPy columns (`Detections(...)` included), uses one thread and runs
  with its defaults and as Seq-NMS with and without gaps; ratios compare the medians of these turns. Peers may use any
  number of threads. A peer whose run exceeds the budget is stopped.
- Peak memory of one such run on top of its inputs, including results.
- HOTA, IDF1 and identity switches, computed by `trajtrack.evaluate_many` under the rules of each benchmark: MOT17
  (sequences 02, 04, 09 and 10, all frames with Faster R-CNN's detections, the second halves with YOLOX's) and KITTI
  (cars of sequences 0000 to 0010, RRC's detections), with detections of a score of at least 0.5. Peers are evaluated
  on the boxes that they return, trajtrack with and without interpolated boxes. No peer sees an image.

Each peer runs in its own process with its own interpreter, so that peers with conflicting requirements can be
compared. Peers that are not installed are listed and skipped.

Command::

    pip install '.[eval]' trackforge similari-trackers-rs trackers motpy laptrack motile
    python3 -m venv norfair && norfair/bin/pip install norfair
    python3 -m venv supervision && supervision/bin/pip install 'supervision<0.31'
    python benchmarks/peers.py --python norfair=norfair/bin/python --python supervision=supervision/bin/python
        [--python boxmot=PATH] [--python ultralytics=PATH] [--only WORDS] [--parts WORDS]
        [--budget SECONDS] [--data DIR] [--quick] [--json FILE]

BoxMOT and Ultralytics install torch. With all peers it takes about half an hour; ``--quick``, which skips the real
sequences and lowers the budget of a run to 10 seconds, takes about four minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

import trajtrack
from accuracy import SETS, Video, add_data_argument
from link import machine, markdown
from trajtrack import Detections, FlowOptions, LinkOptions
from trajtrack.metrics import evaluate_many
from trajtrack.scenes import SceneOptions, make_scene

WORKER = Path(__file__).parent / "peers" / "worker.py"
OURS = ("trajtrack", "trajtrack, seq-nms", "trajtrack, seq-nms, max_gap=0")
DETECTED_ONLY = "trajtrack, seq-nms, detected boxes only"
OWN_RUNS = 5  # minimum runs of trajtrack per turn, because the first has cold caches
MIN_SCORE = 0.5

_SCENE = SceneOptions(num_frames=300, num_classes=1, image_width=3840, image_height=2160, mean_life=800, seed=2)
SCENES = {
    "300 x 30": replace(_SCENE, objects_per_frame=33, false_positives=1.5),
    "300 x 300": replace(_SCENE, objects_per_frame=335, false_positives=15),
}
REAL = ("MOT17 FRCNN", "MOT17 YOLOX", "KITTI RRC Car")


@dataclass(frozen=True)
class Peer:
    """Description of a peer, as its worker reports it, and the interpreter that runs it."""

    name: str
    package: str
    settings: str
    returns: str
    largest: int | None
    python: str


class TooSlow(Exception):
    """A peer exceeded its time budget."""


class Failed(Exception):
    """A peer cannot be measured."""


class Process:
    """A worker process that runs one peer."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._process = subprocess.Popen(
            [peer.python, str(WORKER), peer.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "MPLBACKEND": "Agg", "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false"},
        )
        self.version: str | None = self._reply(None)["version"]
        if self.version is None:
            self._end()
            raise Failed("not installed")

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def ask(self, do: str, seconds: float | None = None, **details: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
        self._process.stdin.flush()
        return self._reply(seconds)

    def _reply(self, seconds: float | None) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise TooSlow
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"ended with status {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass
class Timings:
    """Repeated runs of a peer on a scene, and the runs of trajtrack that alternated with them."""

    detections: int
    seconds: list[float] = field(default_factory=list)
    own_seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in OURS})
    peak_bytes: int | None = None
    trouble: str | None = None
    """Reason why there are no times, such as an exceeded budget."""

    def as_json(self) -> dict[str, Any]:
        return {
            "detections": self.detections,
            "seconds": self.seconds,
            "trajtrack_seconds": self.own_seconds,
            "ratios": {name: self.ratio(name) for name in OURS} if self.seconds else None,
            "peak_bytes": self.peak_bytes,
            "trouble": self.trouble,
        }

    def ratio(self, name: str) -> float:
        return statistics.median(self.seconds) / statistics.median(self.own_seconds[name])


def list_peers(pythons: Mapping[str, str], words: str) -> list[Peer]:
    """Return trajtrack and the peers whose names contain one of the words, each with its interpreter."""
    listed = subprocess.run([sys.executable, str(WORKER), "--list"], check=True, capture_output=True, text=True)
    peers = [
        Peer(name, package, settings, returns, largest, pythons.get(package, sys.executable))
        for name, (package, settings, returns, largest) in json.loads(listed.stdout).items()
    ]
    packages = {peer.package for peer in peers}
    for package in pythons:
        if package not in packages:
            raise SystemExit(f"--python: found {package!r}, expected one of {', '.join(sorted(packages))}")
    chosen = [word.strip().lower() for word in words.split(",")]
    return [peer for peer in peers if peer.name in OURS or any(word in peer.name.lower() for word in chosen)]


def save_video(path: Path, detections: Detections) -> None:
    """Write the columns of a video, sorted by frame."""
    rows = detections[np.argsort(detections.frames, kind="stable")]
    np.savez(
        path,
        boxes=rows.boxes,
        scores=rows.scores,
        labels=rows.labels,
        frames=rows.frames,
        num_frames=detections.num_frames,
    )


def time_peer(
    peer: Peer, video: Path, detections: int, own: Mapping[str, Process], repeats: int, budget: float
) -> Timings:
    """Time a peer, alternating with trajtrack, until it has run `repeats` times or its budget is spent."""
    found = Timings(detections)
    if peer.largest is not None and detections > peer.largest:
        found.trouble = f"skipped beyond {peer.largest:,} detections"
        return found
    try:
        with Process(peer) as process:
            process.ask("warm", 10 * budget, video=str(video))
            first = process.ask("memory", budget)
            found.peak_bytes = first["bytes"]
            spent = first["seconds"]
            while len(found.seconds) < repeats and spent + first["seconds"] <= budget:
                _time_own(own, found)
                found.seconds.append(process.ask("time", budget)["seconds"])
                spent += found.seconds[-1]
            if not found.seconds:  # no budget left: use the time of the memory run
                _time_own(own, found)
                found.seconds.append(first["seconds"])
    except TooSlow:
        found.trouble = f"more than {budget:g} s"
    except Failed as failure:
        found.trouble = str(failure)
    return found


def _time_own(own: Mapping[str, Process], found: Timings) -> None:
    for name, process in own.items():
        runs = max(OWN_RUNS, 100_000 // max(found.detections, 1))
        found.own_seconds[name] += [process.ask("time")["seconds"] for _ in range(runs)]


def time_scene(name: str, peers: Sequence[Peer], repeats: int, budget: float, folder: Path) -> dict[str, Timings]:
    """Time all peers on a scene; the times of trajtrack are those of all turns."""
    detections = make_scene(SCENES[name]).detections
    video = folder / f"{name}.npz"
    save_video(video, detections)
    ours = {peer.name: peer for peer in peers if peer.name in OURS}
    found: dict[str, Timings] = {}
    for peer in ours.values():
        with Process(peer) as process:
            process.ask("warm", video=str(video))
            found[peer.name] = Timings(len(detections), peak_bytes=process.ask("memory")["bytes"])
    own = {peer.name: Process(peer) for peer in ours.values()}
    try:
        for process in own.values():
            process.ask("warm", video=str(video))
            process.ask("time")
        for peer in peers:
            if peer.name in OURS:
                continue
            found[peer.name] = times = time_peer(peer, video, len(detections), own, repeats, budget)
            for each in OURS:
                found[each].seconds += times.own_seconds[each]
            _log(f"{name}: {peer.name}, {times.trouble or f'{len(times.seconds)} runs'}")
        if not found[OURS[0]].seconds:
            alone = Timings(len(detections))
            _time_own(own, alone)
            for each in OURS:
                found[each].seconds = alone.own_seconds[each]
    finally:
        for process in own.values():
            process.__exit__(None, None, None)
    for each in OURS:
        found[each].own_seconds = {other: found[other].seconds for other in OURS}
    return found


def speed_table(peers: Sequence[Peer], versions: Mapping[str, str], found: Mapping[str, Timings]) -> str:
    header = ["", "version", "runs", "median ms", "min–max ms", "detections per second"]
    header += [*(f"{name} is faster by" for name in OURS), "peak MB", "bytes per detection"]
    rows = []
    for peer in peers:
        times = found[peer.name]
        start = [peer.name, versions[peer.name]]
        if times.trouble is not None:
            rows.append([*start, "", times.trouble, *[""] * (len(header) - 4)])
            continue
        median = statistics.median(times.seconds)
        peak = times.peak_bytes or 0
        rows.append(
            [
                *start,
                str(len(times.seconds)),
                f"{median * 1e3:.4g}",
                f"{min(times.seconds) * 1e3:.4g}–{max(times.seconds) * 1e3:.4g}",
                f"{times.detections / median:,.0f}",
                *(f"{times.ratio(name):.3g}" for name in OURS),
                f"{peak / 1e6:.1f}",
                f"{peak / times.detections:.0f}",
            ]
        )
    return markdown(header, rows)


def score(pairs: Sequence[tuple[Any, Detections]], given: int) -> dict[str, float]:
    metrics = evaluate_many(pairs)
    boxes = sum(len(tracks) for _, tracks in pairs)
    return {
        "hota": metrics.hota,
        "assa": metrics.assa,
        "deta": metrics.deta,
        "mota": metrics.mota,
        "idf1": metrics.idf1,
        "switches": metrics.switches,
        "boxes": boxes / given,
    }


def score_peer(peer: Peer, videos: Sequence[Video], budget: float, folder: Path) -> dict[str, float] | str:
    """Link the videos and return the scores of the tracks, or the reason why there are none."""
    given = sum(len(found) for _, found in videos)
    if peer.largest is not None and given > peer.largest:
        return "small input only"
    pairs = []
    spent = 0.0
    dropped = 0
    try:
        with Process(peer) as process:
            for truth, found in videos:
                save_video(folder / "video.npz", found)
                start = time.perf_counter()
                reply = process.ask(
                    "tracks", budget - spent, video=str(folder / "video.npz"), output=str(folder / "tracks.npz")
                )
                spent += time.perf_counter() - start
                dropped += reply["dropped"]
                pairs.append((truth, read_tracks(folder / "tracks.npz", found.num_frames)))
    except TooSlow:
        return f"more than {budget:g} s"
    except Failed as failure:
        return str(failure)
    return {**score(pairs, given), "dropped": dropped}


def read_tracks(path: Path, num_frames: int) -> Detections:
    with np.load(path) as columns:
        scores = np.ones(len(columns["frames"]), np.float32)
        return Detections(columns["boxes"], scores, columns["frames"], num_frames=num_frames, track_ids=columns["ids"])


def score_all(data: Path, peers: Sequence[Peer], budget: float, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the scores by peer and set."""
    scores: dict[str, dict[str, Any]] = {name: {} for name in (*OURS, DETECTED_ONLY)}
    for name in REAL:
        videos = [(truth, found[found.scores >= MIN_SCORE]) for truth, found in SETS[name].load(data, 0)]
        given = sum(len(found) for _, found in videos)
        for row, options, interpolate in (
            (OURS[0], FlowOptions(), True),
            (OURS[1], LinkOptions(), True),
            (OURS[2], LinkOptions(max_gap=0), True),
            (DETECTED_ONLY, LinkOptions(), False),
        ):
            pairs = [
                (truth, trajtrack.link(found, options, num_threads=1).to_detections(interpolate=interpolate))
                for truth, found in videos
            ]
            scores[row][name] = score(pairs, given)
        for peer in peers:
            if peer.name not in OURS:
                scores.setdefault(peer.name, {})[name] = result = score_peer(peer, videos, budget, folder)
                _log(f"{name}: {peer.name}{f', {result}' if isinstance(result, str) else ''}")
    return scores


def score_table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    header = ["", *(f"{name} {column}" for name in REAL for column in ("HOTA", "IDF1", "switches", "boxes"))]
    rows = []
    for peer, results in scores.items():
        row = [peer]
        for name in REAL:
            found = results[name]
            if isinstance(found, str):
                row += [found, "", "", ""]
            else:
                row += [f"{100 * found[column]:.1f}" for column in ("hota", "idf1")]
                row += [f"{found['switches']}", f"{100 * found['boxes']:.0f} %"]
        rows.append(row)
    return markdown(header, rows)


def find_versions(peers: Sequence[Peer]) -> dict[str, str]:
    """Return the versions of the installed peers; print the names of the others."""
    versions: dict[str, str] = {}
    for peer in peers:
        try:
            with Process(peer) as process:
                versions[peer.name] = process.version or ""
        except (Failed, OSError) as failure:
            print(f"{peer.name}: skipped ({peer.package}: {failure})")
    return versions


def _log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PACKAGE=PATH",
        help="interpreter of the environment in which a package is installed (default: this one)",
    )
    parser.add_argument("--only", default="", metavar="WORDS", help="only peers with one of these words in their name")
    parser.add_argument(
        "--budget", type=float, metavar="SECONDS", help="budget of a run (default: 60, with --quick 10)"
    )
    parser.add_argument(
        "--parts", default="speed,scores", metavar="WORDS", help="speed, scores or both (default: %(default)s)"
    )
    add_data_argument(parser)
    parser.add_argument("--quick", action="store_true", help="at most three runs, no real sequences")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the measurements to FILE")
    arguments = parser.parse_args()
    budget = arguments.budget or (10 if arguments.quick else 60)

    print(", ".join(f"{name} {value}" for name, value in machine().items()) + "\n")
    pythons = dict(pair.partition("=")[::2] for pair in arguments.python)
    peers = list_peers(pythons, arguments.only)
    versions = find_versions(peers)
    peers = [peer for peer in peers if peer.name in versions]
    if not versions.keys() >= {*OURS}:
        raise SystemExit("trajtrack: found no installation, expected 'pip install .' first")

    speed: dict[str, dict[str, Timings]] = {}
    scores: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for scene in SCENES if "speed" in arguments.parts else ():
            speed[scene] = time_scene(scene, peers, 3 if arguments.quick else 7, budget, folder)
            print(f"\n## {scene}: {speed[scene][OURS[0]].detections:,} detections\n")
            print(speed_table(peers, versions, speed[scene]), flush=True)
        if arguments.quick or "scores" not in arguments.parts:
            print("\nSkipped the real sequences.")
        elif not (arguments.data / "mot17").is_dir():
            print(f"\nSkipped the real sequences: found none in {arguments.data}.")
        else:
            scores = score_all(arguments.data, peers, 2 * budget, folder)
            print("\n## Real sequences\n\n`boxes`: number of boxes returned, as a share of those given.\n")
            print(score_table(scores))

    print("\n## Settings\n")
    print(markdown(["", "settings", "returned boxes"], [[peer.name, peer.settings, peer.returns] for peer in peers]))
    if arguments.json:
        found = {
            "machine": machine(),
            "versions": versions,
            "speed": {scene: {name: times.as_json() for name, times in own.items()} for scene, own in speed.items()},
            "scores": scores,
        }
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
