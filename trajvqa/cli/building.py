"""``trajvqa build-trajectories``: build a trajectory store from detections, annotations or tracklets."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py

from trajtrack import FORMATS
from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.console.errors import Failure, UsageError, about_flag, describe
from trajtrack.console.output import Progress, print_json
from trajtrack.printable import counted
from trajvqa.cli.archives import expand_archives
from trajvqa.datasets.nextqa import read_questions
from trajvqa.ingest import SOURCES, BuildOptions, BuildReport, build_trajectories
from trajvqa.stores import LINKS, TrajectoryStore

__all__ = ["add_command", "add_links_flag", "class_names"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "build-trajectories",
        help="link detections of many videos into one file of trajectories",
        description="Link the detections or annotations of the videos of a split, one file per video, or the regions "
        "of all its videos in one file, pool features over each trajectory, and write them all to one HDF5 file. If an "
        "error occurs, nothing is written. By default, a trajectory needs 2 detections, and its score is the sum of "
        "theirs (see --min-length and --rescore).",
        examples={
            "detections of a split": "trajvqa build-trajectories 'in/*.txt' -o store.h5 --image-size 1280x720",
            "public regions": "trajvqa build-trajectories region_val.h5 -o val.h5 --from regions",
        },
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="file named after its video, or a quoted pattern such as 'in/*.json'; or a zip archive, or a folder or "
        "pattern in it such as 'VidVRD-dataset.zip/VidVRD-dataset/train'",
    )
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="the HDF5 file to write")
    parser.add_argument(
        "--from",
        dest="source",
        choices=tuple(SOURCES),
        default="detections",
        help="kind of files: detections or annotations, which are linked here; regions of frames of HQGA, VGT or CoVGT "
        "(region_*.h5 or acregion_*.h5), which are linked here as one class over the sampled frames; tracklets of "
        "VidVRD-tracklets (MEGA and deepSORT, .npy); or tracklets of OpenVoc-VidVRD (Seq-NMS, .json); default: "
        "detections",
    )
    parser.add_argument(
        "--format",
        choices=list(FORMATS),
        metavar="NAME",
        help=f"format of the detections: {', '.join(FORMATS)}; default: inferred from the files",
    )
    parser.add_argument(
        "--features",
        default="geometry",
        metavar="FOLDER",
        help="folder with {video}.npy, one row of features per detection, which are averaged over each trajectory; for "
        "Seq-NMS tracklets, folder with {file}_traj_features.npy; default: geometry, seven numbers about the boxes",
    )
    parser.add_argument(
        "--questions",
        metavar="FILE",
        help="questions of the split: other videos are skipped; image sizes, and for tracklets the lengths of videos, "
        "are taken from the questions if a file has none",
    )
    parser.add_argument(
        "--image-size", metavar="WxH", help="width and height of images whose size is in no file; needed for geometry"
    )
    parser.add_argument(
        "--limit", type=int, metavar="K", help="keep the K trajectories of a video with the highest scores"
    )
    parser.add_argument(
        "--classes",
        metavar="FILE",
        help="file of class names, one per line, or a trajectory store (.h5) with the same classes, so that splits "
        "agree; default: collected from the inputs",
    )
    add_links_flag(parser)
    parser.add_argument(
        "--clips", type=int, metavar="N", help="number of clips of a video, for --links segments and clips; default: 16"
    )
    parser.add_argument("--boxes", action="store_true", help="keep the boxes too")
    parser.add_argument("--half", action="store_true", help="round features to float16")
    parser.add_argument("--skip-broken", action="store_true", help="skip broken files and report them")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    add_link_flags(parser, default_method="seq-nms")
    parser.set_defaults(run=_run, min_length=2, rescore="sum")


def add_links_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag that cuts trajectories into segments, or builds controls: the same detections without links."""
    parser.add_argument(
        "--links",
        choices=LINKS,
        default="all",
        help="segments cuts each trajectory at the borders of clips; for control experiments, clips does the same and "
        "forgets which segments belong together, none replaces a trajectory with one of its detections, drawn at "
        "random; default: all links are kept",
    )


def _run(arguments: argparse.Namespace) -> bool:
    options = _options(arguments)
    try:
        inputs = expand_archives(arguments.inputs)
        questions = None if arguments.questions is None else read_questions(arguments.questions)
        with Progress(len(inputs)) as progress:
            report = build_trajectories(
                inputs,
                arguments.output,
                options,
                questions=questions,
                skip_broken=arguments.skip_broken,
                on_file=progress.show,
            )
    except (ValueError, MemoryError) as error:
        raise Failure(describe(error)) from error
    for broken in report.broken:
        print(f"skipped: {describe(broken.error, broken.path)}", file=sys.stderr)
    if arguments.json:
        print_json(_figures(report, arguments.output))
    else:
        print(_summary(report, arguments.output))
    return False


def _options(arguments: argparse.Namespace) -> BuildOptions:
    if arguments.clips is not None and arguments.links not in ("segments", "clips"):
        raise UsageError(f"--clips: found {arguments.clips}, expected none: it needs --links segments or clips")
    features = None if arguments.features == "geometry" else Path(arguments.features)
    try:
        return BuildOptions(
            source=arguments.source,
            link=link_options(arguments, default_method="seq-nms"),
            format=arguments.format,
            features=features,
            image_size=None if arguments.image_size is None else _size(arguments.image_size),
            limit=arguments.limit,
            classes=None if arguments.classes is None else class_names(arguments.classes),
            links=arguments.links,
            **({} if arguments.clips is None else {"clips": arguments.clips}),
            keep_boxes=arguments.boxes,
            half=arguments.half,
        )
    except ValueError as error:
        raise about_flag(error) from error


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise UsageError(f"--image-size: found {text!r}, expected WIDTHxHEIGHT, as in 1280x720")
    return int(match[1]), int(match[2])


def class_names(path: str) -> tuple[str, ...]:
    """Return the class names in a file of one per line, or those of a trajectory store."""
    try:
        if Path(path).is_file() and h5py.is_hdf5(path):
            return TrajectoryStore(path).classes
        lines = Path(path).read_text("utf-8").splitlines()
    except ValueError as error:
        raise Failure(describe(error, path)) from error
    return tuple(line.strip() for line in lines if line.strip())


def _figures(report: BuildReport, output: str) -> dict[str, Any]:
    broken = [{"input": each.path, "error": describe(each.error, each.path)} for each in report.broken]
    return {"output": output, **{field.name: getattr(report, field.name) for field in fields(report)}, "broken": broken}


def _summary(report: BuildReport, output: str) -> str:
    parts = [
        f"{counted(report.trajectories, 'trajectory', 'trajectories')} of {counted(report.videos, 'video')}",
        f"{counted(report.feature_size, 'number')} each",
        counted(report.classes, "class", "classes"),
    ]
    if report.other_videos:
        parts.append(f"{counted(report.other_videos, 'other video')} skipped")
    if report.missing_videos:
        first = ", ".join(report.missing_videos[:5]) + (", ..." if len(report.missing_videos) > 5 else "")
        parts.append(f"{counted(len(report.missing_videos), 'video')} of the questions missing: {first}")
    if report.broken:
        parts.append(f"{counted(len(report.broken), 'broken file')} skipped")
    return f"{'; '.join(parts)} -> {output}"
