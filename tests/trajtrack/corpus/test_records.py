from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from trajtrack.corpus.parts import Part
from trajtrack.corpus.places import open_place
from trajtrack.corpus.records import PartRecord, check_options, read_records, record_place, write_record, write_report

PART = Part("a/b.parquet", "in", "a/b.parquet", 7, 123)
RECORD = PartRecord.of(PART, videos=2, boxes=30, tracks=4, linked=20, failed=[["v", "broken"]])


@pytest.fixture
def output(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.parquet").write_bytes(b"")
    return open_place(str(tmp_path))


def test_records_are_read_back(output) -> None:
    write_record(output, RECORD)
    assert read_records(output, [PART]) == {PART.name: RECORD}


@pytest.mark.parametrize("changed", [{"size": 8}, {"modified": 124}, {"name": "c.parquet"}])
def test_a_record_of_a_file_that_has_changed_does_not_count(output, changed) -> None:
    write_record(output, RECORD)
    assert read_records(output, [replace(PART, **changed)]) == {}


def test_a_file_may_be_given_by_another_path_if_its_time_is_known(output) -> None:
    write_record(output, RECORD)
    assert read_records(output, [replace(PART, given="../in")]) == {PART.name: RECORD}
    write_record(output, replace(RECORD, modified=None))
    assert read_records(output, [replace(PART, given="../in", modified=None)]) == {}


def test_a_record_without_its_output_does_not_count(output, tmp_path: Path) -> None:
    write_record(output, RECORD)
    (tmp_path / "a/b.parquet").unlink()
    assert read_records(output, [PART]) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"name": 1}', b"\xff"])
def test_a_damaged_record_does_not_count(output, content) -> None:
    with record_place(output, PART.name).written() as file:
        file.write(content)
    assert read_records(output, [PART]) == {}


def test_options_of_an_earlier_run_must_be_the_same(output) -> None:
    check_options(output, {"method": "flow", "min_score": float("-inf")})
    check_options(output, {"method": "flow", "min_score": float("-inf")})
    with pytest.raises(ValueError, match=r"^min_score: found 0\.5, expected -inf as in the earlier run into"):
        check_options(output, {"method": "flow", "min_score": 0.5})
    with pytest.raises(ValueError, match=r"^method: found 'seq-nms', expected 'flow' as in"):
        check_options(output, {"method": "seq-nms", "max_gap": 3})


def test_a_report_has_a_line_for_each_broken_part_and_video(output, tmp_path: Path) -> None:
    place = write_report(output, [RECORD, PartRecord.of(PART, error="unreadable")])
    lines = [json.loads(line) for line in (tmp_path / "_failed.jsonl").read_text().splitlines()]
    assert lines == [
        {"part": "in/a/b.parquet", "video": "v", "error": "broken"},
        {"part": "in/a/b.parquet", "error": "unreadable"},
    ]
    assert place is not None
    assert write_report(output, []) is None
    assert not (tmp_path / "_failed.jsonl").exists()
