"""Tables of metrics."""

from __future__ import annotations

from collections.abc import Mapping

from trajtrack.metrics import Metrics
from trajtrack.printable import escaped

__all__ = ["metrics_table"]

_RATIOS = {
    "HOTA": "hota",
    "DetA": "deta",
    "AssA": "assa",
    "MOTA": "mota",
    "IDF1": "idf1",
    "precision": "precision",
    "recall": "recall",
}
_COUNTS = {"switches": "switches", "fragments": "fragments", "identities": "truth_tracks", "tracks": "tracks"}


def metrics_table(rows: Mapping[str, Metrics]) -> str:
    """Format metrics as a table with one line per entry and ratios in percent."""
    lines = [["", *_RATIOS, *_COUNTS]]
    for name, metrics in rows.items():
        ratios = [f"{100 * getattr(metrics, field):.2f}" for field in _RATIOS.values()]
        counts = [str(getattr(metrics, field)) for field in _COUNTS.values()]
        lines.append([escaped(name), *ratios, *counts])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
