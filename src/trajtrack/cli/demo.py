"""``trajtrack demo``: link a synthetic scene and see how it went."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from trajtrack.cli.errors import UsageError
from trajtrack.cli.tables import metrics_table
from trajtrack.io import write
from trajtrack.linking import link
from trajtrack.metrics import evaluate
from trajtrack.scenes import Scene, make_scene
from trajtrack.trajectories import Trajectories
from trajtrack.view import draw

__all__ = ["add_command"]

_MIN_LENGTH = 5


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="link a synthetic scene and compare with its truth",
        description="Make a scene of moving objects and a detector's view of it, link the detections with "
        "and without gaps, and compare both with the truth. Writes detections.txt, truth.txt, tracks.txt "
        "and trajectories.png.",
        examples={"write into another folder": "trajtrack demo -o scene --seed 1"},
    )
    parser.add_argument("-o", "--output", default="out/demo", metavar="DIR", help="folder to write; default: out/demo")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which scene; default: 0")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    if arguments.seed < 0:
        raise UsageError(f"--seed: expected an integer of at least 0, found {arguments.seed}")
    folder = Path(arguments.output)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: found a file, expected a folder to write to")
    scene = make_scene(num_frames=240, objects_per_frame=10, speed=3, seed=arguments.seed)
    classic = link(scene.detections, max_gap=0, min_length=_MIN_LENGTH)
    tracks = link(scene.detections, min_length=_MIN_LENGTH)
    print(f"detections: {scene.detections}")
    print(f"with gaps:  {tracks}")
    print()
    _compare(scene, {"classic, max_gap=0": classic, f"gaps up to {tracks.options.max_gap} frames": tracks})
    print()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("detections.txt", scene.detections),
        ("truth.txt", scene.truth),
        ("tracks.txt", tracks),
    ):
        write(folder / name, content)
        print(f"wrote {folder / name}")
    picture = folder / "trajectories.png"
    size = (scene.options.image_width, scene.options.image_height)
    try:
        draw(tracks, picture, detections=scene.detections, size=size)
    except ImportError as error:
        print(f"no picture: {error}")
    else:
        print(f"wrote {picture}")
    return False


def _compare(scene: Scene, results: dict[str, Trajectories]) -> None:
    try:
        print(metrics_table({name: evaluate(scene.truth, tracks) for name, tracks in results.items()}))
    except ImportError as error:
        print(f"no comparison with the truth: {error}")
