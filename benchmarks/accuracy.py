"""Accuracy of linking on real sequences: classic Seq-NMS, variants of gap links, and every other option.

Prints Markdown tables of HOTA, AssA, DetA, MOTA, IDF1 (per cent) and identity switches by TrackEval, for
trajectories with interpolated boxes, and of HOTA and AssA for the same trajectories without them
("detected only"). Results that depend on random numbers are means over seeds, with the standard deviation of
HOTA after ±.

The sets:

MOT17 FRCNN
    Sequences 02, 04, 09 and 10 with the public detections of Faster R-CNN; MOTChallenge's rules.
MOT17 YOLOX
    The second half of each of these, with detections of YOLOX-X with scores from .01; the same rules.
KITTI RRC, KITTI PointRCNN
    Sequences 0000 to 0010, each class separately, under KITTI's rules as implemented in `trajtrack.metrics`;
    for cyclists the same rules without distractors. PointRCNN's scores are logits, many of them negative.
VidVRD
    The 100 test videos of ImageNet-VidVRD at their own frame rate (15 to 30 frames per second), linked and
    evaluated by class. There are no published detections: `simulate_detector` derives them from the annotated
    boxes.
VidVRD 1 fps
    The same detections, sampled at one frame per second.

The tables under "Scores" vary `min_score`; in all other tables, each set uses its value in `SETS`.

Command::

    pip install '.[eval]'
    python benchmarks/accuracy.py [--data DIR] [--jobs N] [--quick] [--only WORDS] [--json FILE]

It takes about ten minutes with two processes, most of them for VidVRD; ``--quick``, which uses one seed instead
of several, takes about five. ``--only "MOT17,1 fps"`` selects the sets whose names contain one of the words;
``--studies`` selects studies by title in the same way.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import statistics
import sys
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import trajtrack
from trajtrack import Detections, LinkOptions
from trajtrack.metrics import GroundTruth, evaluate_many, kitti_ground_truth, mot_ground_truth

Video = tuple[Detections | GroundTruth, Detections]

DEFAULTS = LinkOptions()
CLASSIC = LinkOptions(max_gap=0)
MOT17_SEQUENCES = ("MOT17-02", "MOT17-04", "MOT17-09", "MOT17-10")
KITTI_SEQUENCES = tuple(f"{number:04}" for number in range(11))


@dataclass(frozen=True)
class Variant:
    """A row of a table."""

    name: str
    options: LinkOptions


# The defaults, with one of their three settings changed at a time.
GAP_VARIANTS = (
    Variant("no gaps: classic Seq-NMS", CLASSIC),
    Variant("defaults: gaps to 10, overlap ≥ 0.2, motion over 10 frames", DEFAULTS),
    *(Variant(f"overlap ≥ {x}", replace(DEFAULTS, gap_iou_threshold=x)) for x in (0.1, 0.3, 0.5)),
    *(Variant(f"motion over {n} frames", replace(DEFAULTS, motion_frames=n)) for n in (2, 5)),
    Variant("no motion", replace(DEFAULTS, motion_frames=0)),
    *(Variant(f"gaps to {n}", replace(DEFAULTS, max_gap=n)) for n in (1, 2, 5, 20, 30)),
)

# One option changed at a time.
OTHER_VARIANTS = (
    Variant("defaults", DEFAULTS),
    *(Variant(f"iou_threshold {x}", replace(DEFAULTS, iou_threshold=x)) for x in (0.3, 0.4, 0.6)),
    *(Variant(f"buffer {x}", replace(DEFAULTS, buffer=x)) for x in (0.1, 0.25, 0.5)),
    *(Variant(f"max_shape_change {x}", replace(DEFAULTS, max_shape_change=x)) for x in (1.5, 4.0)),
    *(Variant(f"nms_threshold {x}", replace(DEFAULTS, nms_threshold=x)) for x in (0.5, 0.6, 0.8, 1.0)),
    *(Variant(f"min_length {x}", replace(DEFAULTS, min_length=x)) for x in (2, 3, 5, 10)),
)

# Variants for one frame per second.
SLOW_VARIANTS = tuple(
    Variant(f"buffer {buffer}, gaps to {gap}", replace(DEFAULTS, buffer=buffer, max_gap=gap))
    for gap in (0, 1, 2, 10)
    for buffer in (0.0, 0.25, 0.5, 1.0)
)


def load_mot17(data: Path, detector: str, truth: str) -> list[Video]:
    folders = [data / "mot17" / sequence for sequence in MOT17_SEQUENCES]
    return [
        (
            mot_ground_truth(trajtrack.read(folder / truth / "gt.txt")),
            trajtrack.read(folder / detector / "det.txt"),
        )
        for folder in folders
    ]


def load_kitti(data: Path, detector: str, kind: str, as_probability: bool = False) -> list[Video]:
    """Load one class; `as_probability` maps scores, which are logits, to the range from 0 to 1."""
    videos: list[Video] = []
    for sequence in KITTI_SEQUENCES:
        truth = kitti_truth(trajtrack.read(data / "kitti/label_02" / f"{sequence}.txt"), kind)
        path = data / "kitti" / f"det_{detector}" / kind / f"{sequence}.txt"
        found = trajtrack.read(path, format=f"kitti-{detector}")
        if as_probability:
            scores = 1 / (1 + np.exp(-found.scores.astype(np.float64)))
            found = Detections(found.boxes, scores, found.frames, num_frames=found.num_frames)
        videos.append((truth, found))
    return videos


def kitti_truth(annotations: Detections, kind: str) -> GroundTruth:
    """Return the rules for one class, including cyclists, which KITTI does not evaluate."""
    (label,) = (label for label, name in annotations.label_names.items() if name == kind)
    rules = kitti_ground_truth(annotations)
    if kind == "Cyclist":
        rows = annotations[annotations.labels == label]
        evaluated = np.ones(len(rows), np.bool_)
        rules = replace(rules, detections=rows, evaluated=evaluated, distractors=~evaluated)
    chosen = rules.detections.labels == label
    return replace(
        rules,
        detections=rules.detections[chosen],
        evaluated=rules.evaluated[chosen],
        distractors=rules.distractors[chosen],
        class_agnostic=True,
    )


def load_vidvrd(data: Path, seed: int, frames_a_second: int | None = None) -> list[Video]:
    videos: list[Video] = []
    for number, (truth, rate) in enumerate(read_vidvrd(data)):
        found = simulate_detector(truth, np.random.default_rng((seed, number)))
        step = 1 if frames_a_second is None else max(round(rate / frames_a_second), 1)
        videos.append((every(step, truth), every(step, found)))
    return videos


@lru_cache
def read_vidvrd(data: Path) -> list[tuple[Detections, float]]:
    """Return the annotated boxes and the frame rate of each test video."""
    path = data / "vidvrd" / "VidVRD-dataset.zip"
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if "/test/" in name and name.endswith(".json")]
        rates = [float(json.loads(archive.read(name))["fps"]) for name in members]
    return [(trajtrack.read(path / name), rate) for name, rate in zip(members, rates, strict=True)]


def every(step: int, detections: Detections) -> Detections:
    """Keep one frame in `step`, and renumber the frames consecutively."""
    chosen = detections[detections.frames % step == 0]
    return Detections(
        chosen.boxes,
        chosen.scores,
        chosen.frames // step,
        chosen.labels,
        (detections.num_frames + step - 1) // step,
        track_ids=chosen.track_ids,
        label_names=chosen.label_names,
    )


def simulate_detector(
    truth: Detections,
    rng: np.random.Generator,
    *,
    dropout: float = 0.15,
    mean_run: int = 5,
    jitter: float = 0.05,
    false_share: float = 0.1,
) -> Detections:
    """Return simulated detections of the ground-truth boxes.

    Objects are missed for runs of 1 to ``2 * mean_run - 1`` boxes, with lengths drawn uniformly and starts so
    frequent that about `dropout` of the boxes are missed. Centres get normal noise with a standard deviation of
    `jitter` times the box size, and the logarithms of width and height get noise of standard deviation
    `jitter`. Scores lie between .4 and 1, skewed towards 1. The number of false positives is `false_share` times
    the number of true boxes. Each takes the size and class of a true box of the video, and a position and
    frame drawn at random, with scores between .05 and .8, skewed towards .05.
    """
    assert truth.track_ids is not None
    order = np.lexsort((truth.frames, truth.track_ids))
    missed = np.zeros(len(truth), np.bool_)
    for rows in np.split(order, np.flatnonzero(np.diff(truth.track_ids[order])) + 1):
        for begin in np.flatnonzero(rng.random(len(rows)) < dropout / mean_run):
            missed[rows[begin : begin + rng.integers(1, 2 * mean_run)]] = True
    seen = np.flatnonzero(~missed)
    corners = truth.boxes[seen].astype(np.float64)
    sizes = corners[:, 2:] - corners[:, :2]
    centres = corners[:, :2] + sizes / 2 + rng.normal(size=sizes.shape) * jitter * sizes
    sizes = sizes * np.exp(rng.normal(size=sizes.shape) * jitter)
    scores = 0.4 + 0.6 * rng.random((2, len(seen))).max(axis=0)

    like = rng.integers(max(len(truth), 1), size=round(false_share * len(truth)))
    false_sizes = truth.boxes[like, 2:] - truth.boxes[like, :2]
    extent = truth.boxes[:, 2:].max(axis=0, initial=1)
    false_centres = rng.random(false_sizes.shape) * extent
    false_scores = 0.05 + 0.75 * rng.random((2, len(like))).min(axis=0)
    false_frames = rng.integers(max(truth.num_frames, 1), size=len(like))
    return Detections(
        np.concatenate([np.hstack([centres, sizes]), np.hstack([false_centres, false_sizes])]),
        np.concatenate([scores, false_scores]),
        np.concatenate([truth.frames[seen], false_frames]),
        np.concatenate([truth.labels[seen], truth.labels[like]]),
        truth.num_frames,
        "cxcywh",
        label_names=truth.label_names,
    )


@dataclass(frozen=True)
class Set:
    """A set of videos: its loader, and the score thresholds at which it is linked."""

    load: Callable[[Path, int], list[Video]]
    min_score: float = -math.inf
    """Threshold of the tables that do not vary it."""
    min_scores: tuple[float, ...] = ()
    """Thresholds of the tables that vary it."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the loader; more than one if it draws random numbers."""


