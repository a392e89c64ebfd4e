"""The flag ``--set``, which several commands share, and the experiment with its settings replaced."""

from __future__ import annotations

import argparse

from trajtrack.console.errors import UsageError
from trajvqa.config import Experiment, with_overrides
from trajvqa.experiments.files import read_experiment
from trajvqa.experiments.plain_yaml import load_yaml

__all__ = ["add_settings_flag", "chosen_experiment"]


def add_settings_flag(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="replace a setting of the experiment, such as training.epochs=5; may be repeated",
    )


def chosen_experiment(name: str, assignments: list[str]) -> Experiment:
    """Return an experiment with its settings replaced.

    Raises
    ------
    UsageError
        If there is no such experiment or setting.
    """
    values = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set: found {assignment!r}, expected SETTING=VALUE")
        try:
            values[path.strip()] = load_yaml(text)
        except ValueError:
            raise UsageError(f"--set: found {assignment!r}, expected a YAML value") from None
    try:
        return with_overrides(read_experiment(name), values)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error)) from error
