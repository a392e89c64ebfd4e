"""The last three of ten columns of MOT text: nothing, a class with two flags, or a position in space."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trajtrack.io.format import Source
from trajtrack.io.text_rows import TextRows, parse_rows

__all__ = ["COLUMNS", "LastColumns", "has_last_columns", "is_visdrone", "last_columns"]

COLUMNS = 10
"""Number of columns of the rows that this module is about."""

_ID, _FLAG = 1, 6
_MAX_VISDRONE_CLASS = 11


class LastColumns(Enum):
    """What columns 8 to 10 of a file hold."""

    NOTHING = "-1 in column 8"
    CLASS = "a class, then truncation and occlusion, visibility and -1, or -1 and -1"
    POSITION = "x, y and z"
    UNCLEAR = "whole numbers that may be a class or a position"


def last_columns(rows: TextRows) -> LastColumns:
    """Return what columns 8 to 10 hold, by all rows that have ten."""
    given = _select(rows, has_last_columns(rows))
    if len(given) == 0:
        return LastColumns.NOTHING
    first, second, third = given.values[:, COLUMNS - 3 : COLUMNS].T
    beyond = (second < -1) | (second > 1)
    fractions = _is_fraction(first) | _is_fraction(third) | (_is_fraction(second) & beyond)
    if fractions.any() or (first < 0).any():
        return LastColumns.POSITION
    closed = (third == -1) & ((second == -1) | ((second >= 0) & (second <= 1)))
    flagged = _are_flags(second, third)
    if (closed | flagged).all() and _is_fixed(_select(given, flagged & ~closed)):
        return LastColumns.CLASS
    return LastColumns.UNCLEAR


def has_last_columns(rows: TextRows) -> NDArray[np.bool_]:
    """Return which rows have ten columns of which the last three are not blank."""
    first, second, third = rows.values[:, COLUMNS - 3 : COLUMNS].T
    blank = (first == -1) & np.isin(second, (-1, 0, 1)) & np.isin(third, (-1, 0, 1, 2))
    given: NDArray[np.bool_] = (rows.widths == COLUMNS) & ~blank
    return given


def is_visdrone(source: Source) -> bool:
    """Return whether the content is text whose rows all have a class of VisDrone, its truncation and its occlusion."""
    try:
        # The first line rules out most files, whose last columns are -1, without reading all rows twice.
        return source.is_text and all(
            _holds_visdrone(parse_rows(content, COLUMNS, COLUMNS)) for content in (source.first_line, source.content)
        )
    except ValueError:
        return False


def _holds_visdrone(rows: TextRows) -> bool:
    first, second, third = rows.values[:, COLUMNS - 3 : COLUMNS].T
    known = np.isin(first, range(_MAX_VISDRONE_CLASS + 1)) & _are_flags(second, third)
    return len(rows) > 0 and bool(known.all()) and _is_fixed(rows)


def _is_fraction(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(values != np.trunc(values))


def _are_flags(second: NDArray[np.float64], third: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where columns 9 and 10 may be VisDrone's truncation and occlusion."""
    return np.isin(second, (0, 1)) & np.isin(third, (0, 1, 2))


def _is_fixed(rows: TextRows) -> bool:
    """Return whether column 8 is the same in all rows of each identity, as a class is and a position is not."""
    # VisDrone gives ignored regions, whose flag is 0, identities that other rows have too.
    tracked = rows.values[(rows.values[:, _ID] >= 0) & (rows.values[:, _FLAG] != 0)]
    pairs = np.unique(tracked[:, [_ID, COLUMNS - 3]], axis=0)
    return len(np.unique(pairs[:, 0])) == len(pairs)


def _select(rows: TextRows, chosen: NDArray[np.bool_]) -> TextRows:
    return TextRows(rows.values[chosen], rows.lines[chosen], rows.widths[chosen])
