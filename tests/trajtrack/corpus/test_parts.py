from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from trajtrack.corpus.parts import find_parts


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in (
        "in/b.parquet",
        "in/a/c.PARQUET",
        "in/_tmp/x.parquet",
        "in/.y.parquet",
        "in/note.txt",
        "other/b.parquet",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_parts_of_a_folder_are_its_parquet_files_at_any_depth_by_path(files: Path) -> None:
    parts = find_parts([str(files / "in")], str(files / "out"))
    assert [part.name for part in parts] == ["a/c.PARQUET", "b.parquet"]
    assert parts[1].source == str(files / "in/b.parquet")
    assert parts[1].size == len("in/b.parquet")
    assert parts[1].modified == (files / "in/b.parquet").stat().st_mtime_ns
    assert parts[0].place().read() == b"in/a/c.PARQUET"


def test_a_file_and_a_url_are_parts_too(files: Path) -> None:
    (part,) = find_parts([(files / "in/b.parquet").as_uri()], str(files / "out"))
    assert (part.name, part.place().read()) == ("b.parquet", b"in/b.parquet")


def test_a_part_that_is_given_twice_is_one(files: Path) -> None:
    assert len(find_parts([str(files / "in"), str(files / "in/b.parquet")], str(files / "out"))) == 2


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        (["in", "other"], "out", "in/b.parquet and .*other/b.parquet: found two inputs of the same name"),
        (["in"], "in", "found the folder of the outputs in it, expected another one"),
        (["in"], "in/out", "found the folder of the outputs in it, expected another one"),
        (["in/b.parquet"], "in", "the output would overwrite an input"),
        (["in/_tmp/../.."], "elsewhere/../in", "found the folder of the outputs in it"),
        (["empty"], "out", "found no Parquet file in the folder, expected files with the suffix .parquet"),
    ],
)
def test_inputs_that_make_no_corpus_are_refused(files: Path, inputs, output, message) -> None:
    (files / "empty").mkdir()
    with pytest.raises(ValueError, match=message):
        find_parts([str(files / each) for each in inputs], str(files / output))


def test_a_missing_input_is_named(files: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape(str(files / "none"))):
        find_parts([str(files / "none")], str(files / "out"))
