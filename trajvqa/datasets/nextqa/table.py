"""Tables of text out of CSV and Parquet files: rows that know their lines."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["QuestionTable", "read_table"]

_PARQUET = b"PAR1"


@dataclass(frozen=True, eq=False)
class QuestionTable:
    """The columns of a file, every value as text."""

    source: str
    """The file, for messages."""
    columns: Mapping[str, Sequence[str]]
    """Values by column name, in the order of the rows."""
    places: Sequence[str]
    """Where each row stands: ``line 7`` or ``row 6``."""

    def __len__(self) -> int:
        return len(self.places)

    def column(self, *names: str) -> Sequence[str]:
        """Return the first column that is there of several that mean the same.

        Raises
        ------
        ValueError
            When none is, naming the columns that were found.
        """
        for name in names:
            if name in self.columns:
                return self.columns[name]
        found = ", ".join(name or "one without a name" for name in self.columns)
        raise ValueError(f"{self.source}: found no column {' or '.join(names)}, only {found}")

    def filled(self, *names: str) -> Sequence[str]:
        """Return a column in which no value may be empty."""
        values = self.column(*names)
        for row, value in enumerate(values):
            if not value.strip():
                raise self.error(row, names[0], "nothing", "a value")
        return values

    def integers(self, name: str) -> NDArray[np.int64]:
        """Return a column of whole numbers of at least 1."""
        values = self.column(name)
        for row, value in enumerate(values):
            # 18 digits always fit int64.
            if not (value.isascii() and value.isdigit() and len(value) <= 18 and int(value) > 0):
                raise self.error(row, name, repr(value), "a whole number of at least 1")
        return np.array([int(value) for value in values], np.int64)

    def one_of(self, name: str, expected: Sequence[str]) -> Sequence[str]:
        """Return a column whose values are known beforehand."""
        values, allowed = self.column(name), frozenset(expected)
        for row, value in enumerate(values):
            if value not in allowed:
                raise self.error(row, name, repr(value), f"one of {', '.join(expected)}")
        return values

    def error(self, row: int, column: str, found: str, expected: str) -> ValueError:
        """Return the exception about the value of a row."""
        return ValueError(f"{self.source}: {self.places[row]}: {column}: found {found}, expected {expected}")


def read_table(path: str | os.PathLike[str]) -> QuestionTable:
    """Read a CSV file in UTF-8, with or without byte order mark, or a Parquet file.

    Columns come in any order. Blank lines are skipped.

    Raises
    ------
    ValueError
        For an empty file, text that is not UTF-8, a row with another number of fields than the header, a column
        name that comes twice; naming file and line.
    ImportError
        For a Parquet file where pyarrow is missing.
    """
    source = os.fspath(path)
    content = Path(path).read_bytes()
    table = _from_parquet(source, content) if content.startswith(_PARQUET) else _from_csv(source, content)
    if not len(table):
        raise ValueError(f"{source}: found no rows, expected at least one")
    return table


def _from_csv(source: str, content: bytes) -> QuestionTable:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ValueError(
            f"{source}: line {line}: found byte 0x{content[error.start]:02x}, expected text in UTF-8"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    places: list[str] = []
    line = 1
    try:
        for fields in reader:
            if fields and not header:
                header = fields
            elif fields:
                if len(fields) != len(header):
                    raise ValueError(
                        f"{source}: line {line}: found {len(fields)} fields, expected {len(header)}, as many as columns"
                    )
                rows.append(fields)
                places.append(f"line {line}")
            # A record may span lines; it is found by its first.
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{source}: line {line}: found no CSV that can be read ({error}), expected CSV") from None
    if not header:
        raise ValueError(f"{source}: found an empty file, expected a line of column names and rows")
    for name in header:
        if header.count(name) > 1:
            raise ValueError(f"{source}: line 1: found {header.count(name)} columns {name!r}, expected one")
    return QuestionTable(source, dict(zip(header, zip(*rows, strict=True), strict=bool(rows))), places)


def _from_parquet(source: str, content: bytes) -> QuestionTable:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError(f"{source}: Parquet files need pyarrow: pip install 'trajtrack[io]'") from None
    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(content))
        columns = {name: table.column(name).to_pylist() for name in table.column_names}
    # KeyError is how pyarrow refuses two columns of one name.
    except (KeyError, pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{source}: found no Parquet table that can be read ({error}), expected one") from error
    places = [f"row {row}" for row in range(table.num_rows)]
    for name, values in columns.items():
        if None in values:
            raise ValueError(f"{source}: row {values.index(None)}: {name}: found no value, expected one")
    return QuestionTable(source, {name: [str(value) for value in values] for name, values in columns.items()}, places)
