"""Text tables of numbers: rows that know their lines."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.io.checks import as_text, refuse

__all__ = ["MAX_INTEGER", "TextRows", "parse_rows"]

MAX_INTEGER = 2**53 - 1
"""The greatest integer up to which a double holds all of them; numbers in text files are read as doubles."""


@dataclass(frozen=True)
class TextRows:
    """The rows of a text table."""

    values: NDArray[np.float64]
    """(R, C) finite numbers; NaN where a row is shorter."""
    lines: NDArray[np.int64]
    """(R,) line of each row, from 1."""
    widths: NDArray[np.int32]
    """(R,) number of columns of each row."""

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, row: int) -> str:
        """Say where a row stands in the file."""
        return f"line {self.lines[row]}"

    def integers(self, column: int, name: str, low: int, high: int) -> NDArray[np.int64]:
        """Return a column as integers.

        Parameters
        ----------
        column
            Its number, from 0.
        name
            What it is called in error messages.
        low, high
            The least and the greatest value that are allowed.

        Raises
        ------
        ValueError
            Naming the first line with a fraction or with a value out of range.
        """
        values = np.ascontiguousarray(self.values[:, column])

        def found(row: int) -> str:
            return f"{name} {as_text(values[row])}"

        refuse((values < low) | (values > high), self.where, found, f"{name}s from {low} to {high}")
        integers = values.astype(np.int64)
        refuse(integers != values, self.where, found, "a whole number")
        return integers


def parse_rows(content: bytes, min_columns: int, max_columns: int) -> TextRows:
    """Read the rows of a text table with commas or blanks between the columns; blank lines are left out.

    Raises
    ------
    ValueError
        Naming the first line that holds what is no finite number, or too few or too many columns.
    """
    rows = TextRows(*_core.parse_numbers(content.removeprefix(codecs.BOM_UTF8), max_columns))
    columns = f"{min_columns} columns" if min_columns == max_columns else f"{min_columns} to {max_columns} columns"
    refuse(rows.widths < min_columns, rows.where, lambda row: f"{rows.widths[row]} columns", columns)
    return rows
