"""Results for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["print_json"]


def print_json(report: Mapping[str, Any]) -> None:
    """Print one JSON object; numbers that JSON does not have, NaN and infinities, become null."""
    print(json.dumps(_without_nan(report), indent=2, allow_nan=False))


def _without_nan(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _without_nan(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_nan(each) for each in value]
        case float() if not math.isfinite(value):
            return None
    return value
