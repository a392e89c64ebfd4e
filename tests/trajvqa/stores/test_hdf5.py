from __future__ import annotations

import errno
import multiprocessing
import pickle
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from trajvqa.stores.hdf5 import LazyFile, created, open_checked, read_ids, require_dataset, write_ids


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.h5"


def write(path, **datasets) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values


def test_a_whole_file_is_opened_for_reading(path):
    write(path, feat=np.zeros(3))
    with open_checked(path) as file:
        assert file.mode == "r"


def test_a_missing_file_is_named(path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        open_checked(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match=re.escape(str(tmp_path))):
        open_checked(tmp_path)


@pytest.mark.parametrize("content", [b"", b"video,question\n"])
def test_a_file_that_is_not_hdf5_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: found another format, expected an HDF5 file")):
        open_checked(path)


def test_a_file_that_is_truncated_is_named(path):
    write(path, feat=np.zeros(10_000))
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(ValueError, match=re.escape(f"{path}: found 40000 bytes, expected more: the file is truncated")):
        open_checked(path)


def test_a_matching_dataset_is_returned(path):
    write(path, feat=np.zeros((2, 16, 3), np.float32))
    with open_checked(path) as file:
        assert require_dataset(file, "feat", "(V, 16, D)", "float").shape == (2, 16, 3)


def test_a_missing_dataset_is_named_with_the_existing_ones(path):
    write(path, resnet=np.zeros(1), ids=np.zeros(1))
    message = f"{path}: feat: found no such dataset (only ids, resnet), expected shape (V, N, D)"
    with open_checked(path) as file, pytest.raises(ValueError, match=re.escape(message)):
        require_dataset(file, "feat", "(V, N, D)")


def test_a_group_is_no_dataset(path):
    with h5py.File(path, "w") as file:
        file.create_group("feat")
    with open_checked(path) as file, pytest.raises(ValueError, match="feat: found no such dataset"):
        require_dataset(file, "feat", "(V,)")


@pytest.mark.parametrize("shape", [(2, 3), (2, 15, 3), (2, 16, 3, 1)])
def test_another_shape_is_refused(path, shape):
    write(path, feat=np.zeros(shape))
    message = f"{path}: feat: found shape {shape}, expected (V, 16, D)"
    with open_checked(path) as file, pytest.raises(ValueError, match=re.escape(message)):
        require_dataset(file, "feat", "(V, 16, D)")


@pytest.mark.parametrize(("values", "kind"), [([1], "float"), ([1.5], "integer"), ([b"a"], "float")])
def test_another_kind_of_numbers_is_refused(path, values, kind):
    write(path, feat=values)
    with open_checked(path) as file, pytest.raises(ValueError, match=f"feat: found .*, expected {kind} numbers"):
        require_dataset(file, "feat", "(V,)", kind)


@pytest.mark.parametrize(
    "values",
    [
        np.array([17, 4], np.int64),
        np.array([17, 4], np.uint8),
        np.array([b"17", b"4"]),
        np.array(["17", "4"], dtype=h5py.string_dtype()),
    ],
    ids=["int64", "uint8", "bytes", "text"],
)
def test_ids_are_read_as_text_however_they_are_stored(path, values):
    with h5py.File(path, "w") as file:
        file.create_dataset("ids", data=values)
    with open_checked(path) as file:
        assert read_ids(file["ids"]) == ("17", "4")


def test_written_ids_read_back_the_same(path):
    with h5py.File(path, "w") as file:
        write_ids(file, "ids", ("é", "a/b", ""))
        write_ids(file, "none", ())
    with open_checked(path) as file:
        assert read_ids(file["ids"]) == ("é", "a/b", "")
        assert read_ids(file["none"]) == ()


def test_an_id_that_repeats_is_named(path):
    write(path, ids=np.array([5, 6, 5]))
    message = f"{path}: ids: found '5' in rows 0 and 2, expected unique IDs"
    with open_checked(path) as file, pytest.raises(ValueError, match=re.escape(message)):
        read_ids(file["ids"])


def test_ids_that_are_not_utf_8_are_named(path):
    write(path, ids=np.array([b"a", b"\xff"]))
    with open_checked(path) as file, pytest.raises(ValueError, match=r"ids, row 1: found b'\\xff', expected UTF-8"):
        read_ids(file["ids"])


@pytest.mark.parametrize(
    ("values", "message"),
    [([0.5], "found float64, expected integers or text"), ([[1]], "found shape (1, 1), expected (V,)")],
)
def test_other_columns_than_ids_are_refused(path, values, message):
    write(path, ids=np.array(values))
    with open_checked(path) as file, pytest.raises(ValueError, match=re.escape(message)):
        read_ids(file["ids"])


def read_first(file: LazyFile) -> float:
    return float(file.open()["feat"][0])


def test_a_lazy_file_is_opened_when_it_is_first_read(path):
    lazy = LazyFile(path)
    write(path, feat=np.array([1.5]))
    assert read_first(lazy) == 1.5
    assert lazy.open() is lazy.open()


def test_a_lazy_file_survives_pickling_after_it_was_read(path):
    write(path, feat=np.array([1.5]))
    lazy = LazyFile(path)
    read_first(lazy)
    assert read_first(pickle.loads(pickle.dumps(lazy))) == 1.5


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_opens_the_file_again(path):
    write(path, feat=np.array([1.5]))
    lazy = LazyFile(path)
    handle = lazy.open()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(read_first, (lazy,)) == 1.5
    assert handle["feat"][0] == 1.5


def write_and_raise(path, error: Exception) -> None:
    with created(path) as file:
        file["a"] = 1
        raise error


@pytest.mark.parametrize("kind", [OSError, RuntimeError])
def test_a_full_disk_is_named_by_the_file(tmp_path, kind):
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")
    error = kind("Can't write data (file write failed: errno = 28, error message = 'No space left on device')")
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_and_raise(path, error)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.h5", b"old")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_process_that_met_a_full_disk_ends_as_usual(tmp_path):
    path = tmp_path / "a.h5"
    code = f"""
import os
import numpy as np
from trajvqa.stores.hdf5 import created
try:
    with created({str(path)!r}) as file:
        kept = file.create_dataset("a", (100, 1000), np.float32)
        kept[0] = 1
        os.dup2(os.open("/dev/full", os.O_RDWR), file.id.get_vfd_handle())
        kept[1] = 1
except OSError as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"[Errno 28] No space left on device: {str(path)!r}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_store_keeps_the_permissions_of_the_one_that_it_replaces(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with created(path) as file:
        file["a"] = 1
    assert path.stat().st_mode & 0o777 == 0o600
    with h5py.File(path) as file:
        assert file["a"][()] == 1
