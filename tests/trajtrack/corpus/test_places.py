from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from trajtrack.corpus.places import open_place, path_in


@pytest.fixture(params=["path", "pyarrow", "fsspec"])
def folder(request, tmp_path: Path):
    """Return a folder as a path, as a URL of pyarrow, and as one that fsspec alone knows."""
    if request.param == "fsspec":
        pytest.importorskip("fsspec")
    return open_place(
        {"path": str(tmp_path), "pyarrow": tmp_path.as_uri(), "fsspec": f"local://{tmp_path}"}[request.param]
    )


def write_half(place) -> None:
    with place.written() as file:
        file.write(b"new")
        raise RuntimeError


def test_a_file_appears_when_it_is_complete(folder, tmp_path: Path) -> None:
    with (folder / "a/b.txt").written() as file:
        file.write(b"whole")
        assert not (tmp_path / "a/b.txt").exists()
    assert (folder / "a/b.txt").read() == b"whole"
    assert [name for name, _ in folder.files()] == ["a/b.txt"]


def test_a_file_that_is_not_completed_leaves_the_old_one(folder, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write_half(folder / "b.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]
    assert (tmp_path / "b.txt").read_bytes() == b"old"


def test_unfinished_files_are_removed_at_any_depth(folder, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in (".0123456789abcdef.parquet", "sub/.fedcba9876543210.json", "sub/.kept.json", "kept.parquet"):
        (tmp_path / name).write_bytes(b"")
    folder.remove_unfinished()
    assert sorted(name for name, _ in folder.files()) == ["kept.parquet", "sub/.kept.json"]


def test_what_does_not_exist_is_empty_and_may_be_removed(folder) -> None:
    assert not (folder / "none").exists()
    assert list((folder / "none").files()) == []
    (folder / "none").remove()


def test_an_unknown_file_system_is_refused() -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(ValueError, match="nonsense"):
        open_place("nonsense://bucket/path")


def test_paths_are_relative_to_their_folder() -> None:
    assert path_in("/data/", "/data/a/b") == "a/b"
    assert path_in("bucket", "bucket/a") == "a"
