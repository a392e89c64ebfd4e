from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

from trajvqa.ingest.pickled_arrays import read_array


def ragged(*rows) -> np.ndarray:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tracks.npy"


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.zeros((0, 2), np.float16), np.array(3)])
def test_arrays_of_numbers_are_read(path, array):
    np.save(path, array)
    found = read_array(path)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_lists_of_numbers_are_read_whatever_the_protocol(path, protocol):
    rows = [[1, 2.5, np.float32(3.5)], [4], np.arange(3.0), [np.int64(5)]]
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (4,)})
        pickle.dump(ragged(*rows), file, protocol=protocol)
    assert [list(row) for row in read_array(path)] == [list(row) for row in rows]


def test_files_of_numpy_1_are_read(path):
    content = pickle.dumps(ragged([1.5], [np.float64(2)]), protocol=3).replace(b"numpy._core", b"numpy.core")
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (2,)})
        file.write(content)
    assert read_array(path).tolist() == [[1.5], [2.0]]


class Harmful:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("harmful", [Harmful(), np.random.default_rng(), np.load], ids=["call", "object", "function"])
def test_a_pickle_that_calls_anything_else_is_refused_and_not_run(path, capsys, harmful):
    np.save(path, ragged([1], [harmful]), allow_pickle=True)
    with pytest.raises(
        ValueError, match=re.escape(str(path)) + ".*found a call of .*, expected only arrays and numbers"
    ):
        read_array(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kept", [0, 5, 60, 140, -5])
@pytest.mark.parametrize("array", [np.arange(50.0), ragged([1, 2], [3])], ids=["numbers", "lists"])
def test_a_file_that_is_truncated_is_named(path, array, kept):
    np.save(path, array, allow_pickle=True)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=re.escape(f"{path}: found an unreadable .npy file")):
        read_array(path)


def test_a_missing_file_is_named(path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        read_array(path)
