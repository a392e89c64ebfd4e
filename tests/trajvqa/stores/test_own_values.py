from __future__ import annotations

import re
import resource
import subprocess
import sys

import h5py
import numpy as np
import pytest

from trajvqa.stores import BertFeatures, FrameFeatures, TrajectoryStore

MANY = 2 * 10**9


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.h5"


def write_store(path, **replaced):
    """Write a store of two videos with a trajectory each; `replaced` maps names to functions that create them."""
    columns = {
        "ids": np.array(["1", "2"], object),
        "offset": np.arange(3),
        "feat": np.zeros((2, 4), np.float32),
        "span": np.zeros((2, 2), np.float32),
        "label": np.zeros(2, np.int32),
        "score": np.ones(2, np.float32),
    }
    with h5py.File(path, "w") as file:
        file.attrs["classes"] = ["a"]
        for name, values in columns.items():
            if name in replaced:
                replaced[name](file, name)
            else:
                file[name] = values


def chunked(shape, dtype, **options):
    return lambda file, name: file.create_dataset(
        name, shape, dtype, chunks=tuple(min(size, 1000) for size in shape), **options
    )


def test_a_store_is_read_as_before(path):
    write_store(path)
    assert TrajectoryStore(path).ids == ("1", "2")


@pytest.mark.parametrize(
    "replaced",
    [
        {"ids": chunked((MANY,), np.int64)},
        {"ids": chunked((MANY,), h5py.string_dtype())},
        {"ids": chunked((MANY,), np.int64, compression="gzip")},
        {"ids": lambda file, name: file.create_dataset(name, (MANY,), np.int64)},
        {"feat": chunked((MANY, 4), np.float32)},
        {"feat": lambda file, name: file.create_dataset(name, (MANY, 4), np.float32)},
        {"ids": chunked((10**6,), np.int64), "offset": chunked((10**6 + 1,), np.int64)},
    ],
    ids=["integers", "text", "compressed", "contiguous", "features", "contiguous-features", "million"],
)
def test_rows_that_the_file_does_not_hold_are_refused(path, replaced):
    write_store(path, **replaced)
    assert path.stat().st_size < 100_000
    (name, *_) = replaced
    with pytest.raises(ValueError, match=re.escape(f"{path}: {name}: found shape (")):
        TrajectoryStore(path)


def test_the_doctor_survives_a_store_of_two_thousand_million_rows(tmp_path):
    write_store(tmp_path / "trajectories_train.h5", ids=chunked((MANY,), np.int64))
    write_store(tmp_path / "app_mot_train.h5", feat=chunked((2, 16, MANY), np.float32))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    command = [sys.executable, "-m", "trajvqa", "doctor", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert "found shape (2000000000,) of 16000000000 bytes" in done.stdout + done.stderr


def test_ids_that_share_one_long_text_are_refused_in_bounded_memory(path):
    write_store(path, ids=lambda file, name: file.create_dataset(name, data=["x" * 10**6] * 2))
    with pytest.raises(ValueError, match="ids, row 0: found an ID of 1000000 bytes, expected at most 4096"):
        TrajectoryStore(path)


def test_a_link_to_another_file_is_refused_and_not_followed(path, tmp_path):
    write_store(tmp_path / "other.h5")
    write_store(path, ids=lambda file, name: file.__setitem__(name, h5py.ExternalLink("other.h5", "/ids")))
    with pytest.raises(ValueError, match="ids: found a link to '/ids', expected a dataset in the file itself"):
        TrajectoryStore(path)


def test_a_link_through_another_file_is_refused(path, tmp_path):
    write_store(tmp_path / "other.h5")

    def link(file, name):
        file["way"] = h5py.ExternalLink("other.h5", "/")
        file[name] = h5py.SoftLink("/way/feat")

    write_store(path, feat=link)
    with pytest.raises(ValueError, match="feat: found a link to '/way/feat', expected a dataset in the file itself"):
        TrajectoryStore(path)


@pytest.mark.parametrize("name", ["feat", "resnet_features"])
def test_frame_features_of_another_file_are_refused(path, name):
    with h5py.File(path, "w") as file:
        file["ids"] = [1, 2]
        file[name] = h5py.ExternalLink("other.h5", "/feat")
    with pytest.raises(ValueError, match=f"{name}: found a link to '/feat'"):
        FrameFeatures(path)


def test_values_in_a_raw_file_are_refused(path, tmp_path):
    (tmp_path / "raw").write_bytes(bytes(1000))
    external = [(str(tmp_path / "raw"), 0, h5py.h5f.UNLIMITED)]
    write_store(path, feat=lambda file, name: file.create_dataset(name, (2, 4), np.float32, external=external))
    with pytest.raises(ValueError, match="feat: found values in 1 other files, expected them in the file itself"):
        TrajectoryStore(path)


def virtual(source, shape=(2, 4), width=4):
    def create(file, name):
        file["held"] = np.ones((2, 4), np.float32)
        layout = h5py.VirtualLayout(shape, np.float32)
        layout[:2, :width] = h5py.VirtualSource(source or file.filename, "held", (2, 4))[:, :width]
        file.create_virtual_dataset(name, layout)

    return create


def test_a_virtual_dataset_of_its_own_file_is_read(path):
    write_store(path, feat=virtual(None))
    assert TrajectoryStore(path).read(["1"], 1).features.tolist() == [[[1, 1, 1, 1]]]


@pytest.mark.parametrize(
    ("create", "message"),
    [
        (virtual("other.h5"), "feat: found a virtual dataset of 'other.h5', expected values in the file itself"),
        (virtual(None, (MANY, 4)), "feat: found 8 values in other datasets, expected 8000000000"),
        (virtual(None, width=3), "feat: found 6 values in other datasets, expected 8"),
    ],
    ids=["other-file", "many-rows", "gap"],
)
def test_a_virtual_dataset_of_anything_else_is_refused(path, create, message):
    write_store(path, feat=create)
    with pytest.raises(ValueError, match=re.escape(message)):
        TrajectoryStore(path)


def test_bert_features_that_were_never_written_are_refused(path):
    with h5py.File(path, "w") as file:
        chunked((10, 5, 37, 10**6), np.float32)(file, "feat")
    with pytest.raises(ValueError, match=r"feat: found shape \(10, 5, 37, 1000000\)"):
        BertFeatures(path, 10)


def test_compressed_features_are_read(path):
    write_store(path, feat=lambda file, name: file.create_dataset(name, data=np.zeros((2, 4)), compression="gzip"))
    assert TrajectoryStore(path).feature_size == 4


def test_chunks_larger_than_memory_are_refused(path):
    write_store(
        path, feat=lambda file, name: file.create_dataset(name, (2, 4), "f4", maxshape=(None, 4), chunks=(1 << 27, 4))
    )
    with pytest.raises(ValueError, match="feat: found"):
        TrajectoryStore(path)
