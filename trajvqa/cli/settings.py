"""The flag ``--set``, which several commands share, and the experiment with its settings replaced."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

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


def chosen_experiment(name: str, assignments: list[str], fixed: Mapping[str, Any] | None = None) -> Experiment:
    """Return an experiment with its settings replaced.

    Parameters
    ----------
    name
        Name or file of the experiment.
    assignments
        Values of ``--set``.
    fixed
        Further settings by path, which ``--set`` must leave alone.

    Raises
    ------
    UsageError
        If there is no such experiment or setting, or one is fixed.
    """
    values = dict(fixed or {})
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set: found {assignment!r}, expected SETTING=VALUE")
        if path.strip() in (fixed or {}):
            raise UsageError(f"--set: found {assignment!r}, expected other settings: the table varies this one")
        try:
            values[path.strip()] = load_yaml(text)
        except ValueError:
            raise UsageError(f"--set: found {assignment!r}, expected a YAML value") from None
    try:
        experiment = read_experiment(name)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error)) from error
    try:
        return with_overrides(experiment, values)
    except ValueError as error:
        raise UsageError(f"--set {error}") from error
