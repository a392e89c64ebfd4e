"""Experiment files: the package's, one for each distinct table row, and the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from trajtrack.printable import near_name, printable_errors, shown
from trajvqa.config import Experiment, experiment_from
from trajvqa.experiments.plain_yaml import load_yaml

__all__ = [
    "BY_TYPE",
    "GROUPS",
    "Sweep",
    "Table",
    "TableRow",
    "list_experiments",
    "list_tables",
    "read_experiment",
    "read_table",
]

GROUPS = ("C", "T", "D", "All")
"""Groups of questions: causal, temporal, descriptive, and all of them."""
BY_TYPE = ("CW", "CH", "C", "TN", "TC", "T", "DC", "DL", "DO", "D", "All")
"""Types and groups of questions in the order of the paper's Table 2; TP counts as TN."""

_FOLDER = Path(str(files("trajvqa"))) / "experiments"
_TABLES = "tables.yaml"
_SUFFIXES = (".yaml", ".yml", ".json")
_ONLY_A_BASE = "_"
"""First character of the name of a file that other experiments share and that is no experiment of its own."""


@dataclass(frozen=True)
class TableRow:
    """A row of a table."""

    name: str
    """Name of the row."""
    experiment: str
    """Name of its experiment."""
    paper: dict[str, float] | None
    """The paper's accuracies by column of the table, in percent; None if the paper does not have the row."""
    data: str = ""
    """Folder in the data folder that holds the row's own inputs; by default the data folder itself."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that the row replaces in its experiment, by path, such as ``negatives.count``."""
    line: str = ""
    """Name of the line that the row belongs to, in a table of a sweep."""


@dataclass(frozen=True)
class Sweep:
    """A setting whose values the rows of a table go through."""

    setting: str
    """Path of the setting, such as ``negatives.count``."""
    label: str
    """Name of the setting in the table."""
    values: tuple[int, ...]
    """Its values."""


@dataclass(frozen=True)
class Table:
    """A comparison of experiments."""

    title: str
    """Title of the table."""
    split: str
    """Split whose questions are answered."""
    rows: tuple[TableRow, ...]
    """Rows, in the order in which they are shown."""
    reference: str | None
    """Name of the row with which McNemar's test compares the others."""
    columns: tuple[str, ...] = GROUPS
    """Groups or types of questions whose accuracies are shown."""
    sweep: Sweep | None = None
    """The setting that the rows go through, if any."""

    def only(self, names: Sequence[str]) -> Table:
        """Return the table with only the named rows.

        Raises
        ------
        ValueError
            If the table has no row of that name.
        """
        known = [row.name for row in self.rows]
        for name in names:
            if name not in known:
                raise ValueError(
                    f"row: found {name!r}, expected one of {', '.join(map(repr, known))}{near_name(name, known)}"
                )
        return replace(
            self,
            rows=tuple(row for row in self.rows if row.name in names),
            reference=self.reference if self.reference in names else None,
        )


def list_experiments() -> list[str]:
    """Return the names of the package's experiments, such as ``nextqa/glove-both``."""
    paths = [path for path in _FOLDER.glob("*/*.yaml") if not path.name.startswith(_ONLY_A_BASE)]
    return sorted(path.relative_to(_FOLDER).with_suffix("").as_posix() for path in paths)


@printable_errors
def read_experiment(name: str | os.PathLike[str]) -> Experiment:
    """Return an experiment of the package by its name, or one of the user's by the path of its file.

    A file may name another experiment under ``base``, in the same way, with paths relative to its own folder. It then
    holds only the settings that differ.

    Raises
    ------
    FileNotFoundError
        If there is neither.
    ValueError
        The message names the file, the setting, what was found and what was expected.
    """
    text = os.fspath(name)
    path = _path_of(text)
    if not path.is_file():
        raise FileNotFoundError(f"{text}: found no such experiment, expected {_expected(text)}")
    return experiment_from(_read_values(path, text, ()), text)


def _path_of(name: str, folder: Path = Path()) -> Path:
    return folder / name if Path(name).suffix in _SUFFIXES else _FOLDER / f"{name}.yaml"


def _expected(found: object) -> str:
    return f"a .yaml file or one of those that 'trajvqa models' lists{near_name(found, list_experiments())}"


def _read_values(path: Path, source: str, derived: tuple[Path, ...]) -> dict[str, Any]:
    """Return the values of an experiment file with those of its bases.

    Parameters
    ----------
    path
        The file.
    source
        Its name in messages.
    derived
        The files that are based on this one, for finding circles.
    """
    values = _read_yaml(path)
    if "base" not in values:
        return values
    base = values.pop("base")
    if not isinstance(base, str):
        raise ValueError(f"{source}: base: found {shown(base)}, expected {_expected(base)}")
    base_path = _path_of(base, path.parent)
    try:
        exists = base_path.is_file()
    except OSError:  # a name too long for the system
        exists = False
    if not exists:
        raise ValueError(f"{source}: base: found no experiment {shown(base)}, expected {_expected(base)}")
    derived = (*derived, path.resolve())
    if base_path.resolve() in derived:
        raise ValueError(
            f"{source}: base: found {shown(base)}, which leads back to itself, expected bases without a circle"
        )
    base_source = os.fspath(base_path)
    base_values = _read_values(base_path, base_source, derived)
    # Reports a bad setting of the base under the name of the base's own file.
    experiment_from(base_values, base_source)
    return _merged(base_values, values)


def _merged(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` updated with `values`; nested mappings are merged in the same way."""
    merged = dict(base)
    for name, value in values.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _merged(merged[name], value) if nested else value
    return merged


def list_tables() -> list[str]:
    """Return the names of the tables."""
    return list(_read_yaml(_FOLDER / _TABLES))


def read_table(name: str) -> Table:
    """Return a table of the package.

    Raises
    ------
    ValueError
        If there is no table of that name.
    """
    tables = _read_yaml(_FOLDER / _TABLES)
    if name not in tables:
        raise ValueError(f"table: found {name!r}, expected one of {', '.join(tables)}")
    content = tables[name]
    swept = content.get("sweep")
    sweep = None if swept is None else Sweep(swept["setting"], swept["label"], tuple(swept["values"]))
    return Table(
        title=content["title"],
        split=content["split"],
        rows=tuple(row for each in content["rows"] for row in _rows(each, sweep)),
        reference=content.get("reference"),
        columns=BY_TYPE if content.get("by_type") else GROUPS,
        sweep=sweep,
    )


def _rows(content: Mapping[str, Any], sweep: Sweep | None) -> Iterator[TableRow]:
    """Return the row of an entry of a table, or its rows for all values of a sweep."""
    row = TableRow(content["name"], content["experiment"], content.get("paper"), content.get("data", ""))
    if sweep is None:
        yield row
        return
    for value in sweep.values:
        name = f"{row.name}, {sweep.label} = {value}"
        yield replace(row, name=name, settings={sweep.setting: value}, line=row.name)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: found no YAML that can be read ({error})") from error
    if not isinstance(content, dict):
        found = "nothing" if content is None else shown(content)
        raise ValueError(f"{path}: found {found}, expected settings by name")
    return content
