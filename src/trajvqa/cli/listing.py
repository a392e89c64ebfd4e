"""``trajvqa models``: what can be trained."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from trajvqa.experiment_files import list_experiments, list_tables, read_experiment, read_table
from trajvqa.models import list_models

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "models",
        help="list models, experiments and tables",
        description="List the models, the experiments that come with the package, and the tables made of them.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    print("models:", ", ".join(list_models()))
    print("\nexperiments:")
    for name in list_experiments():
        text = f"{name:<32}{read_experiment(name).description}"
        print(textwrap.fill(text, 110, initial_indent="  ", subsequent_indent=" " * 34))
    print("\ntables:")
    for name in list_tables():
        print(f"  {name:<6}{read_table(name).title}")
    return False
