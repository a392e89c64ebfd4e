"""Link the videos of an Arrow table, Arrow in and Arrow out."""

from __future__ import annotations

from trajtrack.table_linking.linking import LinkedTable, TableOptions, link_rows, link_table

__all__ = ["LinkedTable", "TableOptions", "link_rows", "link_table"]
