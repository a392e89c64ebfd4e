"""HOTA of both methods of trajtrack, compared with online trackers, on the raw detections of several detectors.

Every linker sees the same boxes, scores and classes, and no image. Both methods of trajtrack run with their defaults.
Each online tracker runs with its defaults too, twice: on all detections and on those with a score of at least 0.5; the
better of the two counts, which favours the trackers. The table also shows the better of the two after linear
interpolation over gaps of up to 20 frames, which turns an online tracker into an offline one. Videos with several
classes are tracked class by class.

The sets:

- those of `benchmarks/accuracy.py`, and MOT17 with the public detections of DPM;
- MOT17 with 10 % and 25 % of the detections dropped at random;
- MOT17 at every 3rd and every 10th frame.

Command::

    pip install '.[eval]' trackforge trackers
    python benchmarks/online.py [--data DIR] [--jobs N] [--only WORDS] [--trackers WORDS] [--json FILE] [--reuse FILE]
        [--chart FILE]

Trackers that are not installed are listed and skipped. It takes about 20 minutes with two processes; without VidVRD
(``--only MOT17,KITTI``) about 10. ``--reuse`` reads the trackers' results from a FILE that ``--json`` wrote earlier;
only trajtrack then runs, for half a minute. ``--chart`` draws the table; it needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import numpy as np

import trajtrack
from accuracy import SETS, Video, add_data_argument, every, load_mot17
from link import machine, markdown
from trajtrack import Detections
from trajtrack.methods import Method
from trajtrack.metrics import GroundTruth, evaluate_many

sys.path.append(str(Path(__file__).parent / "peers"))
from adapters import PEERS, Frame

TRACKERS = (
    *("trackforge ByteTrack", "trackforge BoT-SORT", "trackforge TrackTrack", "trackforge OC-SORT"),
    *("trackers ByteTrack", "trackers BoT-SORT", "trackers C-BIoU"),
)
METHODS: tuple[Method, ...] = get_args(Method)
MIN_SCORE = 0.5
MAX_INTERPOLATED_GAP = 20

Loader = Callable[[Path], list[Video]]


def every_nth(step: int, load: Loader, data: Path) -> list[Video]:
    """Keep one frame in `step` of the detections and of the ground truth."""
    return [(_every_annotated(step, truth), every(step, found)) for truth, found in load(data)]


def _every_annotated(step: int, truth: Detections | GroundTruth) -> Detections | GroundTruth:
    if isinstance(truth, Detections):
        return every(step, truth)
    kept = truth.detections.frames % step == 0
    return replace(
        truth,
        detections=every(step, truth.detections),
        evaluated=truth.evaluated[kept],
        distractors=truth.distractors[kept],
    )


def dropped(share: float, load: Loader, data: Path) -> list[Video]:
    """Drop a share of the detections at random."""
    videos = []
    for number, (truth, found) in enumerate(load(data)):
        rng = np.random.default_rng((round(100 * share), number))
        videos.append((truth, found[rng.random(len(found)) >= share]))
    return videos


MOT17: dict[str, Loader] = {
    "MOT17 YOLOX": lambda data: load_mot17(data, "det_yolox_val_half", "gt_val_half"),
    "MOT17 FRCNN": lambda data: load_mot17(data, "det", "gt"),
    "MOT17 DPM": lambda data: load_mot17(data, "det_dpm", "gt"),
}
ALL: dict[str, Loader] = {
    **MOT17,
    **{
        f"{name}, {round(100 * share)} % dropped": partial(dropped, share, load)
        for name, load in MOT17.items()
        for share in (0.1, 0.25)
    },
    **{
        f"{name}, every {step}{'rd' if step == 3 else 'th'} frame": partial(every_nth, step, load)
        for name, load in MOT17.items()
        for step in (3, 10)
    },
    **{name: lambda data, own=own: own.load(data, 0) for name, own in SETS.items() if not name.startswith("MOT17")},
}


def frames_of(detections: Detections) -> list[Frame]:
    rows = detections[np.argsort(detections.frames, kind="stable")]
    ends = np.cumsum(np.bincount(rows.frames, minlength=rows.num_frames))[:-1]
    columns = (np.split(column, ends) for column in (rows.boxes, rows.scores, rows.labels))
    return [Frame(*frame) for frame in zip(*columns, strict=True)]


def track(tracker: str, detections: Detections) -> Detections:
    """Run an online tracker on each class of a video."""
    frames: list[int] = []
    ids: list[int] = []
    boxes: list[np.ndarray] = []
    labels: list[int] = []
    numbers: dict[object, int] = {}
    for label in np.unique(detections.labels).tolist():
        of_label = detections[detections.labels == label]
        for frame, found in enumerate(PEERS[tracker].tracks(frames_of(of_label))):
            ids += [numbers.setdefault((label, identity), len(numbers)) for identity in found.ids]
            frames += [frame] * len(found.ids)
            labels += [label] * len(found.ids)
            boxes.append(np.asarray(found.boxes, np.float64).reshape(-1, 4))
    corners = np.concatenate(boxes) if boxes else np.empty((0, 4))
    # A filter can produce boxes of negative size.
    sound = np.isfinite(corners).all(axis=1) & (corners[:, 2:] >= corners[:, :2]).all(axis=1)
    return Detections(
        corners[sound],
        np.ones(int(sound.sum())),
        np.array(frames, np.int64)[sound],
        np.array(labels, np.int64)[sound],
        detections.num_frames,
        track_ids=np.array(ids, np.int64)[sound],
        label_names=detections.label_names,
    )


def interpolated(tracks: Detections) -> Detections:
    """Fill gaps of up to `MAX_INTERPOLATED_GAP` frames with boxes on straight lines."""
    assert tracks.track_ids is not None
    order = np.lexsort((tracks.frames, tracks.track_ids))
    frames, ids = tracks.frames[order].astype(np.int64), tracks.track_ids[order]
    boxes, labels = tracks.boxes[order].astype(np.float64), tracks.labels[order]
    steps = np.diff(frames)
    begins = np.flatnonzero((np.diff(ids) == 0) & (steps > 1) & (steps <= MAX_INTERPOLATED_GAP))
    added = [
        (np.full(steps[i] - 1, i), np.arange(1, steps[i]), np.arange(1, steps[i]) / steps[i]) for i in begins.tolist()
    ]
    rows, offsets, weights = (np.concatenate(column) for column in zip(*added, strict=True)) if added else ([], [], [])
    rows = np.asarray(rows, np.int64)
    between = boxes[rows] + (boxes[rows + 1] - boxes[rows]) * np.asarray(weights)[:, None]
    every_frame = np.concatenate([frames, frames[rows] + np.asarray(offsets, np.int64)])
    return Detections(
        np.concatenate([boxes, between]),
        np.ones(len(every_frame)),
        every_frame,
        np.concatenate([labels, labels[rows]]),
        tracks.num_frames,
        track_ids=np.concatenate([ids, ids[rows]]),
        label_names=tracks.label_names,
    )


def score(name: str, tracker: str | None, data: Path) -> dict[str, float]:
    """Return HOTA of trajtrack's methods (`tracker` is None), or of a tracker on all and on confident detections."""
    videos = ALL[name](data)
    if tracker is None:
        warnings.simplefilter("ignore", trajtrack.TrajtrackWarning)  # some videos are too short to calibrate scores
        return {
            method: evaluate_many(
                [
                    (truth, trajtrack.link(found, method=method, num_threads=1).to_detections())
                    for truth, found in videos
                ]
            ).hota
            for method in METHODS
        }
    results = {}
    for condition, minimum in (("all", -np.inf), (f">= {MIN_SCORE}", MIN_SCORE)):
        pairs = [(truth, track(tracker, found[found.scores >= minimum])) for truth, found in videos]
        results[condition] = evaluate_many(pairs).hota
        filled = [(truth, interpolated(tracks)) for truth, tracks in pairs]
        results[f"{condition}, interpolated"] = evaluate_many(filled).hota
    return results


