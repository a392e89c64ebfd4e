"""The log of a run: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from trajtrack.files.packed import decode
from trajtrack.printable import shown

__all__ = ["log_records"]


def log_records(content: bytes, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a log with the numbers of their lines, from 1.

    Parameters
    ----------
    content
        The log. What follows its last line break is still being written and ignored.
    source
        Path of the log, for messages.

    Raises
    ------
    ValueError
        If a line is no JSON object. The message names the line.
    """
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            record = json.loads(decode(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"{source}: line {number}: found no JSON that can be read ({error}), expected a JSON object"
            ) from error
        if not isinstance(record, dict):
            raise ValueError(f"{source}: line {number}: found {shown(record)}, expected a JSON object")
        yield number, record
