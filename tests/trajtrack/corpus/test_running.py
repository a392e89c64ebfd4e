from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from helpers.corpora import killing_workers, outputs, write_corpus
from trajtrack import FlowOptions, LinkOptions
from trajtrack.corpus import CorpusSummary, find_parts, link_corpus
from trajtrack.corpus.places import open_place
from trajtrack.files.locks import locked_folder
from trajtrack.table_linking import TableOptions

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes")
OPTIONS = TableOptions(FlowOptions(), boxes=True, interpolate=True)


def run(inputs: Path, output: Path, options: TableOptions = OPTIONS, **settings) -> CorpusSummary:
    return link_corpus(find_parts([str(inputs)], str(output)), str(output), options, **settings)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "in", num_parts=6)


@pytest.fixture(scope="module")
def undisturbed(corpus: Path) -> dict[str, bytes]:
    output = corpus.parent / "undisturbed"
    run(corpus, output, workers=1)
    return outputs(output)


def test_outputs_do_not_depend_on_the_number_of_workers(corpus: Path, tmp_path: Path, undisturbed) -> None:
    summary = run(corpus, tmp_path / "out", workers=3)
    assert outputs(tmp_path / "out") == undisturbed
    assert [record.name for record in summary.records] == list(undisturbed)
    assert (summary.num_reused, summary.report) == (0, None)


def test_outputs_go_to_any_file_system(corpus: Path, tmp_path: Path, undisturbed) -> None:
    pytest.importorskip("fsspec")
    url = f"simplecache::file://{tmp_path}/out"
    parts = find_parts([f"simplecache::file://{corpus}"], url)
    link_corpus(parts, url, OPTIONS, workers=2)
    assert outputs(tmp_path / "out") == undisturbed
    assert link_corpus(parts, url, OPTIONS, workers=2).num_reused == 6


def test_what_workers_do_not_see_is_not_called_linked(corpus: Path) -> None:
    pytest.importorskip("fsspec")
    url = "memory://out"
    summary = link_corpus(find_parts([str(corpus)], url), url, OPTIONS, workers=1)
    assert all("all workers must see the same files" in str(record.error) for record in summary.records)
    assert summary.report == "memory://out/_failed.jsonl"


def test_finished_parts_are_kept_and_what_has_changed_is_linked_again(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "in")
    seen = []
    run(corpus, tmp_path / "out", workers=1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    os.replace(corpus / "part-2.parquet", corpus / "part-1.parquet")
    summary = run(
        corpus, tmp_path / "out", workers=1, progress=lambda record, reused: seen.append((record.name, reused))
    )
    assert seen == [("part-0.parquet", True), ("part-1.parquet", False)]
    assert summary.num_reused == 1
    kept = {path.name for path, time in before.items() if path.stat().st_mtime_ns == time}
    assert kept == {"part-0.parquet", "part-2.parquet"}


def test_other_options_than_those_of_the_earlier_run_are_refused(corpus: Path, tmp_path: Path) -> None:
    run(corpus, tmp_path / "out", workers=1)
    with pytest.raises(ValueError, match=r"^interpolate: found False, expected True"):
        run(corpus, tmp_path / "out", replace(OPTIONS, interpolate=False))
    with pytest.raises(ValueError, match=r"^method: found 'seq-nms', expected 'flow'"):
        run(corpus, tmp_path / "out", replace(OPTIONS, linking=LinkOptions()))


def test_a_folder_is_written_by_one_run_at_a_time(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with locked_folder(tmp_path / "out"), pytest.raises(BlockingIOError):
        run(corpus, tmp_path / "out")


def test_broken_parts_are_reported_and_tried_again(tmp_path: Path, undisturbed, corpus: Path) -> None:
    inputs = write_corpus(tmp_path / "in", num_parts=6)
    (inputs / "part-1.parquet").write_bytes(b"PAR1")
    summary = run(inputs, tmp_path / "out", workers=2)
    assert [record.error is None for record in summary.records] == [True, False, True, True, True, True]
    assert "part-1.parquet" in Path(summary.report).read_text()
    (inputs / "part-1.parquet").write_bytes((corpus / "part-1.parquet").read_bytes())
    summary = run(inputs, tmp_path / "out", workers=2)
    assert (summary.num_reused, summary.report) == (5, None)
    assert outputs(tmp_path / "out") == undisturbed


def test_a_part_that_breaks_loses_its_output(tmp_path: Path) -> None:
    inputs = write_corpus(tmp_path / "in", num_parts=2)
    run(inputs, tmp_path / "out", workers=1)
    (inputs / "part-1.parquet").write_bytes(b"PAR1")
    run(inputs, tmp_path / "out", workers=1)
    assert list(outputs(tmp_path / "out")) == ["part-0.parquet"]
    assert [path.name for path in (tmp_path / "out/_manifest/parts").iterdir()] == ["part-0.parquet.json"]


def test_killed_workers_change_nothing(corpus: Path, tmp_path: Path, undisturbed) -> None:
    with killing_workers(10, (0.02, 0.4), seed=1) as killed:
        summary = run(corpus, tmp_path / "out", workers=2, retries=10)
    assert killed
    assert summary.report is None
    assert outputs(tmp_path / "out") == undisturbed


def test_a_killed_run_is_completed_by_the_same_command(corpus: Path, tmp_path: Path, undisturbed) -> None:
    command = [sys.executable, "-m", "trajtrack", "corpus", str(corpus), "-o", "out", "--interpolate", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path)
    while not list(tmp_path.glob("out/_manifest/parts/part-*")) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert outputs(tmp_path / "out") == undisturbed
    assert "finished before" in again.stdout


def test_a_full_disk_ends_the_run(corpus: Path, tmp_path: Path) -> None:
    script = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); import trajtrack.cli"
    command = [sys.executable, "-c", f"{script}; sys.exit(trajtrack.cli.main(sys.argv[1:]))"]
    result = subprocess.run(
        [*command, "corpus", str(corpus), "-o", "out", "--workers", "2"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "File too large" in result.stderr
    assert outputs(tmp_path / "out") == {}


def test_the_output_folder_holds_nothing_unfinished(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.0123456789abcdef.parquet").write_bytes(b"")
    run(corpus, tmp_path / "out", workers=2)
    names = sorted(name for name, _ in open_place(str(tmp_path / "out")).files())
    parts = [f"part-{number}.parquet" for number in range(6)]
    assert names == ["_manifest/options.json", *(f"_manifest/parts/{part}.json" for part in parts), *parts]


def test_a_file_that_no_run_has_written_is_neither_replaced_nor_removed(corpus: Path, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "part-0.parquet"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"part-0\.parquet: found a file that no run has written"):
        run(corpus, tmp_path / "out", workers=1)
    assert mine.read_bytes() == b"mine"


def test_other_columns_are_other_options(corpus: Path, tmp_path: Path) -> None:
    run(corpus, tmp_path / "out", replace(OPTIONS, columns={"score": "score"}), workers=1)
    with pytest.raises(ValueError, match="columns: found None, expected "):
        run(corpus, tmp_path / "out", workers=1)


def test_an_unknown_engine_is_named(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="engine: found 'spark', expected one of local, ray"):
        run(corpus, tmp_path / "out", engine="spark")
