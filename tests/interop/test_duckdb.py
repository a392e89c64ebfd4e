from __future__ import annotations

import re

import pytest

import trajtrack
from helpers.libraries import library
from trajtrack import Detections

duckdb = library("duckdb")
library("pyarrow")

TABLE = """
    SELECT * FROM (VALUES (0, 0, 0, 9, 9, 0.5, 'dog'), (1, 1, 0, 10, 9, 0.75, 'dog'), (1, 50, 0, 60, 9, 1, 'cat'))
    AS boxes(frame, x1, y1, x2, y2, confidence, label)
"""


@pytest.fixture
def relation():
    with duckdb.connect() as connection:
        yield connection.sql(TABLE)


def test_a_relation_is_accepted(relation) -> None:
    numbers = relation.project("frame, x1, y1, x2, y2, confidence::DOUBLE AS confidence, label")
    found = Detections.from_table(numbers, columns={"score": "confidence"})
    assert found.boxes.tolist() == [[0, 0, 9, 9], [1, 0, 10, 9], [50, 0, 60, 9]]
    assert found.scores.tolist() == [0.5, 0.75, 1]
    assert (found.labels.tolist(), found.label_names) == ([1, 1, 0], {0: "cat", 1: "dog"})


def test_a_relation_gets_ids_as_an_arrow_table(relation) -> None:
    table = relation.project("* REPLACE (confidence::DOUBLE AS confidence)").to_arrow_table()
    tracks = trajtrack.link(Detections.from_table(table, columns={"score": "confidence"}))
    assert trajtrack.attach_ids(table, tracks)["track_id"].to_pylist() == [1, 1, 0]


def test_a_relation_itself_cannot_hold_ids(relation) -> None:
    tracks = trajtrack.link(Detections.from_frames([]))
    expected = "expected one entry per frame, a mapping of columns or a table of pandas, polars or pyarrow"
    with pytest.raises(TypeError, match=f"^container: found .*, {re.escape(expected)}$"):
        trajtrack.attach_ids(relation, tracks)


def test_a_relation_of_many_videos_is_linked(relation) -> None:
    videos = relation.project("'a' AS video, * REPLACE (confidence::DOUBLE AS confidence)")
    table = trajtrack.link_table(videos.union(videos.project("* REPLACE ('b' AS video)")))
    assert table["video"].to_pylist() == ["a"] * 3 + ["b"] * 3
    assert table["track_id"].to_pylist() == [1, 1, 0] * 2
