"""``trajtrack demo``: link a synthetic scene and evaluate the result."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trajtrack.cli.tables import metrics_table
from trajtrack.console.errors import UsageError
from trajtrack.console.output import print_json
from trajtrack.files.folders import make_folder
from trajtrack.io import write
from trajtrack.linking import link
from trajtrack.metrics import evaluate
from trajtrack.scenes import make_scene
from trajtrack.viewer.drawing import draw

__all__ = ["add_command"]

_MIN_LENGTH = 5


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="link a synthetic scene and compare with its ground truth",
        description="Make a synthetic scene of moving objects and simulated detections, link these with nothing set "
        "and by Seq-NMS, and compare the results with the ground truth. Writes detections.txt, truth.txt, tracks.txt "
        "and trajectories.png.",
        examples={"write to another folder": "trajtrack demo -o scene --seed 1"},
    )
    parser.add_argument("-o", "--output", default="out/demo", metavar="DIR", help="folder to write; default: out/demo")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the scene; default: 0")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    if arguments.seed < 0:
        raise UsageError(f"--seed: found {arguments.seed}, expected an integer of at least 0")
    folder = Path(arguments.output)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: found a file, expected a folder to write to")
    scene = make_scene(num_frames=240, objects_per_frame=10, speed=3, seed=arguments.seed)
    linked = {
        "default": link(scene.detections),
        "seq-nms": link(scene.detections, method="seq-nms", min_length=_MIN_LENGTH),
        "classic": link(scene.detections, method="seq-nms", max_gap=0, min_length=_MIN_LENGTH),
    }
    tracks = linked["default"]
    make_folder(folder)
    files = []
    for name, content in (
        ("detections.txt", scene.detections),
        ("truth.txt", scene.truth),
        ("tracks.txt", tracks),
    ):
        write(folder / name, content)
        files.append(str(folder / name))
    metrics, missing = {}, []
    try:
        metrics = {name: evaluate(scene.truth, each) for name, each in linked.items()}
    except ImportError as error:
        missing.append(f"no comparison with the ground truth: {error}")
    image = folder / "trajectories.png"
    size = (scene.options.image_width, scene.options.image_height)
    try:
        draw(tracks, image, detections=scene.detections, size=size)
        files.append(str(image))
    except ImportError as error:
        missing.append(f"no image: {error}")
    if arguments.json:
        print_json(
            {"files": files, "metrics": {name: asdict(own) for name, own in metrics.items()}, "missing": missing}
        )
        return False
    print(f"detections: {scene.detections}")
    print(f"linked:     {tracks}")
    print()
    if metrics:
        titles = {"default": "nothing set", "seq-nms": "Seq-NMS with gaps", "classic": "classic Seq-NMS"}
        print(metrics_table({titles[name]: own for name, own in metrics.items()}))
        print()
    for line in [*(f"wrote {path}" for path in files), *missing]:
        print(line)
    tracks_file = shlex.quote(str(folder / "tracks.txt"))
    print(f"\nto play the tracks in a browser: trajtrack view {tracks_file} -o tracks.html")
    return False
