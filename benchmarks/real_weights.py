"""The way from pixels to tracks and answers with trained weights and real videos: recall, pages, features, answers.

    python benchmarks/real_weights.py [--data FOLDER] [-o FOLDER]

The weights are in packages that `npm` and `pip` take from their registries into the output folder, once; none is part
of this repository, and each keeps its licence (benchmarks/packaged/packages.py). The detector is CenterNet with a
MobileNetV3, trained on COCO; MobileNetV2, trained on ImageNet, describes clips and boxes, MiniLM the text. The videos
are TUD-Campus, from the folder of real data, and bikes.mp4, from a package. Questions are asked about pieces of them,
of which a model has seen others: that shows the way, not how well it answers. Needs the extras `detect`, `vqa`, `view`
and `eval`, and npm.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import trajtrack
from packaged.answering import answer_about
from packaged.centernet import CenterNet
from packaged.packages import HUMAN_MODELS, VIDEOS

PROJECT = Path(__file__).resolve().parents[1]
MIN_IOU = 0.5
RATES = (25, 5, 2, 1)
FPS = 12
"""Frames per second of bikes.mp4 that are looked at."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="folder of real data")
    parser.add_argument("-o", "--output", type=Path, default=PROJECT / "out" / "real-weights", help="folder to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    packages = arguments.output / "packages"
    detector = CenterNet(HUMAN_MODELS.take(packages))
    sequence, video = arguments.data / "mot15" / "TUD-Campus", VIDEOS.take(packages)
    campus(sequence, detector, arguments.output)
    bikes(video, detector, arguments.output)
    answer_about(sequence / "img1", video, packages, arguments.output)


def campus(folder: Path, detector: CenterNet, output: Path) -> None:
    """Detect and link persons in TUD-Campus, and compare them with the ground truth."""
    truth = trajtrack.read(folder / "gt" / "gt.txt", format="mot")
    started = time.process_time()
    found = persons(trajtrack.detect(folder / "img1", detector, threads=1))
    print(f"TUD-Campus: {len(found)} persons in {truth.num_frames} frames, {time.process_time() - started:.1f} CPU s")
    print(
        f"\n{'score from':>10} {'boxes':>6} {'recall':>7} {'precision':>9}   (IoU {MIN_IOU}, {len(truth)} true boxes)"
    )
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5):
        rows = found.scores >= threshold
        right = matched(truth, found.frames[rows], found.boxes[rows], found.scores[rows])
        print(f"{threshold:10.1f} {rows.sum():6} {right / len(truth):7.3f} {right / max(rows.sum(), 1):9.3f}")
    tracks = trajtrack.link(found)
    metrics = trajtrack.evaluate(truth, tracks, class_agnostic=True)
    print(
        f"\nlinked: {len(tracks)} trajectories of {metrics.truth_tracks} persons; HOTA {metrics.hota:.3f}, "
        f"MOTA {metrics.mota:.3f}, IDF1 {metrics.idf1:.3f}, {metrics.switches} identity switches"
    )
    print(f"\n{'fps':>10} {'boxes':>6} {'in trajectories':>15}")
    for rate in RATES:
        frames = np.arange(0, truth.num_frames, 25 // rate)
        rows = np.isin(found.frames, frames)
        sampled = trajtrack.link(
            trajtrack.Detections(
                frames=found.frames[rows] // (25 // rate), boxes=found.boxes[rows], scores=found.scores[rows]
            )
        )
        print(f"{rate:10} {rows.sum():6} {len(sampled.rows):15}")
    trajtrack.write_page(tracks, output / "campus.html", images=folder / "img1", title="TUD-Campus")
    print(f"\nwrote {output / 'campus.html'}")


def bikes(video: Path, detector: CenterNet, output: Path) -> None:
    """Detect and link everything in bikes.mp4."""
    started = time.process_time()
    tracks = trajtrack.track(
        video, detector, fps=FPS, method="seq-nms", min_length=5, min_detection_score=0.3, threads=1
    )
    print(f"\nbikes.mp4 at {FPS} fps: {len(tracks.detections)} boxes, {time.process_time() - started:.1f} CPU s")
    names, counts = np.unique([detector.names[label] for label in tracks.labels], return_counts=True)
    print("trajectories: " + ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True)))
    trajtrack.write_page(tracks, output / "bikes.html", images=video, title="bikes.mp4")
    print(f"wrote {output / 'bikes.html'}")


def persons(found: trajtrack.Detections) -> trajtrack.Detections:
    """Return the boxes of persons."""
    rows = found.labels == CenterNet.names.index("person")
    return trajtrack.Detections(
        frames=found.frames[rows], boxes=found.boxes[rows], scores=found.scores[rows], num_frames=found.num_frames
    )


def matched(truth: trajtrack.Detections, frames: NDArray[Any], boxes: NDArray[Any], scores: NDArray[Any]) -> int:
    """Return how many true boxes are found: each by one box at most, boxes with higher scores first."""
    found = 0
    for frame in np.unique(truth.frames):
        wanted = list(truth.boxes[truth.frames == frame])
        rows = np.flatnonzero(frames == frame)
        for row in rows[np.argsort(-scores[rows], kind="stable")]:
            overlaps = [overlap(boxes[row], each) for each in wanted]
            if overlaps and max(overlaps) >= MIN_IOU:
                wanted.pop(int(np.argmax(overlaps)))
                found += 1
    return found


def overlap(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the intersection over union of two boxes."""
    shared = (np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])).clip(0).prod()
    areas = (first[2:] - first[:2]).prod() + (second[2:] - second[:2]).prod()
    return float(shared / (areas - shared))


if __name__ == "__main__":
    main()
