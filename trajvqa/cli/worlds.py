"""``trajvqa worlds``: generate the synthetic benchmark."""

from __future__ import annotations

import argparse
from typing import Any

from trajtrack.console.errors import UsageError
from trajtrack.option_fields import documentation_of
from trajvqa.cli.building import add_links_flag
from trajvqa.datasets.worlds import WorldsOptions, make_worlds

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    defaults, texts = WorldsOptions(), documentation_of(WorldsOptions)
    parser: argparse.ArgumentParser = commands.add_parser(
        "worlds",
        help="generate the synthetic benchmark",
        description="Generate synthetic videos of acting objects, link imperfect detections of them, and ask causal, "
        "temporal and descriptive questions. Writes a data folder and prints its statistics.",
        examples={
            "a small benchmark": "trajvqa worlds small-worlds --train 4 --val 2 --test 2",
        },
    )
    parser.add_argument("output", metavar="DIR", help="the data folder to write")
    for name in ("train", "val", "test", "seed"):
        parser.add_argument(
            f"--{name}",
            type=int,
            default=getattr(defaults, name),
            metavar="N",
            help=f"{texts[name]} Default: %(default)s.",
        )
    add_links_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    try:
        options = WorldsOptions(
            train=arguments.train,
            val=arguments.val,
            test=arguments.test,
            links=arguments.links,
            seed=arguments.seed,
        )
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    for split, numbers in make_worlds(arguments.output, options).items():
        types = ", ".join(f"{count} {name}" for name, count in numbers["types"].items())
        print(f"{split}: {numbers['videos']} videos, {numbers['questions']} questions ({types})")
        print(
            f"  {numbers['trajectories_per_video']:.1f} trajectories per video; an oracle answers "
            f"{numbers['oracle_truth']:.1%} from the truth, {numbers['oracle_trajectories']:.1%} from the trajectories"
        )
    print(f"wrote {arguments.output}")
    return False
