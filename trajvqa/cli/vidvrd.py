"""``trajvqa vidvrd-questions``: generate questions from ImageNet-VidVRD's annotations."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from trajtrack.console.errors import Failure, about_flag, flag_of
from trajtrack.option_fields import documentation_of
from trajvqa.cli.building import add_links_flag
from trajvqa.datasets.vidvrd import VidvrdOptions, make_vidvrd_questions

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    defaults, texts = VidvrdOptions(), documentation_of(VidvrdOptions)
    parser: argparse.ArgumentParser = commands.add_parser(
        "vidvrd-questions",
        help="generate questions from ImageNet-VidVRD's annotations",
        description="Ask about the annotated tracks and relations of ImageNet-VidVRD, and link simulated detections of "
        "the tracks. Writes a data folder and prints its statistics. The videos are not needed.",
        examples={
            "from the archive": "trajvqa vidvrd-questions VidVRD-dataset.zip vidvrd",
        },
    )
    parser.add_argument("source", metavar="SOURCE", help="VidVRD-dataset.zip, or a folder of its JSON files")
    parser.add_argument("output", metavar="DIR", help="the data folder to write")
    for name in ("val_videos", "test_videos", "seed"):
        parser.add_argument(
            flag_of(name),
            type=int,
            default=getattr(defaults, name),
            metavar="N",
            help=f"{texts[name]} Default: %(default)s.",
        )
    add_links_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    try:
        options = VidvrdOptions(
            val_videos=arguments.val_videos,
            test_videos=arguments.test_videos,
            links=arguments.links,
            seed=arguments.seed,
        )
    except ValueError as error:
        raise about_flag(error) from error
    try:
        found = make_vidvrd_questions(
            arguments.source, arguments.output, options, lambda message: print(message, file=sys.stderr)
        )
    except ValueError as error:
        raise Failure(str(error)) from error
    for split, numbers in found.items():
        types = ", ".join(f"{count} {name}" for name, count in numbers["types"].items())
        print(f"{split}: {numbers['videos']} videos, {numbers['questions']} questions ({types})")
        print(
            f"  {numbers['shared']} about one of several objects of a class; an oracle answers "
            f"{numbers['oracle_annotations']:.1%} from the annotations, {numbers['oracle_trajectories']:.1%} from the "
            f"trajectories, the prior of the text {numbers['text_prior']:.1%}"
        )
    print(f"wrote {arguments.output}")
    return False
