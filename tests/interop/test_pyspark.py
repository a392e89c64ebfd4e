from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from helpers import corpora
from helpers.libraries import library
from trajtrack import link_table

pa = library("pyarrow")
sql = library("pyspark.sql")

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java, such as Debian's default-jre-headless"),
]
ORDER = [("video", "ascending"), ("frame", "ascending"), ("x1", "ascending"), ("y1", "ascending")]


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    settings = {"spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


def test_videos_are_linked_as_groups(spark, tmp_path: Path) -> None:
    corpus = corpora.write_corpus(tmp_path / "in")
    rows = spark.read.parquet(str(corpus))
    schema = f"{rows.schema.toDDL()}, track_id BIGINT, reason TINYINT, suppressed_by BIGINT"
    # Spark pickles the function; a lambda is pickled whole, wherever this file is.
    linked = rows.groupBy("video").applyInArrow(lambda table: link_table(table, num_threads=1), schema).toArrow()
    given = pa.concat_tables(corpora.corpus_table(part, 4 + part) for part in range(3))
    assert linked.sort_by(ORDER).equals(link_table(given).sort_by(ORDER).cast(linked.schema))
