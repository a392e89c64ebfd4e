"""Measure how much the answers of one model depend on what linked its input.

    pip install '.[vqa,eval]' trackforge
    python benchmarks/answers_by_tracker.py FOLDER [--model NAME] [--train N] [--test N] [--epochs N] [--seeds N ...]
        [--jobs N]

On worlds of few objects, a model of segments of trajectories, L-GCN or the paper's, is trained on the tracks of all
linkers, each of which has its share of the videos, and answers the same test questions from the tracks of each. A
second model sees the same segments without the links between clips; a third, the paper's, sees clips alone. Every
linker has the same detections. ByteTrack and OC-SORT are those of trackforge with their defaults; a box of theirs
stands for the detection of the frame that it overlaps most. "True" links the noisy detections by the objects that they
come from.

A second table tells whether the models see their answers when these are to be seen, by NExT-GQA's measures; the whole
video and its middle third are what any model must beat. A third tells how many clips the segment that decides is before
or after the time of the answer.

Interrupted, the same command goes on after the last complete epoch. FOLDER keeps data and runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from event_tracks import TRACKING, tracking
from link import markdown
from online import track
from trajtrack import Scene, Trajectories, link
from trajvqa.answering.grounded import ground
from trajvqa.datasets.events.build import EventsOptions, make_events, seed_of
from trajvqa.datasets.events.timeline import NUM_CLIPS
from trajvqa.datasets.events.video import FRAME_RATE, FRAMES_PER_CLIP, Linker, linked_by, make_world, true_tracks
from trajvqa.datasets.nextgqa import read_annotations
from trajvqa.evaluation.attended_spans import equal_parts
from trajvqa.evaluation.grounding import Grounding, score_grounding
from trajvqa.evaluation.predict import predict
from trajvqa.evaluation.statistics import difference_interval, mcnemar, p_text
from trajvqa.training.checkpoints import load_model
from trajvqa.training.recipes import open_split_for

MIN_LENGTH = 4
MIN_OVERLAP = 0.5
MODELS = {"l-gcn": "small/l-gcn-segments", "trajectory": "small/segments"}
"""Experiments that see segments with links; those with -pieces see them without."""
CLIPS_ALONE = "small/frames"
REFERENCE = "flow"


def offline(scene: Scene, **options: Any) -> Trajectories:
    return link(scene.detections, min_length=MIN_LENGTH, num_threads=1, **options)


def online(scene: Scene, tracker: str) -> Trajectories:
    given, found = scene.detections, track(f"trackforge {tracker}", scene.detections)
    assert found.track_ids is not None
    owners = np.full(len(given), -1)
    for frame in range(given.num_frames):
        rows, tracked = np.flatnonzero(given.frames == frame), np.flatnonzero(found.frames == frame)
        shares = overlaps(given.boxes[rows], found.boxes[tracked])
        shares[given.labels[rows, None] != found.labels[tracked]] = 0.0
        for row, other in zip(*linear_sum_assignment(-shares), strict=True):
            if shares[row, other] >= MIN_OVERLAP:
                owners[rows[row]] = found.track_ids[tracked[other]]
    return linked_by(scene, owners)


def overlaps(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    first, second = boxes[:, None].astype(np.float64), others[None].astype(np.float64)
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    common = sides.clip(min=0.0).prod(axis=-1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (first, second)]
    return common / np.maximum(areas[0] + areas[1] - common, 1e-9)


LINKERS: dict[str, Linker] = {
    "Seq-NMS without gaps": partial(offline, method="seq-nms", max_gap=0),
    "OC-SORT": partial(online, tracker="OC-SORT"),
    "ByteTrack": partial(online, tracker="ByteTrack"),
    "Seq-NMS": partial(offline, method="seq-nms"),
    "flow": partial(offline, method="flow"),
    "true": true_tracks,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where data and runs are")
    parser.add_argument("--model", choices=MODELS, default="l-gcn", help="default: l-gcn")
    parser.add_argument("--train", type=int, default=12000, metavar="N", help="training videos; default: 12000")
    parser.add_argument("--test", type=int, default=600, metavar="N", help="test videos; default: 600")
    parser.add_argument("--epochs", type=int, default=6, metavar="N", help="epochs; default: 6")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="default: 0 1 2")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="models trained at once; default: 2")
    arguments = parser.parse_args()
    make_data(arguments.folder, arguments.train, arguments.test)
    experiment = MODELS[arguments.model]
    chosen = [
        (*each, seed)
        for seed in arguments.seeds
        for each in ((experiment, "segments"), (f"{experiment}-pieces", "clips"), (CLIPS_ALONE, "segments"))
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(lambda each: fit(arguments.folder, *each, arguments.epochs), chosen))
    print(table(arguments.folder, experiment, arguments.seeds))
    print()
    print(grounding(arguments.folder, experiment, arguments.seeds))
    print()
    print(distances(arguments.folder, experiment, arguments.seeds))


def folder_of(folder: Path, data: str, links: str) -> Path:
    return folder / f"{data.lower().replace(' ', '-')}-{links}"


def make_data(folder: Path, train: int, test: int) -> None:
    # All models answer the same test questions; that without links, from the detections that the reference links.
    wanted = [("all", "segments", LINKERS, train), ("all", "clips", LINKERS, train)]
    wanted += [(name, "segments", {name: linker}, 1) for name, linker in LINKERS.items()]
    wanted += [(REFERENCE, "clips", {REFERENCE: LINKERS[REFERENCE]}, 1)]
    for name, links, linkers, size in wanted:
        target = folder_of(folder, name, links)
        options = EventsOptions(train=size, val=200 if size > 1 else 1, test=test, objects="few", links=links)
        # Written last, so that it tells a complete folder.
        if not (target / "worlds.json").exists():
            print(f"making {target}", file=sys.stderr, flush=True)
            make_events(target, options, linkers)


def fit(folder: Path, experiment: str, links: str, seed: int, epochs: int) -> None:
    data, run = folder_of(folder, "all", links), run_of(folder, experiment, seed)
    command = [sys.executable, "-m", "trajvqa", "train", experiment, f"--data={data}", f"--output={run}"]
    command += [f"--set=training.seed={seed}", f"--set=training.epochs={epochs}"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def run_of(folder: Path, experiment: str, seed: int) -> Path:
    return folder / "runs" / f"{experiment.removeprefix('small/')}-{seed}"


def right(folder: Path, experiment: str, seeds: Sequence[int], data: Path) -> tuple[list[NDArray[np.bool_]], list[str]]:
    """Return which test questions the model of each seed answers correctly, and the videos of the questions."""
    answers, videos = [], []
    for seed in seeds:
        checkpoint = run_of(folder, experiment, seed) / "best.pt"
        model, trained = load_model(checkpoint)
        split = open_split_for(checkpoint, trained, data, "test")
        answers.append(predict(model, split, trained.experiment.training) == split.questions.answers)
        videos = list(split.questions.videos)
    return answers, videos


def table(folder: Path, experiment: str, seeds: Sequence[int]) -> str:
    rows = {name: (experiment, folder_of(folder, name, "segments")) for name in LINKERS}
    rows["without links"] = (f"{experiment}-pieces", folder_of(folder, REFERENCE, "clips"))
    rows["clips alone"] = (CLIPS_ALONE, folder_of(folder, REFERENCE, "segments"))
    found = {row: right(folder, model, seeds, data) for row, (model, data) in rows.items()}
    reference, videos = found[REFERENCE]
    repeated = videos * len(seeds)
    lines = []
    for row, (answers, _) in found.items():
        shares = [100 * each.mean() for each in answers]
        by_seed = ", ".join(f"{share:.2f}" for share in shares)
        low, high = difference_interval(np.concatenate(answers), np.concatenate(reference), repeated)
        p = max(mcnemar(each, other) for each, other in zip(answers, reference, strict=True))
        difference = "" if row == REFERENCE else f"{100 * low:+.2f} to {100 * high:+.2f}, p {p_text(p)}"
        lines.append([row, *measured(folder, row), f"{np.mean(shares):.2f}", by_seed, difference])
    header = ["", "trajectories a video", *TRACKING, "oracle", "accuracy", "by seed"]
    return markdown([*header, "minus flow: 95 % interval"], lines)


def grounding(folder: Path, experiment: str, seeds: Sequence[int]) -> str:
    """Return how well the models ground their answers, from the tracks of the reference."""
    data = folder_of(folder, REFERENCE, "segments")
    annotations = read_annotations(data / "gsub_test.json")
    moments = {video: equal_parts(duration) for video, duration in annotations.durations.items()}
    lines = []
    for row, start, end in (("whole video", 0.0, 1.0), ("middle third", 1 / 3, 2 / 3)):
        durations = {key: annotations.durations[video] for key, video in annotations.videos.items()}
        spans = {key: (start * duration, end * duration) for key, duration in durations.items()}
        lines.append([row, "", *cells(score_grounding(annotations, spans))])
    models = {experiment.removeprefix("small/"): experiment, "clips alone": CLIPS_ALONE}
    for (row, trained_as), seed in product(models.items(), seeds):
        checkpoint = run_of(folder, trained_as, seed) / "best.pt"
        model, trained = load_model(checkpoint)
        split = open_split_for(checkpoint, trained, data, "test")
        answered = predict(model, split, trained.experiment.training) == split.questions.answers
        right_of = dict(zip(split.questions.keys, answered.tolist(), strict=True))
        spans = ground(model, split, trained.experiment, moments)
        lines.append([row, str(seed), *cells(score_grounding(annotations, spans, right_of))])
    return markdown(["", "seed", "Acc@GQA", "mIoP", "IoP@0.5", "mIoU", "IoU@0.5"], lines)


def distances(folder: Path, experiment: str, seeds: Sequence[int]) -> str:
    """Return how often the segment that decides is so many clips after the nearest time of the answer."""
    data = folder_of(folder, REFERENCE, "segments")
    annotations = read_annotations(data / "gsub_test.json")
    found: dict[str, Counter[int]] = {kind: Counter() for kind in ("TN", "TP", "TC", "CW", "DO")}
    for seed in seeds:
        checkpoint = run_of(folder, experiment, seed) / "best.pt"
        model, trained = load_model(checkpoint)
        split = open_split_for(checkpoint, trained, data, "test").without_negatives()
        questions = split.questions
        rows = np.flatnonzero([key in annotations.spans for key in questions.keys])
        for batch in (split[rows[begin : begin + 32]] for begin in range(0, len(rows), 32)):
            with torch.inference_mode():
                explained = model.explain(batch)
            everyone = torch.arange(len(batch.rows))
            segments = explained.weights[everyone, explained.scores.argmax(dim=1)].argmax(dim=1)
            middles = batch.trajectory_spans[everyone, segments].mean(dim=1)
            for row, clip in zip(batch.rows.tolist(), (middles * NUM_CLIPS).int().tolist(), strict=True):
                spans = np.array(annotations.spans[questions.keys[row]]) * FRAME_RATE / FRAMES_PER_CLIP
                firsts, lasts = spans.round().astype(int).T
                apart = np.where(clip < firsts, clip - firsts, np.maximum(clip - lasts + 1, 0))
                found[questions.types[row]][int(apart[np.abs(apart).argmin()])] += 1
    steps = range(-2, 3)
    lines = [
        [kind, *(f"{100 * counts[step] / counts.total():.0f}" for step in steps)] for kind, counts in found.items()
    ]
    return markdown(["clips after the answer, % of the questions", *(f"{step:+d}" for step in steps)], lines)


def cells(found: Grounding) -> list[str]:
    shares = (found.acc_gqa, found.mean_iop, found.iop_50, found.mean_iou, found.iou_50)
    return ["" if share is None else f"{100 * share:.1f}" for share in shares]


def measured(folder: Path, linker: str) -> list[str]:
    """Return how good the test trajectories of a linker are, and what an oracle answers from them."""
    if linker not in LINKERS:
        return [""] * 5
    written = json.loads((folder_of(folder, linker, "segments") / "worlds.json").read_text())
    test, options = written["statistics"]["test"], EventsOptions(**written["options"] | {"tracks": "true"})
    worlds = [
        make_world(str(index), seed_of(options, "test", index), LINKERS[linker], options.objects)
        for index in range(options.test)
    ]
    shares = (*tracking(worlds), test["oracles"]["linked"]["all"])
    return [f"{test['trajectories_per_video']:.1f}", *(f"{100 * share:.1f}" for share in shares)]


if __name__ == "__main__":
    main()