SETS = {
    "MOT17 FRCNN": Set(lambda data, seed: load_mot17(data, "det", "gt"), 0.5, (-math.inf, 0.3, 0.5, 0.7, 0.9)),
    "MOT17 YOLOX": Set(
        lambda data, seed: load_mot17(data, "det_yolox_val_half", "gt_val_half"),
        0.5,
        (-math.inf, 0.1, 0.3, 0.5, 0.6, 0.7),
    ),
    "KITTI RRC Car": Set(lambda data, seed: load_kitti(data, "rrc", "Car"), 0.5, (-math.inf, 0.5, 0.8)),
    "KITTI RRC Pedestrian": Set(lambda data, seed: load_kitti(data, "rrc", "Pedestrian"), 0.5, (-math.inf, 0.5, 0.8)),
    "KITTI PointRCNN Car": Set(
        lambda data, seed: load_kitti(data, "pointrcnn", "Car"), 2.0, (-math.inf, 0.0, 1.0, 2.0, 3.0, 4.0)
    ),
    "KITTI PointRCNN Pedestrian": Set(
        lambda data, seed: load_kitti(data, "pointrcnn", "Pedestrian"), 2.0, (-math.inf, 0.0, 1.0, 2.0, 3.0)
    ),
    "KITTI PointRCNN Cyclist": Set(
        lambda data, seed: load_kitti(data, "pointrcnn", "Cyclist"), 2.0, (-math.inf, 0.0, 1.0, 2.0, 3.0)
    ),
    "VidVRD": Set(load_vidvrd, seeds=(0, 1, 2)),
    "VidVRD 1 fps": Set(lambda data, seed: load_vidvrd(data, seed, 1), seeds=(0, 1, 2, 3, 4)),
}
# The same detections with scores as probabilities, to show the effect of negative scores.
PROBABILITY_SETS = {
    f"KITTI PointRCNN {kind}, logistic of the scores": Set(
        lambda data, seed, kind=kind: load_kitti(data, "pointrcnn", kind, as_probability=True),  # type: ignore[misc]
        min_scores=(-math.inf, 0.3, 0.5, 0.7, 0.9),
    )
    for kind in ("Car", "Pedestrian", "Cyclist")
}
ALL_SETS = SETS | PROBABILITY_SETS


