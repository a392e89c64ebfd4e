from __future__ import annotations

import pickle
import re

import h5py
import numpy as np
import pytest

from trajvqa.stores.array_rows import ArrayRows

VALUES = np.arange(7 * 3 * 2, dtype=np.float32).reshape(7, 3, 2)
LAYOUTS = {
    "in one piece": {},
    "in one piece behind a user block": {"userblock_size": 512},
    "in chunks of a row": {"chunks": (1, 3, 2)},
    "in chunks of rows": {"chunks": (2, 3, 2)},
    "packed": {"chunks": (2, 3, 2), "compression": "gzip"},
    "in big-endian numbers": {"dtype": ">f8"},
    "in float16": {"dtype": "f2"},
}


@pytest.fixture(params=[*LAYOUTS, "npy"])
def stored(request, tmp_path) -> ArrayRows:
    if request.param == "npy":
        np.save(tmp_path / "rows.npy", VALUES)
        return ArrayRows.of_npy(tmp_path / "rows.npy")
    options = dict(LAYOUTS[request.param])
    userblock_size = options.pop("userblock_size", 0)
    with h5py.File(tmp_path / "rows.h5", "w", userblock_size=userblock_size) as file:
        file.create_dataset("feat", data=VALUES, **options)
    with h5py.File(tmp_path / "rows.h5") as file:
        return ArrayRows.of_dataset(file["feat"])


def test_rows_are_read_in_any_order_and_may_repeat(stored):
    rows = np.array([5, 0, 5, 3])
    np.testing.assert_array_equal(stored.read(rows), VALUES[rows])


def test_no_rows_may_be_read(stored):
    assert stored.read(np.array([], np.int64)).shape == (0, 3, 2)


def test_entries_of_rows_are_picked(stored):
    rows, places = np.array([5, 0, 5, 3]), np.array([2, 1, 0, 2])
    np.testing.assert_array_equal(stored.pick(rows, places), VALUES[rows, places])


def test_blocks_are_all_rows(stored, monkeypatch):
    monkeypatch.setattr("trajvqa.stores.array_rows._BLOCK_BYTES", 3 * 6 * 4)
    blocks = list(stored.blocks())
    assert len(blocks) > 1
    for start, block in blocks:
        np.testing.assert_array_equal(block, VALUES[start : start + len(block)])
    assert sum(len(block) for _, block in blocks) == 7


def test_a_pickle_is_small_and_reads_the_same(stored):
    stored.read(np.array([1]))
    content = pickle.dumps(stored)
    assert len(content) < 1000
    np.testing.assert_array_equal(pickle.loads(content).read(np.array([1])), VALUES[[1]])


def test_shape_and_length_are_known(stored):
    assert stored.shape == (7, 3, 2)
    assert len(stored) == 7


def test_contiguous_data_are_memory_mapped(tmp_path):
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["feat"] = VALUES
    with h5py.File(tmp_path / "rows.h5") as file:
        stored = ArrayRows.of_dataset(file["feat"])
    assert isinstance(stored.read(np.array([1])), np.ndarray)
    assert isinstance(stored._map, np.memmap)


def test_data_that_were_never_written_are_zero(tmp_path):
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file.create_dataset("feat", (7, 3, 2), "f4")
    with h5py.File(tmp_path / "rows.h5") as file:
        stored = ArrayRows.of_dataset(file["feat"])
    assert not stored.read(np.array([1, 2])).any()


def test_damaged_data_are_named(tmp_path):
    path = tmp_path / "rows.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("feat", data=VALUES, chunks=(1, 3, 2), compression="gzip")
        offset = file["feat"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[offset : offset + 4] = b"\0\0\0\0"
    path.write_bytes(content)
    with h5py.File(path) as file:
        stored = ArrayRows.of_dataset(file["feat"])
    message = re.escape(f"{path}: found a truncated or damaged HDF5 file (")
    with pytest.raises(ValueError, match=message):
        stored.read(np.array([0]))
    with pytest.raises(ValueError, match=message):
        list(stored.blocks())


@pytest.mark.parametrize("content", [b"", b"no array", "cut off"])
def test_a_damaged_npy_file_is_named(tmp_path, content):
    path = tmp_path / "rows.npy"
    np.save(path, VALUES)
    path.write_bytes(path.read_bytes()[:-8] if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: found an unreadable .npy file (")):
        ArrayRows.of_npy(path)


def test_an_npy_file_in_fortran_order_is_refused(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.asfortranarray(VALUES))
    with pytest.raises(ValueError, match=re.escape(f"{path}: found no array in C order, expected one")):
        ArrayRows.of_npy(path)
