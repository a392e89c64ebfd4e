"""Compression, encodings and separators of files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zipfile
from pathlib import Path

import pytest

import trajtrack
from trajtrack import Detections

ONE = Detections([[10, 20, 40, 60]], [0.5], [2], track_ids=[1])
ROW = b"3,2,10,20,30,40,0.5\n"


@pytest.mark.parametrize("name", ["det.txt.gz", "det.csv.gz", "DET.TXT.GZ", "det.txt", "det.gz"])
def test_a_compressed_file_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(ROW))
    assert trajtrack.read(tmp_path / name) == ONE


def test_a_compressed_file_in_an_archive_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as files:
        files.writestr("det.txt.gz", gzip.compress(ROW))
    assert trajtrack.read(tmp_path / "all.zip" / "det.txt.gz") == ONE


def test_the_suffix_before_that_of_compression_decides(tmp_path: Path) -> None:
    trajtrack.write(tmp_path / "a.json", ONE, "coco-vid")
    (tmp_path / "a.json.gz").write_bytes(gzip.compress((tmp_path / "a.json").read_bytes()))
    assert trajtrack.read(tmp_path / "a.json.gz") == ONE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(ROW)[:-9], "found damaged gzip (Compressed file ended"),
        (gzip.compress(ROW)[:-8] + b"12345678", "found damaged gzip (CRC check failed"),
        (ROW, "line 1: found b'3,2,10,20,30,40,0.5\\n', expected gzip data, as the suffix says"),
    ],
    ids=["cut-off", "wrong-checksum", "not-compressed"],
)
def test_data_that_cannot_be_uncompressed_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.txt.gz").write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"a.txt.gz, {message}")):
        trajtrack.read(tmp_path / "a.txt.gz")


@pytest.mark.parametrize(
    ("packing", "content"),
    [
        ("bzip2", bz2.compress(ROW)),
        ("xz", lzma.compress(ROW)),
        ("zstd", b"\x28\xb5\x2f\xfd\x20\x02"),
        ("zip", b"PK\x03\x04\x14"),
    ],
)
@pytest.mark.parametrize("name", ["det.txt", "det.json", "det.txt.xz"])
def test_other_compression_is_named(tmp_path: Path, name: str, packing: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    message = f"{name}, line 1: found data compressed as {packing}, expected a file that is uncompressed or gzip"
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.read(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("format", ["mot", "coco-vid", "cvat"])
def test_utf_16_with_a_byte_order_mark_is_read(tmp_path: Path, format: str, encoding: str) -> None:
    trajtrack.write(tmp_path / "a", ONE, format)
    text = (tmp_path / "a").read_text().replace("utf-8", "UTF-16")
    mark = "" if encoding == "utf-16" else "\ufeff"
    (tmp_path / "a").write_bytes((mark + text).encode(encoding))
    assert trajtrack.read(tmp_path / "a") == ONE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ROW.decode().encode("utf-16-le"), "line 1: found UTF-16 text without a byte order mark, expected UTF-8 text"),
        (ROW.decode().encode("utf-16-be"), "line 1: found UTF-16 text without a byte order mark, expected UTF-8 text"),
        (ROW.decode().encode("utf-32"), "line 1: found UTF-32 text, expected UTF-8 text, or UTF-16"),
        (b"\xff\xfe{", "line 1: found invalid UTF-16 text (truncated data), expected UTF-8 text, or UTF-16"),
    ],
)
def test_other_encodings_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"a.txt, {message}")):
        trajtrack.read(tmp_path / "a.txt")


@pytest.mark.parametrize("row", ["3;2;10;20;30;40;0.5", "3; 2; 10; 20; 30; 40; 0.5", "3\t2\t10\t20\t30\t40\t0.5"])
def test_semicolons_and_tabs_separate_columns(tmp_path: Path, row: str) -> None:
    (tmp_path / "a.txt").write_text(f"{row}\n")
    assert trajtrack.read(tmp_path / "a.txt") == ONE


def test_decimal_commas_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("3;2;10;20;30;40;1\n3;2;10;20;30;40;0,5\n")
    message = "a.txt, line 2: found semicolons and commas, expected columns separated by one of them and decimal points"
    with pytest.raises(ValueError, match=message):
        trajtrack.read(tmp_path / "a.txt")
