from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from trajtrack.corpus.parts import Part, find_parts


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


def test_the_name_of_a_part_of_a_url_is_a_url_without_secrets() -> None:
    part = Part("a/b.parquet", "s3://key:secret@bucket/in?region=x", "a/b.parquet", 7, 123)
    assert part.source == "s3://bucket/in/a/b.parquet"


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


def test_no_output_may_be_the_input_of_another_part(files: Path) -> None:
    (files / "out/sub").mkdir(parents=True)
    (files / "in/sub").mkdir()
    for name in ("in/sub/z.parquet", "out/sub/z.parquet"):
        (files / name).touch()
    (files / "out/sub/z.parquet").rename(files / "out/sub/w.parquet")
    (files / "in/sub/w.parquet").touch()
    with pytest.raises(ValueError, match=r"out/sub/w\.parquet: the output would overwrite an input"):
        find_parts([str(files / "in"), str(files / "out/sub")], str(files / "out"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_no_output_may_be_the_target_of_a_link_among_the_inputs(files: Path) -> None:
    (files / "out").mkdir()
    (files / "out/q.parquet").touch()
    (files / "links").mkdir()
    (files / "links/q.parquet").symlink_to(files / "out/q.parquet")
    with pytest.raises(ValueError, match=r"links/q\.parquet: the output would overwrite an input"):
        find_parts([str(files / "links")], str(files / "out"))


def test_a_file_and_a_folder_of_one_name_are_refused(files: Path) -> None:
    (files / "spark/b.parquet").mkdir(parents=True)
    (files / "spark/b.parquet/part.parquet").touch()
    with pytest.raises(ValueError, match="found a file and a folder of the same name"):
        find_parts([str(files / "in"), str(files / "spark")], str(files / "out"))


def test_names_that_differ_in_case_only_are_refused(files: Path) -> None:
    (files / "other/B.parquet").touch()
    with pytest.raises(ValueError, match="whose names differ in case only"):
        find_parts([str(files / "in"), str(files / "other/B.parquet")], str(files / "out"))
