from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow")
import pyarrow as pa
from pyarrow import parquet

from helpers.corpora import corpus_table, shuffled
from trajtrack import FlowOptions, link_table
from trajtrack.corpus import part_linking
from trajtrack.corpus.part_linking import PartTask, link_part
from trajtrack.corpus.parts import find_parts
from trajtrack.corpus.places import open_place
from trajtrack.corpus.records import check_options
from trajtrack.table_linking import TableOptions

OPTIONS = TableOptions(FlowOptions())
pytestmark = pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")


def link(folder: Path, table, options: TableOptions = OPTIONS, row_group_size: int = 100):
    parquet.write_table(table, folder / "part.parquet", row_group_size=row_group_size)
    return link_written(folder, options)


def link_written(folder: Path, options: TableOptions = OPTIONS):
    (part,) = find_parts([str(folder / "part.parquet")], str(folder / "out"))
    check_options(open_place(str(folder / "out")), {})  # as the run does
    record = link_part(PartTask(part, str(folder / "out"), options))
    output = folder / "out/part.parquet"
    return record, parquet.read_table(output) if output.exists() else None


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_linking, "_BATCH_ROWS", (1, 64))


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("order", ["sorted", "shuffled", "videos that come back"])
@pytest.mark.parametrize("row_group_size", [37, 10**6])
def test_a_part_is_linked_as_a_table_whatever_the_order_of_its_rows(tmp_path, order, row_group_size) -> None:
    table = corpus_table(0)
    if order == "shuffled":
        table = shuffled(table)
    elif order != "sorted":
        table = pa.concat_tables([table.slice(100), table.slice(0, 100)])
    options = TableOptions(FlowOptions(), boxes=True, interpolate=True)
    record, linked = link(tmp_path, table, options, row_group_size)
    assert linked.equals(link_table(table, interpolate=True, errors="column"))
    assert (record.videos, record.boxes, record.error, record.failed) == (4, table.num_rows, None, [])
    ids = link_table(table)["track_id"].to_numpy()
    assert record.linked == (ids >= 0).sum()


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("sizes", [(64, 64), (63, 1, 64), (1, 1, 1), (200,), (64, 128, 0, 1), ()])
def test_videos_end_anywhere_in_a_batch(tmp_path: Path, sizes) -> None:
    names = np.repeat(np.arange(len(sizes)), sizes)
    frames = np.concatenate([np.arange(size) for size in sizes] or [np.empty(0)]).astype(np.int32)
    sides = {side: np.full(len(names), value) for side, value in (("x1", 0.0), ("y1", 0.0), ("x2", 9.0), ("y2", 9.0))}
    table = pa.table({"video": names, "frame": frames, "score": np.ones(len(names)), **sides})
    record, linked = link(tmp_path, table)
    assert record.videos == sum(size > 0 for size in sizes)
    assert linked.equals(link_table(table, errors="column"))


@pytest.mark.usefixtures("small_batches")
def test_memory_holds_a_few_videos_of_a_sorted_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    real = part_linking.link_rows

    def spy(table, *arguments, **settings):
        held.append(table.num_rows)
        return real(table, *arguments, **settings)

    monkeypatch.setattr(part_linking, "link_rows", spy)
    table = corpus_table(0, num_videos=8)
    link(tmp_path, table)
    longest = max(table.group_by("video").aggregate([([], "count_all")])["count_all"].to_pylist())
    assert max(held) <= longest + 64


@pytest.mark.parametrize("order", [lambda table: table, shuffled])
def test_a_broken_video_is_recorded_with_its_row_of_the_part(tmp_path: Path, monkeypatch, order) -> None:
    monkeypatch.setattr(part_linking, "_BATCH_ROWS", (1, 64))
    table = order(corpus_table(0))
    scores = table["score"].to_numpy().copy()
    row = int(np.flatnonzero(np.array(table["video"].to_pylist()) == "video 0-2")[-1])
    scores[row] = np.inf
    record, linked = link(tmp_path, table.set_column(table.column_names.index("score"), "score", pa.array(scores)))
    message = f"video 'video 0-2': scores, row {row}: found inf, expected a finite number"
    assert record.failed == [("video 0-2", message)]
    assert set(linked["error"].to_pylist()) == {None, message}
    assert linked.num_rows == table.num_rows


def test_an_empty_part_has_an_empty_output(tmp_path: Path) -> None:
    record, linked = link(tmp_path, corpus_table(0).slice(0, 0))
    assert (record.videos, record.error, linked.num_rows) == (0, None, 0)
    assert linked.schema.equals(link_table(corpus_table(0), errors="column").schema)


@pytest.mark.parametrize("kind", ["truncated", "text", "empty file", "no column", "damaged page"])
def test_a_broken_part_has_a_message_and_no_output(tmp_path: Path, kind) -> None:
    path = tmp_path / "part.parquet"
    parquet.write_table(corpus_table(0), path)
    content = bytearray(path.read_bytes())
    content[60:400] = bytes(340)
    broken = {"truncated": content[:500], "text": b"frame,score\n", "empty file": b"", "damaged page": content}
    if kind == "no column":
        parquet.write_table(corpus_table(0).drop_columns("score"), path)
    else:
        path.write_bytes(broken[kind])
    record, linked = link_written(tmp_path)
    assert record.error
    assert linked is None
    assert [each.name for each in (tmp_path / "out").rglob("*") if each.is_file()] == ["options.json"]


def test_a_worker_that_does_not_see_the_folder_of_the_run_writes_nothing(tmp_path: Path) -> None:
    parquet.write_table(corpus_table(0), tmp_path / "part.parquet")
    (part,) = find_parts([str(tmp_path / "part.parquet")], str(tmp_path / "elsewhere"))
    record = link_part(PartTask(part, str(tmp_path / "elsewhere"), OPTIONS))
    assert "elsewhere: found no _manifest/options.json there on " in record.error
    assert record.error.endswith(", expected the folder of the run: all workers must see the same files")
    assert not (tmp_path / "elsewhere").exists()


def test_other_options_are_those_of_the_table(tmp_path: Path) -> None:
    table = corpus_table(0).rename_columns({"video": "clip"})
    _, linked = link(tmp_path, table, TableOptions(FlowOptions(smooth=False), video="clip", boxes=True))
    assert linked.equals(link_table(table, FlowOptions(smooth=False), video="clip", boxes=True, errors="column"))


def test_a_full_disk_is_no_fault_of_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(part_linking, "write_record", full)
    with pytest.raises(OSError, match="No space left"):
        link(tmp_path, corpus_table(0))
