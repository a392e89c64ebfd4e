from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from pyarrow import parquet

from helpers.corpora import corpus_table, outputs, write_corpus
from trajtrack import link_table
from trajtrack.cli import main
from trajtrack.console import progress

pytestmark = pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")


@pytest.fixture(autouse=True)
def in_folder_with_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "detections", num_parts=2)


def test_a_corpus_is_linked_part_by_part(capsys) -> None:
    assert main(["corpus", "detections", "-o", "tracks", "--workers", "2"]) == 0
    assert list(outputs(Path("tracks"))) == ["part-0.parquet", "part-1.parquet"]
    for path in ("part-0.parquet", "part-1.parquet"):
        given = parquet.read_table(f"detections/{path}")
        assert parquet.read_table(f"tracks/{path}").equals(link_table(given, errors="column"))
    printed = capsys.readouterr()
    assert printed.out.startswith("2 files, 9 videos, ")
    assert printed.out.endswith(" of them -> tracks\n")
    assert printed.err == ""


def test_flags_choose_method_options_and_columns() -> None:
    parquet.write_table(corpus_table(0).rename_columns({"video": "clip"}), "one.parquet")
    flags = ["--video", "clip", "--interpolate", "--max-gap", "3", "--workers", "1"]
    assert main(["corpus", "one.parquet", "-o", "out", *flags]) == 0
    expected = link_table(parquet.read_table("one.parquet"), video="clip", interpolate=True, max_gap=3, errors="column")
    assert parquet.read_table("out/one.parquet").equals(expected)


def test_the_same_command_again_goes_on(capsys) -> None:
    main(["corpus", "detections/part-0.parquet", "-o", "tracks", "--workers", "1"])
    assert main(["corpus", "detections", "-o", "tracks", "--workers", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (report["files"], report["reused"], report["videos"], report["report"]) == (2, 1, 9, None)


def test_broken_files_and_videos_are_reported_with_exit_code_1(capsys) -> None:
    table = corpus_table(2)
    scores = [float("nan"), *table["score"].to_pylist()[1:]]
    broken = table.set_column(table.column_names.index("score"), "score", [scores])
    parquet.write_table(broken, "detections/part-2.parquet")
    Path("detections/part-3.parquet").write_bytes(b"no table")
    assert main(["corpus", "detections", "-o", "tracks", "--workers", "2"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("4 files, 13 videos")
    first, second, third = printed.err.splitlines()
    assert first.startswith("trajtrack: error: detections/part-3.parquet: ")
    assert second == "trajtrack: error: 1 video failed"
    assert third == f"trajtrack: see {Path('tracks/_failed.jsonl').resolve()}"
    lines = [json.loads(line) for line in Path("tracks/_failed.jsonl").read_text().splitlines()]
    assert [line["part"] for line in lines] == ["detections/part-2.parquet", "detections/part-3.parquet"]


def test_the_first_of_many_broken_files_are_named(capsys) -> None:
    for number in range(7):
        Path(f"detections/broken-{number}.parquet").write_bytes(b"no table")
    assert main(["corpus", "detections", "-o", "tracks", "--workers", "1"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7
    assert lines[5] == "trajtrack: error: 7 files failed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workers", "0"], "--workers: found 0, expected an integer from 1 to 1024"),
        (["--retries", "-1"], "--retries: found -1, expected an integer from 0 to 1024"),
        (["--address", "auto"], "--address: found with --engine local, expected --engine ray"),
        (["--max-gap", "-1"], "--max-gap: found -1, expected an integer from 0 to"),
    ],
)
def test_wrong_flags_are_named(capsys, words, message) -> None:
    assert main(["corpus", "detections", "-o", "tracks", *words]) == 2
    assert message in capsys.readouterr().err
    assert not Path("tracks").exists()


def test_other_options_than_before_are_named_by_their_flag(capsys) -> None:
    main(["corpus", "detections", "-o", "tracks", "--workers", "1"])
    assert main(["corpus", "detections", "-o", "tracks", "--min-score", "0.5"]) == 2
    assert "--min-score: found 0.5, expected -inf as in the earlier run into" in capsys.readouterr().err


def test_a_corpus_that_is_not_there_is_named(capsys) -> None:
    assert main(["corpus", "nowhere", "-o", "tracks"]) == 1
    assert "nowhere: No such file or folder" in capsys.readouterr().err
    assert main(["corpus", "detections", "-o", "detections/tracks"]) == 2
    assert "found the folder of the outputs in it" in capsys.readouterr().err


def test_progress_shows_speed_and_rest(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_INTERVAL", 0.0)
    main(["corpus", "detections", "-o", "tracks", "--workers", "1"])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("1 of 2 files, ")
    assert " videos/s, " in lines[0]
    assert lines[1].endswith(" boxes/s, 0:00 left")