@dataclass(frozen=True)
class Study:
    """A group of tables, one for each set."""

    title: str
    sets: tuple[str, ...]
    variants: Callable[[Set], Sequence[Variant]]
    detected_only: bool
    """Whether to evaluate without interpolated boxes as well."""


def at_its_score(variants: Sequence[Variant]) -> Callable[[Set], Sequence[Variant]]:
    """Return the variants, each with the set's `min_score`."""
    return lambda chosen: [
        replace(each, options=replace(each.options, min_score=chosen.min_score)) for each in variants
    ]


def over_scores(chosen: Set) -> Sequence[Variant]:
    return [
        Variant(
            f"min_score {'none' if min_score == -math.inf else min_score}, {name}",
            replace(options, min_score=min_score),
        )
        for name, options in (("no gaps", CLASSIC), ("defaults", DEFAULTS))
        for min_score in chosen.min_scores
    ]


_AT_FULL_RATE = tuple(name for name in SETS if name != "VidVRD 1 fps")
_DETECTED = tuple(name for name in _AT_FULL_RATE if name != "VidVRD")
STUDIES = (
    Study("Gaps", _AT_FULL_RATE, at_its_score(GAP_VARIANTS), detected_only=True),
    Study("One frame per second", ("VidVRD 1 fps",), at_its_score(SLOW_VARIANTS), detected_only=True),
    Study("Scores", (*_DETECTED, *PROBABILITY_SETS), over_scores, detected_only=False),
    Study("Other options", _DETECTED, at_its_score(OTHER_VARIANTS), detected_only=False),
)


