"""``trajvqa models``: list models, experiments and tables."""

from __future__ import annotations

import argparse
import fnmatch
import textwrap
from collections.abc import Mapping
from typing import Any

from trajtrack.console.errors import Failure
from trajtrack.console.output import print_json
from trajtrack.printable import near_name
from trajvqa.experiments.files import list_experiments, list_tables, read_experiment, read_table
from trajvqa.models import list_models

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "models",
        help="list models, experiments and tables",
        description="List the models, the experiments that come with the package, and the tables made of them.",
        examples={
            "as text": "trajvqa models",
            "some experiments": "trajvqa models 'nextqa/hga-*'",
            "as JSON": "trajvqa models --json",
        },
    )
    parser.add_argument("pattern", nargs="?", metavar="PATTERN", help="list experiments of such a name only")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    known = list_experiments()
    names = known if arguments.pattern is None else fnmatch.filter(known, arguments.pattern)
    if not names:
        raise Failure(
            f"{arguments.pattern}: found no experiment of such a name, expected one that 'trajvqa models' lists"
            f"{near_name(arguments.pattern, known)}"
        )
    experiments = {name: read_experiment(name).description for name in names}
    if arguments.pattern is not None:
        if arguments.json:
            print_json({"experiments": experiments})
        else:
            _print(experiments)
        return False
    tables = {name: read_table(name).title for name in list_tables()}
    if arguments.json:
        print_json({"models": list_models(), "experiments": experiments, "tables": tables})
        return False
    print("models:", ", ".join(list_models()))
    print("\nexperiments:")
    _print(experiments)
    print("\ntables:")
    width = max(map(len, tables)) + 2
    for name, title in tables.items():
        print(f"  {name:<{width}}{title}")
    return False


def _print(experiments: Mapping[str, str]) -> None:
    for name, description in experiments.items():
        text = f"{name:<32}{description}"
        print(textwrap.fill(text, 110, initial_indent="  ", subsequent_indent=" " * 34))
