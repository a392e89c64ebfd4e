"""JSON files with one change each."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

__all__ = ["write_changed"]


def write_changed(path: Path, document: Any, *place_and_value: Any) -> Path:
    """Write a copy of the document with the value at a location replaced, or removed if the new value is ``...``."""
    *place, last, value = place_and_value
    document = holder = copy.deepcopy(document)
    for key in place:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    path.write_text(json.dumps(document))
    return path
