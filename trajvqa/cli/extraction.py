"""``trajvqa extract``: from videos to the features and trajectories of a data folder."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from trajtrack.arguments import warn
from trajtrack.cli.detection_flags import add_detection_flags, chosen_detector, naming_flags
from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.console.errors import Failure, UsageError, about_flag, describe
from trajtrack.console.inputs import expand
from trajtrack.console.output import print_json
from trajtrack.console.progress import LongProgress
from trajtrack.decoding.image_folders import MEDIA_TYPES
from trajtrack.printable import counted, escaped
from trajvqa.cli.building import class_names
from trajvqa.data.folder import BERT
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import Questions
from trajvqa.extract import ExtractOptions, Extractor
from trajvqa.extract.extracting import video_id
from trajvqa.extract.folder import BrokenVideo, ExtractReport, Observer, extract_split, videos_in
from trajvqa.extract.shards import Shard
from trajvqa.extract.text_features import write_text_features
from trajvqa.text.encoders import open_text_encoder

__all__ = ["add_command"]

_VIDEO_SUFFIXES = (
    *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts"),
    *(".vob", ".webm", ".wmv"),
)
"""Files of a folder that are taken for videos."""
_SPLIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MAX_LISTED = 5

_DESCRIPTION = """\
Run a detector and models of images and motion over videos, link the detections,
and write the features of clips, the trajectories and recipe.yaml into a data
folder, for training. Models are local folders of Hugging Face Transformers; the
network is never reached.

