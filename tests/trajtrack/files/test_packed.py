from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from trajtrack.files.packed import decode, max_unpacked, other_encoding, read_unpacked


def test_plain_and_packed_files_are_read_alike(tmp_path: Path) -> None:
    for name, content in (("a", b"text"), ("b", gzip.compress(b"text"))):
        (tmp_path / name).write_bytes(content)
        assert read_unpacked(tmp_path / name) == b"text"


def test_what_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(bytes(1 << 27)))
    with pytest.raises(ValueError, match=r"found more than 67108864 bytes in \d+ bytes of gzip, expected fewer"):
        read_unpacked(tmp_path / "a")


@pytest.mark.parametrize(("packed", "unpacked"), [(0, 1 << 26), (10**6, 2 * 10**8), (1 << 40, 1 << 30)])
def test_the_limit_follows_the_packed_size(packed: int, unpacked: int) -> None:
    assert max_unpacked(packed) == unpacked


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_unicode_are_told(encoding: str) -> None:
    assert other_encoding("video".encode(encoding)) == encoding[:6].upper()
    with pytest.raises(ValueError, match=f"line 1: found {encoding[:6].upper()}, expected text in UTF-8"):
        decode("video".encode(encoding))


def test_text_is_decoded_with_and_without_a_mark() -> None:
    assert decode(codecs.BOM_UTF8 + "é".encode()) == decode("é".encode()) == "é"
    with pytest.raises(ValueError, match="line 2: found byte 0xe9, expected UTF-8 text"):
        decode(b"a\n\xe9", "UTF-8 text")
