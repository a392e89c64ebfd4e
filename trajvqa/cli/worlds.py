"""``trajvqa worlds``: generate the synthetic benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from trajtrack.console.errors import about_flag
from trajtrack.option_fields import documentation_of
from trajvqa.cli.building import add_links_flag
from trajvqa.datasets.events import EventsOptions, make_events
from trajvqa.datasets.events.video import CASTS, TRACKS
from trajvqa.datasets.worlds import WorldsOptions, make_worlds

__all__ = ["add_command", "print_oracles"]

_OF_VERSION_2 = ("tracks", "objects", "test_seed")


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    first, second, texts = WorldsOptions(), EventsOptions(), documentation_of(EventsOptions)
    parser: argparse.ArgumentParser = commands.add_parser(
        "worlds",
        help="generate the synthetic benchmark",
        description="Generate synthetic videos of acting objects, link imperfect detections of them, and ask causal, "
        "temporal and descriptive questions. Writes a data folder and prints its statistics. In version 2, events "
        "bring about others, and objects look alike, so that it takes links to tell who did what when.",
        examples={
            "a small benchmark": "trajvqa worlds small-worlds --train 4 --val 2 --test 2",
            "a small benchmark of events": "trajvqa worlds small-events --version 2 --train 4 --val 2 --test 2",
        },
    )
    parser.add_argument("output", metavar="DIR", help="the data folder to write")
    parser.add_argument("--version", type=int, choices=(1, 2), default=1, help="version of the worlds; default: 1")
    for name in ("train", "val", "test"):
        parser.add_argument(
            f"--{name}",
            type=int,
            metavar="N",
            help=f"{texts[name]} Default: {getattr(first, name)}; of version 2, {getattr(second, name)}.",
        )
    parser.add_argument("--seed", type=int, metavar="N", help="Seed of the random number generators. Default: 0.")
    parser.add_argument(
        "--test-seed", type=int, metavar="N", help=f"{texts['test_seed']} Only version 2; default: {second.test_seed}."
    )
    parser.add_argument(
        "--tracks",
        choices=TRACKS,
        help="where trajectories come from: a method of linking, or the ground truth. Only version 2; default: "
        f"{second.tracks}.",
    )
    parser.add_argument(
        "--objects",
        choices=tuple(CASTS),
        help="how many objects act: many, four to six, which look alike, or few, two to four, from which models learn "
        f"sooner. Only version 2; default: {second.objects}.",
    )
    add_links_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    names = ("train", "val", "test", "seed", "links", *_OF_VERSION_2)
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    try:
        if arguments.version == 2:
            _print_events(make_events(arguments.output, EventsOptions(**given)))
        else:
            for name in _OF_VERSION_2:
                if name in given:
                    raise ValueError(f"{name}: found {given[name]!r}, expected none: it is an option of version 2")
            _print_worlds(make_worlds(arguments.output, WorldsOptions(**given)))
    except ValueError as error:
        raise about_flag(error) from error
    print(f"wrote {arguments.output}")
    return False


def _print_worlds(statistics: dict[str, Any]) -> None:
    for split, numbers in statistics.items():
        print(_sizes(split, numbers))
        print(
            f"  {numbers['trajectories_per_video']:.1f} trajectories per video; an oracle answers "
            f"{numbers['oracle_truth']:.1%} from the truth, {numbers['oracle_trajectories']:.1%} from the trajectories"
        )


def _print_events(statistics: dict[str, Any]) -> None:
    for split, numbers in statistics.items():
        print(_sizes(split, numbers))
        print(f"{numbers['trajectories_per_video']:.1f} trajectories per video; an oracle answers, in percent, from\n")
        print_oracles(numbers["oracles"], numbers["text"])
        print()


def print_oracles(oracles: Mapping[str, Mapping[str, float]], text: float | None = None) -> None:
    """Print a table of the percentages of questions that an oracle answers, by input and kind of question.

    The last kind is all of them; `text` is the share of these that their text alone answers.
    """
    kinds = list(oracles["truth"])
    # Markdown, aligned for the terminal too.
    first, widths = max(map(len, oracles)), [max(len(kind), 5) for kind in kinds]
    rows = {"": kinds} | {name: [f"{100 * shares[kind]:.1f}" for kind in kinds] for name, shares in oracles.items()}
    if text is not None:
        rows["text"] = [*[""] * (len(kinds) - 1), f"{100 * text:.1f}"]
    lines = [
        f"| {name:{first}} | {' | '.join(f'{cell:>{width}}' for cell, width in zip(cells, widths, strict=True))} |"
        for name, cells in rows.items()
    ]
    rule = "|".join(["", "-" * (first + 2), *(f"{'-' * (width + 1)}:" for width in widths), ""])
    print(lines[0], rule, *lines[1:], sep="\n")


def _sizes(split: str, numbers: dict[str, Any]) -> str:
    types = ", ".join(f"{count} {name}" for name, count in numbers["types"].items())
    return f"{split}: {numbers['videos']} videos, {numbers['questions']} questions ({types})"
