from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path

import pytest

from trajtrack.files.zip_members import read_content, read_members

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bz2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
TEXT = "".join(f"{frame},-1,{frame * 7 % 31},20,30,40,.5\n" for frame in range(200)).encode()


def archive_of(path: Path, method: int, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", method) as files:
        for name, content in members.items():
            files.writestr(name, content)
    return path


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_members_of_every_method_are_read(tmp_path: Path, method: int) -> None:
    archive = archive_of(tmp_path / "a.zip", method, b=TEXT, a=b"")
    assert read_content(f"{archive}/b") == TEXT
    assert list(read_members(archive, "")) == [("a", b""), ("b", TEXT)]


def content_or_error(name: str) -> bytes | str:
    try:
        return read_content(name)
    except (FileNotFoundError, ValueError) as error:
        return str(error)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_damaged_member_is_named_whatever_its_method(tmp_path: Path, method: int) -> None:
    archive = archive_of(tmp_path / "a.zip", method, b=TEXT)
    honest = archive.read_bytes()
    rng = random.Random(0)
    for _ in range(60):
        content = bytearray(honest)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        archive.write_bytes(content)
        found = content_or_error(f"{archive}/b")
        assert found == TEXT or f"{archive}" in found


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA], ids=["deflated", "lzma"])
def test_a_member_that_would_fill_the_memory_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as files, files.open("zeros.txt", "w") as member:
        for _ in range(70):
            member.write(bytes(1 << 20))
    with pytest.raises(
        ValueError, match=r"zeros.txt: found 73400320 bytes, compressed to .*, expected at most 67108864"
    ):
        read_content(f"{path}/zeros.txt")


def test_a_size_that_the_archive_claims_falsely_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", zipfile.ZIP_STORED, b=TEXT)
    content = archive.read_bytes()
    size = len(TEXT).to_bytes(4, "little")
    archive.write_bytes(content.replace(size, (0xF0000000).to_bytes(4, "little")))
    with pytest.raises(ValueError, match=re.escape(f"{archive}/b: found ")):
        read_content(f"{archive}/b")


def test_a_dictionary_of_lzma_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", zipfile.ZIP_LZMA, b=TEXT)
    content = bytearray(archive.read_bytes())
    properties = content.index(bytes([9, 4, 5, 0]))  # version of the library, and length of the properties
    content[properties + 5 : properties + 9] = (0xF0000000).to_bytes(4, "little")
    archive.write_bytes(content)
    message = f"{archive}/b: found LZMA with a dictionary of {0xF0000000} bytes, expected at most 67108864"
    with pytest.raises(ValueError, match=re.escape(message)):
        read_content(f"{archive}/b")


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_member_that_claims_more_than_the_archive_holds_is_refused(tmp_path: Path, method: int) -> None:
    archive = archive_of(tmp_path / "a.zip", method, b=TEXT)
    content = bytearray(archive.read_bytes())
    directory = content.rindex(b"PK\1\2")
    content[directory + 20 : directory + 24] = (0xFFFF0000).to_bytes(4, "little")
    archive.write_bytes(content)
    message = f"{archive}/b: found {0xFFFF0000} compressed bytes in an archive of {len(content)}, expected fewer"
    with pytest.raises(ValueError, match=re.escape(message)):
        read_content(f"{archive}/b")
