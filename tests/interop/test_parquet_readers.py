from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.export_examples import tracks
from helpers.libraries import library

library("pyarrow")


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_every_column_is_read_unchanged(tmp_path: Path, name: str) -> None:
    reader = library(name)
    written = tracks()
    trajtrack.write(tmp_path / "tracks.parquet", written)
    table = reader.read_parquet(tmp_path / "tracks.parquet")
    columns = written.to_columns()
    assert [*table.columns] == [*columns]
    for column, values in columns.items():
        np.testing.assert_array_equal(table[column].to_numpy(), values, strict=True)
