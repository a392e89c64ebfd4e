from __future__ import annotations

from pathlib import Path

from trajvqa.data.fingerprints import fingerprints


def write(folder: Path, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "train.csv").write_bytes(content)
    return folder


def test_each_file_of_the_splits_has_a_fingerprint(tmp_path):
    for name in ("train.csv", "val.csv", "test.csv", "vocab.json", "else.txt"):
        (tmp_path / name).write_text(name)
    assert sorted(fingerprints(tmp_path, ("train", "val"))) == ["train.csv", "val.csv", "vocab.json"]


def test_the_content_counts_and_not_the_folder(tmp_path):
    one, same, other = (write(tmp_path / name, text) for name, text in (("a", b"x"), ("b", b"x"), ("c", b"y")))
    assert fingerprints(one, ("train",)) == fingerprints(same, ("train",))
    assert fingerprints(one, ("train",)) != fingerprints(other, ("train",))


def test_in_a_large_file_the_size_and_the_first_and_last_bytes_count(tmp_path):
    content = bytes(5 << 20)
    whole = fingerprints(write(tmp_path / "a", content), ("train",))
    assert fingerprints(write(tmp_path / "b", content), ("train",)) == whole
    for changed in (b"\1" + content[1:], content[:-1] + b"\1", content + b"\0"):
        assert fingerprints(write(tmp_path / "b", changed), ("train",)) != whole
