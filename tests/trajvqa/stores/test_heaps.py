from __future__ import annotations

import re
import struct

import h5py
import numpy as np
import pytest

from trajvqa.stores.hdf5 import open_checked, read_ids
from trajvqa.stores.heaps import require_sound_heaps


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.h5"
    with h5py.File(path, "w") as file:
        file["ids"] = np.array(["first", "second"], dtype=object)
        file["feat"] = np.zeros((2, 3))
    return path


def heap_of(content: bytes) -> int:
    return content.index(b"GCOL")


def change(path, at: int, layout: str, *values: int) -> None:
    content = bytearray(path.read_bytes())
    struct.pack_into(layout, content, heap_of(content) + at, *values)
    path.write_bytes(content)


def test_intact_heaps_are_accepted(path):
    require_sound_heaps(path)
    with open_checked(path) as file:
        assert read_ids(file["ids"]) == ("first", "second")


@pytest.mark.parametrize("length", [0xFF, 0xFFFF, 1 << 20, 2**64 - 1])
def test_a_text_of_another_length_is_refused_before_the_library_reads_it(path, length):
    change(path, 16 + 8, "<Q", length)
    at = heap_of(path.read_bytes())
    message = f"{path}: found a damaged heap at byte {at}, expected an intact file"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        open_checked(path)


def test_free_space_without_end_is_refused(path):
    content = path.read_bytes()
    free = 16 + 2 * (16 + 8)
    assert content[heap_of(content) + free :][:2] == b"\0\0"
    change(path, free + 8, "<Q", 0)
    with pytest.raises(ValueError, match="found a damaged heap"):
        open_checked(path)


@pytest.mark.parametrize("content", [b"", b"GCOL", b"GCOL\1\0\0\0" + b"\xff" * 8, b"GCOL\2" + bytes(40)])
def test_what_only_looks_like_a_heap_is_left_to_the_library(tmp_path, content):
    (tmp_path / "some").write_bytes(content)
    require_sound_heaps(tmp_path / "some")


def test_text_whose_type_is_damaged_is_refused_before_the_library_reads_it(path):
    content = bytearray(path.read_bytes())
    # A type of variable length: class 9, version 1; then whether it is text.
    at = content.index(b"\x19\x01\x01\x00\x10\x00\x00\x00")
    content[at + 1] = 0xFF
    path.write_bytes(content)
    with open_checked(path) as file, pytest.raises(ValueError, match="ids: found object, expected integers or text"):
        read_ids(file["ids"])
