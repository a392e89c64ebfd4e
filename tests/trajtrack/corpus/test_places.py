from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from trajtrack.corpus.places import open_place, path_in, without_secrets


@pytest.fixture(params=["path", "pyarrow", "fsspec"])
def folder(request, tmp_path: Path):
    """Return a folder as a path, as a URL of pyarrow, and as one that fsspec alone knows."""
    if request.param == "fsspec":
        pytest.importorskip("fsspec")
    return open_place(
        {"path": str(tmp_path), "pyarrow": tmp_path.as_uri(), "fsspec": f"simplecache::file://{tmp_path}"}[
            request.param
        ]
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


def test_files_of_other_processes_are_seen(folder, tmp_path: Path) -> None:
    assert [name for name, _ in folder.files()] == []
    (tmp_path / "new.txt").touch()
    assert [name for name, _ in folder.files()] == ["new.txt"]
    assert (folder / "new.txt").exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "nonsense://bucket/path",
            "nonsense://bucket/path: found the unknown scheme 'nonsense', expected one that pyarrow or fsspec knows",
        ),
        ("s3://bucket/path?retries=3", "s3://bucket/path: found an invalid URL (Unexpected query parameter"),
        ("s3://key:secret@bucket/a b", "s3://bucket/a b: found an invalid URL (Cannot parse URI: 's3://bucket/a b'"),
        ("github://owner", "github://owner: found an invalid URL ("),
    ],
)
def test_a_url_that_no_file_system_takes_is_refused(url: str, message: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        open_place(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://key:secret@bucket/a?endpoint_override=localhost", "s3://bucket/a"),
        ("simplecache::sftp://user:word@host/a", "simplecache::sftp://host/a"),
        ("abfs://container@account/a", "abfs://container@account/a"),
        ("/data/a?b", "/data/a?b"),
    ],
)
def test_messages_show_no_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_whatever_a_file_system_raises_is_an_error_of_the_system(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def get_file_info(self, *_: object) -> None:
            raise LookupError("no credentials")

    monkeypatch.setattr(folder, "filesystem", Broken())
    with pytest.raises(OSError, match=f"^{re.escape(folder.name)}: no credentials$"):
        folder.info()


def test_paths_are_relative_to_their_folder() -> None:
    assert path_in("/data/", "/data/a/b") == "a/b"
    assert path_in("bucket", "bucket/a") == "a"
