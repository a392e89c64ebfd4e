from __future__ import annotations

import pickle
import re
import subprocess
import sys

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


@pytest.mark.parametrize("protocol", range(6))
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


def write_pickle(path, content: bytes) -> None:
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (1,)})
        file.write(content)


def test_objects_in_a_table_keep_its_shape_and_order(path):
    table = np.asfortranarray(np.array([[1, 2.5], [3, 4]], object))
    np.save(path, table, allow_pickle=True)
    assert read_array(path).tolist() == table.tolist()


def test_numbers_of_python_2_are_read(path):
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x01\x85"
        b"cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb"
        b"\x89]]cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x04\x00\x00\x80?\x86Raatb."
    )
    write_pickle(path, content)
    assert read_array(path).tolist() == [[1.0]]


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
NUMBERS = b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x89\x88\x87R"
NUMBERS_STATE = b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
OBJECTS = b"cnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87R"
OBJECTS_STATE = b"(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            ARRAY + b"(K\x01K\x01\x85" + OBJECTS + OBJECTS_STATE + b"\x89C\x08ABCDEFGHtb.", id="bytes-for-objects"
        ),
        pytest.param(ARRAY + b"(K\x01K\x01\x85" + NUMBERS + NUMBERS_STATE + b"\x89]K\x01atb.", id="list-for-numbers"),
        pytest.param(ARRAY + b"(K\x01K\x09\x85" + NUMBERS + NUMBERS_STATE + b"\x89C\x08ABCDEFGHtb.", id="short"),
        pytest.param(ARRAY + b"(K\x01K\x02\x85" + OBJECTS + OBJECTS_STATE + b"\x89]K\x01atb.", id="few-elements"),
        pytest.param(ARRAY + b"(K\x01J\xff\xff\xff\xff\x85" + OBJECTS + OBJECTS_STATE + b"\x89]tb.", id="negative"),
        pytest.param(ARRAY + b"(K\x01K\x01\x85" + NUMBERS + b"\x89C\x08ABCDEFGHtb.", id="type-without-state"),
        pytest.param(ARRAY + b".", id="array-without-state"),
        pytest.param(NUMBERS + NUMBERS_STATE + NUMBERS_STATE + b".", id="two-states"),
        pytest.param(b"cnumpy\nndarray\n}X\x0c\x00\x00\x00__setstate__NsN\x86b" + ARRAY + b".", id="state-of-a-class"),
        pytest.param(b"cnumpy\nndarray\nK\x08\x85R.", id="call-of-ndarray"),
        pytest.param(
            b"cnumpy.core.multiarray\nscalar\n" + OBJECTS + OBJECTS_STATE + b"C\x08ABCDEFGH\x86R.", id="object"
        ),
        pytest.param(
            b"cnumpy.core.numeric\n_frombuffer\n(C\x08ABCDEFGH"
            + OBJECTS
            + OBJECTS_STATE
            + b"K\x01\x85X\x01\x00\x00\x00CtR.",
            id="objects-from-bytes",
        ),
    ],
)
def test_values_that_numpy_would_take_for_addresses_are_refused(path, content):
    write_pickle(path, content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: found an unreadable .npy file")):
        read_array(path)


def test_a_list_that_stands_in_many_places_is_refused(path):
    row = [1.0] * 1000
    np.save(path, ragged(*[row] * 1000), allow_pickle=True)
    with pytest.raises(ValueError, match=r"expected lists that are not shared"):
        read_array(path)


def test_a_size_that_the_file_does_not_hold_is_refused_before_memory_is_taken(path):
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with pytest.raises(ValueError, match="found 0 bytes for an array of shape"):
        read_array(path)


@pytest.mark.parametrize("protocol", [4, *(pytest.param(each, marks=pytest.mark.slow) for each in (2, 5))])
def test_a_file_with_one_bit_changed_is_read_or_refused(path, protocol):
    """In a process of its own, which a reader that corrupts memory would end with a signal."""
    rows = ragged([1, 2.5, np.float32(3.5)], [4], np.arange(3.0), [np.int64(5)])
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (4,)})
        pickle.dump(rows, file, protocol=protocol)
    done = subprocess.run([sys.executable, "-c", FLIP_EVERY_BIT, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 0


FLIP_EVERY_BIT = """
import pathlib, resource, sys
from trajvqa.ingest.pickled_arrays import read_array

path = pathlib.Path(sys.argv[1])
honest = path.read_bytes()
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
refused = 0
for bit in range(8 * len(honest)):
    content = bytearray(honest)
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    try:
        repr(read_array(path))
    except ValueError:
        refused += 1
print(refused)
"""


def test_a_missing_file_is_named(path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        read_array(path)