def best(results: dict[str, dict[str, float]], filled: bool) -> tuple[str, float]:
    """Return the best tracker with its condition, and its HOTA."""
    candidates = [
        (value, f"{tracker}, {condition.removesuffix(', interpolated')}")
        for tracker, values in results.items()
        for condition, value in values.items()
        if condition.endswith("interpolated") == filled
    ]
    value, name = max(candidates)
    return name, value


def table(found: dict[str, dict[str | None, dict[str, float]]]) -> str:
    header = ["", *METHODS, "best online tracker", "HOTA", "best with interpolation", "HOTA", "flow - best"]
    rows = []
    for name, results in found.items():
        own = results[None]
        online = {tracker: values for tracker, values in results.items() if tracker is not None}
        (plain_name, plain), (filled_name, filled) = best(online, False), best(online, True)
        cells = [
            *(f"{100 * own[method]:.1f}" for method in METHODS),
            plain_name,
            f"{100 * plain:.1f}",
            filled_name,
            f"{100 * filled:.1f}",
        ]
        rows.append([name, *cells, f"{100 * (own['flow'] - max(plain, filled)):+.1f}"])
    return markdown(header, rows)


def draw(found: dict[str, dict[str | None, dict[str, float]]], path: Path) -> None:
    """Draw HOTA of each set: trajtrack's methods and the best online tracker, interpolated or not."""
    import matplotlib
    from matplotlib.figure import Figure

    online = [
        max(
            best({tracker: values for tracker, values in results.items() if tracker}, filled)[1]
            for filled in (False, True)
        )
        for results in found.values()
    ]
    rows = np.arange(len(found))
    with matplotlib.rc_context({"svg.hashsalt": "trajtrack", "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(9, 0.8 + 0.28 * len(found)), facecolor="white", layout="constrained")
        axes = figure.subplots()
        flow = 100 * np.array([results[None]["flow"] for results in found.values()])
        axes.hlines(rows, 100 * np.array(online), flow, color="#9ca3af", linewidth=2, zorder=1)
        for name, values, colour, marker in (
            ("trajtrack, nothing set", flow, "#1d4ed8", "o"),
            ("best of seven online trackers", 100 * np.array(online), "#b45309", "s"),
            ("trajtrack, Seq-NMS", 100 * np.array([own[None]["seq-nms"] for own in found.values()]), "#6b7280", "x"),
        ):
            axes.scatter(values, rows, s=36, color=colour, marker=marker, label=name, zorder=2)
        axes.set(xlabel="HOTA, per cent", yticks=rows, yticklabels=list(found), ylim=(len(found) - 0.4, -0.6))
        axes.grid(axis="x", color="#e5e7eb")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=120)


def matches(words: str, names: Sequence[str]) -> Iterator[str]:
    chosen = [word.strip().lower() for word in words.split(",")]
    return (name for name in names if any(word in name.lower() for word in chosen))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="number of processes (default: one per core)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only sets with one of these words in their name")
    parser.add_argument(
        "--trackers", default="", metavar="WORDS", help="only trackers with one of these words in their name"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all results to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="also draw the results to FILE, such as a.svg")
    parser.add_argument("--reuse", type=Path, metavar="FILE", help="take the trackers' results from this earlier FILE")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"--data: found no folder {arguments.data}, expected one with mot17, kitti and vidvrd")
    earlier = {} if arguments.reuse is None else json.loads(arguments.reuse.read_text())
    measured = {tracker for results in earlier.values() for tracker in results}
    installed = [name for name in TRACKERS if name in measured or find_spec(PEERS[name].package)]
    for name in (each for each in TRACKERS if each not in installed):
        print(f"{name}: skipped, {PEERS[name].package} is not installed")
    names = list(matches(arguments.only, list(ALL)))
    trackers = [None, *matches(arguments.trackers, installed)]
    if not names or len(trackers) < 2:
        parser.error("--only, --trackers: found no matching set or tracker, expected at least one of each")
    with ProcessPoolExecutor(arguments.jobs) as pool:
        futures = {
            (name, tracker): pool.submit(score, name, tracker, arguments.data)
            for name in names
            for tracker in trackers
            if tracker not in earlier.get(name, {})
        }
        found = {
            name: {
                tracker: futures[name, tracker].result() if (name, tracker) in futures else earlier[name][tracker]
                for tracker in trackers
            }
            for name in names
        }
    print(", ".join(f"{name} {value}" for name, value in machine().items()) + "\n")
    print(table(found))
    if arguments.chart:
        draw(found, arguments.chart)
    if arguments.json:
        plain = {
            name: {tracker or "trajtrack": values for tracker, values in own.items()} for name, own in found.items()
        }
        arguments.json.write_text(json.dumps(plain, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
