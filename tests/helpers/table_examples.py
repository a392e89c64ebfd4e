"""Results of tables, without training."""

from __future__ import annotations

from trajvqa.experiments.files import BY_TYPE, Table
from trajvqa.experiments.tables import RowResult


def make_results(
    table: Table, seeds: int = 2, columns: tuple[str, ...] = BY_TYPE, p_values: tuple[float, ...] = (0.5, 0.01)
) -> list[RowResult]:
    """Return results: row n has n + 0.5 % with the first seed and one percent more with each further seed."""
    results = []
    for number, row in enumerate(table.rows):
        values = tuple(number + 0.5 + seed for seed in range(seeds))
        compared = table.reference is not None and row.name != table.reference
        results.append(
            RowResult(
                row,
                dict.fromkeys(columns, values),
                dict.fromkeys(columns, (min(values) - 0.25, max(values) + 0.75)),
                p_values if compared else (),
            )
        )
    return results