@dataclass(frozen=True)
class Task:
    """One evaluation."""

    set: str
    seed: int
    options: LinkOptions
    interpolate: bool


@lru_cache(maxsize=2)
def load(data: Path, name: str, seed: int) -> list[Video]:
    return ALL_SETS[name].load(data, seed)


def measure(data: Path, task: Task) -> dict[str, float]:
    pairs = [
        (
            truth,
            trajtrack.link(found, task.options, num_threads=1).to_detections(interpolate=task.interpolate),
        )
        for truth, found in load(data, task.set, task.seed)
    ]
    metrics = asdict(evaluate_many(pairs))
    return {name: value for name, value in metrics.items() if name != "classes"}


def measure_all(data: Path, tasks: Sequence[Task], jobs: int) -> dict[Task, dict[str, float]]:
    results = {}
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(measure, data, task): task for task in tasks}
        for done, future in enumerate(as_completed(futures), 1):
            results[futures[future]] = future.result()
            if sys.stderr.isatty() or done == len(tasks):
                print(f"\r{done} of {len(tasks)} done", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


def seeds_of(name: str, quick: bool) -> tuple[int, ...]:
    return ALL_SETS[name].seeds[:1] if quick else ALL_SETS[name].seeds


def tasks_of(study: Study, name: str, variant: Variant, quick: bool) -> list[Task]:
    """Return the evaluations behind a row; without gaps there are no interpolated boxes, and one is enough."""
    return [
        Task(name, seed, variant.options, interpolate)
        for seed in seeds_of(name, quick)
        for interpolate in (True, False)
        if interpolate or (study.detected_only and variant.options.max_gap > 0)
    ]


@dataclass(frozen=True)
class Row:
    """A row of a table, averaged over seeds."""

    variant: Variant
    results: tuple[dict[str, float], ...]
    detected_only: tuple[dict[str, float], ...] | None

    def cells(self) -> list[str]:
        hota = [each["hota"] for each in self.results]
        deviation = f" ± {100 * statistics.stdev(hota):.1f}" if len(hota) > 1 else ""
        cells = [self.variant.name, f"{100 * statistics.mean(hota):.1f}{deviation}"]
        cells += [self._mean(name) for name in ("assa", "deta", "mota", "idf1")]
        cells.append(f"{statistics.mean(each['switches'] for each in self.results):.0f}")
        if self.detected_only is not None:
            cells += [
                f"{100 * statistics.mean(each[name] for each in self.detected_only):.1f}" for name in ("hota", "assa")
            ]
        return cells

    def _mean(self, name: str) -> str:
        return f"{100 * statistics.mean(each[name] for each in self.results):.1f}"

    def as_json(self) -> dict[str, Any]:
        options = {name: value for name, value in asdict(self.variant.options).items() if value != -math.inf}
        return {
            "name": self.variant.name,
            "options": options,
            "interpolated": self.results,
            "detected_only": self.detected_only,
        }


def table(study: Study, name: str, results: dict[Task, dict[str, float]], quick: bool) -> tuple[str, list[Row]]:
    rows = []
    for variant in study.variants(ALL_SETS[name]):
        tasks = tasks_of(study, name, variant, quick)
        with_boxes = tuple(results[task] for task in tasks if task.interpolate)
        without = tuple(results[task] for task in tasks if not task.interpolate) or with_boxes
        rows.append(Row(variant, with_boxes, without if study.detected_only else None))
    header = ["", "HOTA", "AssA", "DetA", "MOTA", "IDF1", "switches"]
    if study.detected_only:
        header += ["HOTA, detected only", "AssA, detected only"]
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines), rows


