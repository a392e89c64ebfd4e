"""Tables of text from CSV and Parquet files, with the location of each row for messages."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.packed import decode, read_unpacked
from trajtrack.printable import counted, near_name, shown

__all__ = ["QuestionTable", "read_table", "whole_number"]

_PARQUET = b"PAR1"
_OTHER_FORMATS = {"{": "JSON", "[": "JSON", "<": "HTML or XML"}
"""Formats by their first character."""
_OTHER_SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'"}
_WHOLE = re.compile(r"([0-9]{1,18})(\.0*)?")
_MAX_NAMED = 30


@dataclass(frozen=True, eq=False)
class QuestionTable:
    """The columns of a file, every value as text."""

    source: str
    """The file, for messages."""
    columns: Mapping[str, Sequence[str]]
    """Values of each column that was read, in the order of the rows."""
    locations: Sequence[str]
    """Location of each row in the file: ``line 7`` or ``row 6``."""
    names: tuple[str, ...]
    """Names of all columns of the file."""

    def __len__(self) -> int:
        return len(self.locations)

    def column(self, *names: str) -> Sequence[str]:
        """Return the first existing column of several equivalent names.

        Raises
        ------
        ValueError
            If none exists, naming the columns that do.
        """
        for name in names:
            if name in self.columns:
                return self.columns[name]
        found = ", ".join(name or "one without a name" for name in self.names[:_MAX_NAMED])
        found += ", ..." if len(self.names) > _MAX_NAMED else ""
        raise ValueError(
            f"{self.source}: found the columns {found}, expected a column {' or '.join(names)}"
            f"{near_name(names[0], self.names)}"
        )

    def filled(self, *names: str) -> Sequence[str]:
        """Return a column; raise ValueError if a value is empty."""
        values = self.column(*names)
        for row, value in enumerate(values):
            if not value.strip():
                raise self.error(row, names[0], "nothing", "a value")
        return values

    def integers(self, name: str) -> NDArray[np.int64]:
        """Return a column of positive integers; raise ValueError for other values."""
        numbers: list[int] = []
        for row, value in enumerate(self.column(name)):
            number = whole_number(value)
            if number is None or number < 1:
                raise self.error(row, name, shown(value), "an integer of at least 1")
            numbers.append(number)
        return np.array(numbers, np.int64)

    def one_of(self, name: str, expected: Sequence[str]) -> Sequence[str]:
        """Return a column; raise ValueError if a value is not one of `expected`."""
        values, allowed = self.column(name), frozenset(expected)
        for row, value in enumerate(values):
            if value not in allowed:
                raise self.error(row, name, shown(value), f"one of {', '.join(expected)}")
        return values

    def error(self, row: int, column: str, found: str, expected: str) -> ValueError:
        """Return the exception about the value of a row."""
        return ValueError(f"{self.source}: {self.locations[row]}: {column}: found {found}, expected {expected}")


def whole_number(text: str) -> int | None:
    """Return the whole number of at least 0 that a text states, ``4`` or ``4.0``, or None; it fits int64.

    Surrounding spaces are ignored.
    """
    found = _WHOLE.fullmatch(text.strip())
    return None if found is None else int(found[1])


def read_table(
    path: str | os.PathLike[str], columns: Collection[str] | None = None, optional: Collection[str] = ()
) -> QuestionTable:
    """Read a CSV file in UTF-8, with or without byte order mark, optionally compressed with gzip, or a Parquet file.

    Columns may be in any order. Blank lines are skipped.

    Parameters
    ----------
    path
        The file.
    columns
        Columns to read, if they exist; default: all.
    optional
        Columns in which a value may be missing, which becomes empty text.

    Raises
    ------
    ValueError
        If the file is empty or not UTF-8, a row has another number of fields than the header, or a column name
        repeats; naming the file and the line.
    ImportError
        If pyarrow is missing and the file is Parquet.
    """
    source = os.fspath(path)
    try:
        content = read_unpacked(path)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    is_parquet = content.startswith(_PARQUET)
    table = _from_parquet(source, content, columns, optional) if is_parquet else _from_csv(source, content)
    if not len(table):
        raise ValueError(f"{source}: found no rows, expected at least one")
    return table


def _from_csv(source: str, content: bytes) -> QuestionTable:
    try:
        text = decode(content)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    other = _OTHER_FORMATS.get(text.lstrip()[:1])
    if other is not None:
        raise ValueError(f"{source}: found {other}, expected a table, CSV or Parquet")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    locations: list[str] = []
    line = 1
    try:
        for fields in reader:
            # A blank line may have spaces; only in a table of one column are they a value.
            if len(fields) == 1 and len(header) != 1 and not fields[0].strip():
                fields = []
            if fields and not header:
                header = fields
                separator = next((each for each in _OTHER_SEPARATORS if each in fields[0]), None)
                if len(fields) == 1 and separator is not None:
                    raise ValueError(
                        f"{source}: line {line}: found columns separated by {_OTHER_SEPARATORS[separator]}, expected "
                        "commas"
                    )
            elif fields:
                if len(fields) != len(header):
                    found = counted(len(fields), "field")
                    raise ValueError(
                        f"{source}: line {line}: found {found}, expected {len(header)}, as many as columns"
                    )
                rows.append(fields)
                locations.append(f"line {line}")
            # A record may span several lines; its location is the first.
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{source}: line {line}: found unreadable text ({error}), expected CSV") from None
    if not header:
        raise ValueError(f"{source}: found an empty file, expected a line of column names and rows")
    name, times = Counter(header).most_common(1)[0]
    if times > 1:
        raise ValueError(f"{source}: line 1: found {times} columns {shown(name)}, expected one")
    return QuestionTable(
        source, dict(zip(header, zip(*rows, strict=True), strict=bool(rows))), locations, tuple(header)
    )


def _from_parquet(
    source: str, content: bytes, wanted: Collection[str] | None, optional: Collection[str]
) -> QuestionTable:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError(f"{source}: Parquet files need pyarrow: pip install 'trajtrack[io]'") from None
    try:
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content))
        rows, names = file.metadata.num_rows, file.schema_arrow.names
        # Equal values take almost no space, but IDs of different questions take a bit at least.
        if rows > 8 * len(content):
            raise ValueError(f"{source}: found {rows} rows in {len(content)} bytes, expected at least a bit for each")
        # Threads of pyarrow may outlive the call, hold the content, and abort the interpreter while it ends.
        table = file.read([name for name in names if wanted is None or name in wanted], use_threads=False)
        columns = {name: table.column(name).to_pylist() for name in table.column_names}
    # pyarrow raises KeyError for two columns of the same name, and does not check text before it is asked for.
    except (KeyError, UnicodeDecodeError, pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{source}: found an unreadable Parquet table ({error}), expected a valid one") from error
    locations = [f"row {row}" for row in range(table.num_rows)]
    for name, values in columns.items():
        if name not in optional and None in values:
            raise ValueError(f"{source}: row {values.index(None)}: {name}: found no value, expected one")
    texts = {name: ["" if value is None else str(value) for value in values] for name, values in columns.items()}
    return QuestionTable(source, texts, locations, tuple(names))
