"""Experiment files: those of the package, one a table row, and the user's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from trajvqa.config import Experiment, experiment_from

__all__ = ["Table", "TableRow", "list_experiments", "list_tables", "read_experiment", "read_table"]

_FOLDER = Path(str(files("trajvqa"))) / "experiments"
_TABLES = "tables.yaml"


@dataclass(frozen=True)
class TableRow:
    """A row of a table."""

    name: str
    """What the row is called."""
    experiment: str
    """Name of its experiment."""
    paper: dict[str, float] | None
    """The paper's accuracies by group, in percent, where it has the row."""


@dataclass(frozen=True)
class Table:
    """Experiments side by side."""

    title: str
    """What is compared."""
    split: str
    """The split whose accuracies it shows."""
    rows: tuple[TableRow, ...]
    """Its rows."""
    reference: str | None
    """The row that others are compared with by McNemar's test."""

    def only(self, names: Sequence[str]) -> Table:
        """Return the table with the named rows.

        Raises
        ------
        ValueError
            When it has no row of a name.
        """
        known = [row.name for row in self.rows]
        for name in names:
            if name not in known:
                raise ValueError(f"row: found {name!r}, expected one of {', '.join(map(repr, known))}")
        return replace(
            self,
            rows=tuple(row for row in self.rows if row.name in names),
            reference=self.reference if self.reference in names else None,
        )


def list_experiments() -> list[str]:
    """Return the names of the package's experiments, as in ``nextqa/glove-both``."""
    return sorted(path.relative_to(_FOLDER).with_suffix("").as_posix() for path in _FOLDER.glob("*/*.yaml"))


def read_experiment(name: str | os.PathLike[str]) -> Experiment:
    """Return an experiment of the package by name, or of a file by its path.

    Raises
    ------
    FileNotFoundError
        When there is neither.
    ValueError
        Naming the file, the setting, what was found and what was expected.
    """
    text = os.fspath(name)
    path = Path(text)
    if path.suffix not in (".yaml", ".yml", ".json"):
        path = _FOLDER / f"{text}.yaml"
    if not path.is_file():
        raise FileNotFoundError(
            f"{text}: found no such experiment, expected a .yaml file or one of {', '.join(list_experiments())}"
        )
    return experiment_from(_read_yaml(path), text)


def list_tables() -> list[str]:
    """Return the names of the tables."""
    return list(_read_yaml(_FOLDER / _TABLES))


def read_table(name: str) -> Table:
    """Return a table of the package.

    Raises
    ------
    ValueError
        When there is no table of that name.
    """
    tables = _read_yaml(_FOLDER / _TABLES)
    if name not in tables:
        raise ValueError(f"table: found {name!r}, expected one of {', '.join(tables)}")
    content = tables[name]
    rows = tuple(TableRow(row["name"], row["experiment"], row.get("paper")) for row in content["rows"])
    return Table(content["title"], content["split"], rows, content.get("reference"))


class _UniqueKeys(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Reads plain values, and refuses a key that comes twice, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        first: dict[str, Any] = {}
        for key, _ in node.value:
            before = first.setdefault(key.value, key)
            if before is not key:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"found key {key.value!r} again, expected it once: first on line {before.start_mark.line + 1}",
                    key.start_mark,
                )
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: found no YAML that can be read ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: found {type(content).__name__}, expected settings by name")
    return content