def describe(score: float) -> str:
    return "every score" if score == -math.inf else f"`min_score={score}`"


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("TRAJ_DATA", "../shared/data")),
        metavar="DIR",
        help="folder with mot17, kitti and vidvrd (default: TRAJ_DATA, else ../shared/data)",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="number of processes (default: one per core)")
    parser.add_argument("--quick", action="store_true", help="use one seed instead of several")
    parser.add_argument("--only", default="", metavar="WORDS", help="only sets with one of these words in their name")
    parser.add_argument(
        "--studies", default="", metavar="WORDS", help="only studies with one of these words in their title"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all results to FILE")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"--data: found no folder {arguments.data}, expected one with mot17, kitti and vidvrd")

    def chosen(words: str, name: str) -> bool:
        return any(word.strip().lower() in name.lower() for word in words.split(","))

    tables = [
        (study, name)
        for study in STUDIES
        for name in study.sets
        if chosen(arguments.only, name) and chosen(arguments.studies, study.title)
    ]
    if not tables:
        parser.error("--only, --studies: found no matching table, expected at least one")
    wanted = itertools.chain.from_iterable(
        tasks_of(study, name, variant, arguments.quick)
        for study, name in tables
        for variant in study.variants(ALL_SETS[name])
    )
    tasks = sorted(dict.fromkeys(wanted), key=lambda task: (list(ALL_SETS).index(task.set), task.seed))
    results = measure_all(arguments.data, tasks, arguments.jobs)

    found: dict[str, dict[str, Any]] = {}
    for study, group in itertools.groupby(tables, key=lambda entry: entry[0]):
        print(f"## {study.title}\n")
        for _, name in group:
            text, rows = table(study, name, results, arguments.quick)
            facts = [] if study.title == "Scores" else [describe(ALL_SETS[name].min_score)]
            if len(ALL_SETS[name].seeds) > 1:
                facts.append(f"seeds {', '.join(map(str, seeds_of(name, arguments.quick)))}")
            print(f"### {name}{' (' + ', '.join(facts) + ')' if facts else ''}\n\n{text}\n")
            found.setdefault(study.title, {})[name] = [row.as_json() for row in rows]
    if arguments.json:
        arguments.json.write_text(json.dumps({"defaults": asdict_of(DEFAULTS), "studies": found}, indent=1) + "\n")
    return 0


def asdict_of(options: LinkOptions) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if value != -math.inf}


if __name__ == "__main__":
    sys.exit(main())
