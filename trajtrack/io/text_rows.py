"""Text tables of numbers whose rows know their line."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.io.checks import Where, as_text, refuse

__all__ = ["ANY_INTEGER", "MAX_INTEGER", "TextRows", "parse_rows"]

MAX_INTEGER = 2**53 - 1
"""Largest integer in text files: numbers are read as doubles, which represent all integers up to it."""

ANY_INTEGER = (-MAX_INTEGER, MAX_INTEGER)
"""Limits of integers in text files."""


@dataclass(frozen=True)
class TextRows:
    """The rows of a text table."""

    values: NDArray[np.float64]
    """(R, C) finite numbers, padded with NaN."""
    lines: NDArray[np.int64]
    """(R,) line numbers, from 1."""
    widths: NDArray[np.int32]
    """(R,) numbers of columns."""

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, row: int) -> str:
        """Describe the location of a row in the file."""
        return f"line {self.lines[row]}"

    def integers(self, column: int, name: str, low: int, high: int, where: Where | None = None) -> NDArray[np.int64]:
        """Return a column as integers.

        Parameters
        ----------
        column
            Index of the column.
        name
            Name of the column in error messages.
        low, high
            Smallest and largest value allowed.
        where
            Describes the location of a row; default: its line.

        Raises
        ------
        ValueError
            If a value has a fraction or is out of range, naming the first line.
        """
        where = where or self.where
        values = np.ascontiguousarray(self.values[:, column])

        def found(row: int) -> str:
            return f"{name} {as_text(values[row])}"

        refuse((values < low) | (values > high), where, found, f"{name}s from {low} to {high}")
        integers = values.astype(np.int64)
        refuse(integers != values, where, found, "an integer")
        return integers


def parse_rows(content: bytes, min_columns: int, max_columns: int) -> TextRows:
    """Parse a text table whose columns are separated by commas or by blanks; blank lines are skipped.

    Raises
    ------
    ValueError
        If a value is not a finite number, a row has commas and blanks between its columns, or too few or too many
        columns, or the file ends within a row; naming the first line.
    """
    rows = TextRows(*_core.parse_numbers(content.removeprefix(codecs.BOM_UTF8), min_columns, max_columns))
    _refuse_unfinished(rows, content)
    return rows


def _refuse_unfinished(rows: TextRows, content: bytes) -> None:
    """Raise ValueError if the last row has no newline and fewer columns than all others: its program was stopped."""
    if len(rows) < 2 or content.endswith(b"\n") or rows.lines[-1] != 1 + content.count(b"\n"):
        return
    least = rows.widths[:-1].min()
    if rows.widths[-1] < least:
        raise ValueError(
            f"{rows.where(-1)}: found {rows.widths[-1]} columns and the end of the file, expected {least} as in other "
            "rows, or a newline if the row is complete"
        )