A video is extracted whole or not at all. The command resumes where it was
stopped, and several processes may extract into one folder. Videos that are
broken, damaged or shorter than their container says are skipped and listed at
the end, with exit code 1. All splits of a folder have one recipe; another one
is refused by name. With --shard, each job of a scheduler extracts its part of
the videos and writes files of its own, which are read together.
"""


_NOTHING = ExtractReport(
    extracted=0, reused=0, broken=(), videos=0, trajectories=0, empty=(), classes=0, clip_size=None, trajectory_size=0
)
"""What is reported of a shard without videos."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "extract",
        help="extract features and trajectories from videos",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "clips and trajectories of a folder of videos": "trajvqa extract in -o data --split train "
            "--detector rtdetr --appearance clip",
        },
    )
    parser.add_argument(
        "videos",
        nargs="+",
        metavar="VIDEO",
        help="video file, folder of videos or of numbered .jpg or .png images, or a quoted pattern such as 'in/*.mp4'; "
        "the name of a file is the ID of its video",
    )
    parser.add_argument("-o", "--output", required=True, metavar="DATA", help="data folder, created if missing")
    parser.add_argument("--split", required=True, metavar="S", help="split of the videos, such as train, val or test")
    parser.add_argument(
        "--questions", metavar="FILE", help="questions of the split: other videos are skipped, missing ones listed"
    )
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help="extract only the I-th of N parts of the videos, into files of its own: the same command for each I; text "
        "is encoded by the first; default: all videos into one file",
    )
    parser.add_argument(
        "--classes",
        metavar="FILE",
        help="file of class names, one per line, or a trajectory store (.h5); default: the classes of the detector, or "
        "those found in the videos of the first split",
    )
    parser.add_argument(
        "--keep-damaged",
        action="store_true",
        help="extract damaged videos and those that end early as far as they can be decoded, with a warning",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    group = parser.add_argument_group("features")
    group.add_argument(
        "--appearance", metavar="FOLDER", help="image model of clips, such as ResNet, DINOv2 or CLIP; default: none"
    )
    group.add_argument("--motion", metavar="FOLDER", help="video model of clips, such as VideoMAE; default: none")
    group.add_argument(
        "--regions",
        metavar="R",
        help="what describes boxes: queries (states of a detector of the DETR family), geometry (the boxes alone), or "
        "the folder of an image model; default: queries if there are, else the model of --appearance, else geometry",
    )
    group.add_argument(
        "--text", metavar="FOLDER", help="text model of the questions, such as BERT or CLIP; default: none"
    )
    for name, text in (("clips", "clips of a video"), ("frames-per-clip", "successive frames of a clip")):
        group.add_argument(f"--{name}", type=int, default=16, metavar="N", help=f"number of {text}; default: 16")
    add_detection_flags(parser, "--min-detection-score", fps=1.0, whole=True)
    add_link_flags(parser, default_method="seq-nms")
    parser.set_defaults(run=_run, min_length=2, rescore="sum")


def _run(arguments: argparse.Namespace) -> bool:
    """Return whether a video failed."""
    if not _SPLIT.fullmatch(arguments.split):
        raise UsageError(f"--split: found {arguments.split!r}, expected letters, digits, - and _")
    if arguments.text is not None and arguments.questions is None:
        raise UsageError("--text: found without --questions, expected the questions whose text is encoded")
    shard = None if arguments.shard is None else _shard(arguments.shard)
    paths = _videos(arguments.videos)
    chosen_detector(arguments)
    try:
        questions = None if arguments.questions is None else _questions(arguments.questions)
        asked = None if questions is None else dict.fromkeys(questions.videos)
        wanted = paths if asked is None else [path for path in paths if video_id(path) in asked]
        if not wanted:
            raise Failure(f"{arguments.questions}: found none of its videos among {len(paths)}, expected some")
        others = len(paths) - len(wanted)
        if shard is not None:
            wanted = [path for path in wanted if shard.has(video_id(path))]
            asked = None if asked is None else {video: None for video in asked if shard.has(video)}
            if not wanted:
                _write_text(arguments, questions, shard)
                print(f"trajvqa: shard {arguments.shard} has none of the {len(paths)} videos", file=sys.stderr)
                if arguments.json:
                    _report(arguments, _NOTHING, [], others)
                return False
        observer = _Terminal()
        with naming_flags():
            extractor = Extractor(_options(arguments))
        report = extract_split(wanted, Path(arguments.output), arguments.split, extractor, observer, shard)
        _write_text(arguments, questions, shard)
    except (ValueError, TypeError, RuntimeError, MemoryError) as error:
        raise Failure(describe(error)) from error
    if report.empty:
        warn(f"found no trajectory in {len(report.empty)} of {report.videos} videos: {_listed(report.empty)}")
    there = videos_in(Path(arguments.output), arguments.split) | {video_id(each.path) for each in report.broken}
    _report(arguments, report, [video for video in asked or () if video not in there], others)
    return bool(report.broken)


def _write_text(arguments: argparse.Namespace, questions: Questions | None, shard: Shard | None) -> None:
    if arguments.text is not None and questions is not None and (shard is None or shard.number == 1):
        encoder = open_text_encoder(arguments.text, arguments.device)
        write_text_features(BERT.output(arguments.output, arguments.split), questions, encoder)


def _shard(text: str) -> Shard:
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise UsageError(f"--shard: {error}") from error


def _options(arguments: argparse.Namespace) -> ExtractOptions:
    def folder(name: str) -> Path | None:
        value = getattr(arguments, name)
        return None if value is None else Path(value)

    try:
        return ExtractOptions(
            detector=arguments.detector,
            appearance=folder("appearance"),
            motion=folder("motion"),
            regions=arguments.regions,
            text=folder("text"),
            clips=arguments.clips,
            frames_per_clip=arguments.frames_per_clip,
            fps=arguments.fps,
            frame_rate=arguments.frame_rate,
            min_score=arguments.min_detection_score,
            link=link_options(arguments, default_method="seq-nms"),
            classes=None if arguments.classes is None else class_names(arguments.classes),
            device=arguments.device,
            threads=arguments.threads,
            batch_size=arguments.batch_size,
            keep_damaged=arguments.keep_damaged,
        )
    except ValueError as error:
        raise about_flag(error) from error


def _questions(path: str) -> Questions:
    return read_questions(path, require_answers=False)


def _videos(words: Sequence[str]) -> list[str]:
    """Return the videos on the command line, with those in folders.

    Raises
    ------
    UsageError
        If a folder holds none, or two have the same ID.
    """
    found: list[str] = []
    for path in expand(words).paths:
        found += _in_folder(path) if os.path.isdir(path) else [path]
    first: dict[str, str] = {}
    for path in found:
        try:
            other = first.setdefault(video_id(path), path)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if os.path.realpath(other) != os.path.realpath(path):
            raise UsageError(f"{other} and {path}: found two videos of the same name, expected different names")
    return list(first.values())


def _in_folder(folder: str) -> list[str]:
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    suffixes = {name: Path(name).suffix.lower() for name in names}
    videos = [os.path.join(folder, name) for name in names if suffixes[name] in _VIDEO_SUFFIXES]
    if videos:
        return videos
    if any(suffix in MEDIA_TYPES for suffix in suffixes.values()):
        return [folder]
    raise UsageError(f"{folder}: found no video in the folder, expected files such as .mp4, or numbered images")


class _Terminal(Observer):
    """Prints what happens to standard error."""

    def progress(self, path: str) -> LongProgress:
        return LongProgress(path, "frame")

    def skipped(self, broken: BrokenVideo) -> None:
        print(f"trajvqa: error: {describe(broken.error, broken.path)}", file=sys.stderr, flush=True)

    def waiting(self, count: int) -> None:
        print(f"trajvqa: waiting for {counted(count, 'video')} of another process", file=sys.stderr, flush=True)


def _report(arguments: argparse.Namespace, report: ExtractReport, missing: list[str], others: int) -> None:
    if arguments.json:
        values = {field.name: getattr(report, field.name) for field in fields(report)}
        broken = [{"input": each.path, "error": describe(each.error, each.path)} for each in report.broken]
        print_json({"output": arguments.output, **values, "broken": broken, "missing": missing, "others": others})
    else:
        parts = [f"{counted(report.extracted, 'video')} extracted"]
        if report.reused:
            parts.append(f"{report.reused} extracted before")
        if others:
            parts.append(f"{others} of no question")
        clips = "" if report.clip_size is None else f", clips of {report.clip_size} numbers"
        tracks = counted(report.trajectories, "trajectory", "trajectories")
        width = counted(report.trajectory_size, "number")
        where = arguments.split if arguments.shard is None else f"shard {arguments.shard} of {arguments.split}"
        parts.append(f"{where} has {counted(report.videos, 'video')} with {tracks} of {width}{clips}")
        print(escaped(f"{'; '.join(parts)} -> {arguments.output}"))
    if report.broken:
        names = _listed([each.path for each in report.broken])
        print(escaped(f"trajvqa: {counted(len(report.broken), 'video')} skipped as broken: {names}"), file=sys.stderr)
    if missing:
        print(
            escaped(f"trajvqa: {counted(len(missing), 'video')} of the questions missing: {_listed(missing)}"),
            file=sys.stderr,
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MAX_LISTED]) + (", ..." if len(names) > _MAX_LISTED else "")
