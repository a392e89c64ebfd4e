from __future__ import annotations

import multiprocessing
import os
import pickle
import re

import h5py
import numpy as np
import pytest

from trajvqa.stores.frame_features import FrameFeatures, write_frame_features

FEAT = np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3)
IDS = ("100", "7", "a/b", "é")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "app_mot_val.h5"


@pytest.fixture
def written(path):
    write_frame_features(path, IDS, FEAT)
    return path


@pytest.fixture(params=["in memory", "in the file"])
def reader(request, written) -> FrameFeatures:
    return FrameFeatures(written) if request.param == "in memory" else FrameFeatures(written, in_memory=0)


def write(path, **datasets) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values


def check_error(path, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {message}')}"):
        FrameFeatures(path)


def test_videos_are_read_by_id_in_any_order(reader):
    found = reader.read(["é", "100", "é"])
    np.testing.assert_array_equal(found, FEAT[[3, 0, 3]])
    assert found.dtype == np.float32


def test_the_result_of_reading_may_be_changed(reader):
    reader.read(["7"])[:] = -1
    np.testing.assert_array_equal(reader.read(["7"])[0], FEAT[1])


def test_sizes_are_read_from_the_file(reader):
    assert reader.ids == IDS
    assert len(reader) == 4
    assert reader.clips == 2
    assert reader.size == 3


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_any_float_numbers_become_float32(path, dtype):
    write(path, ids=[1, 2, 3, 4], feat=FEAT.astype(dtype))
    found = FrameFeatures(path).read(["2"])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[0], FEAT[1])


@pytest.mark.parametrize(
    "ids",
    [
        np.array([4010069381, 2, 3, 4]),
        np.array([b"4010069381", b"2", b"3", b"4"]),
        np.array(["4010069381", "2", "3", "4"], dtype=h5py.string_dtype()),
    ],
    ids=["integers", "bytes", "text"],
)
def test_ids_become_text(path, ids):
    write(path, ids=ids, feat=FEAT)
    assert FrameFeatures(path).ids == ("4010069381", "2", "3", "4")


def test_frames_of_a_clip_are_averaged(path):
    frames = np.random.Generator(np.random.PCG64(0)).standard_normal((3, 2, 4, 5))
    write(path, ids=[1, 2, 3], resnet_features=frames)
    reader = FrameFeatures(path)
    assert (reader.clips, reader.size) == (2, 5)
    np.testing.assert_allclose(reader.read(["3"])[0], frames[2].mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("name", ["CLIPL_I", "CLIP_I", "BLIP_I"])
def test_tempclips_frames_are_read_as_clips(path, name):
    write(path, vid=np.array(IDS, dtype=h5py.string_dtype()), **{name: FEAT})
    reader = FrameFeatures(path)
    assert (reader.ids, reader.clips, reader.size) == (IDS, 2, 3)
    np.testing.assert_array_equal(reader.read(["é", "7"]), FEAT[[3, 1]])


def test_wrong_features_of_tempclip_are_named(path):
    write(path, vid=[1, 2], CLIPL_I=FEAT)
    check_error(path, "CLIPL_I: found 4 rows, expected 2, as many as vid")
    write(path, vid=[1, 2, 3, 4], CLIPL_I=FEAT, CLIP_I=FEAT)
    check_error(path, "found 2 datasets of features of frames beside vid, expected one, such as CLIPL_I")
    write(path, vid=[1, 2, 3, 4], features=FEAT)
    check_error(path, "found 0 datasets of features of frames beside vid, expected one, such as CLIPL_I")
    write(path, vid=[1, 2, 3, 4], CLIPL_I=FEAT[0])
    check_error(path, "CLIPL_I: found shape (2, 3), expected (V, N, D)")


def test_a_missing_video_is_named(reader):
    message = f"{reader.path}: ids: found 1 of 2 videos, expected all; 1 missing: 8"
    with pytest.raises(ValueError, match=re.escape(message)):
        reader.read(["7", "8", "7"])


def test_all_required_videos_may_be_there(reader):
    reader.require(["7", "é", "7"])


def test_required_videos_that_are_missing_are_counted_and_some_named(reader):
    message = f"{reader.path}: ids: found 1 of 8 videos, expected all; 7 missing: 0, 1, 2, 3, 4, ..."
    with pytest.raises(ValueError, match=re.escape(message)):
        reader.require("01234567")


def test_finite_numbers_pass(reader):
    reader.check_finite()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_number_that_is_not_finite_is_named(path, value, monkeypatch):
    monkeypatch.setattr("trajvqa.stores.array_rows._BLOCK_BYTES", 1)
    feat = FEAT.astype(np.float64)
    feat[2, 1, 0] = value
    write(path, ids=[1, 2, 3, 4], feat=feat)
    message = f"{path}: feat: video 3, clip 1: found a number that is not finite in float32, expected finite numbers"
    with pytest.raises(ValueError, match=re.escape(message)):
        FrameFeatures(path).check_finite()


def test_a_number_that_is_not_finite_in_one_frame_is_named(path):
    frames = np.zeros((3, 2, 4, 5), np.float32)
    frames[1, 0, 3, 4] = np.inf
    write(path, ids=[1, 2, 3], resnet_features=frames)
    with pytest.raises(
        ValueError, match="resnet_features: video 2, clip 0: found a number that is not finite in float32"
    ):
        FrameFeatures(path).check_finite()


def test_a_pickled_reader_is_small_and_reads_on(reader):
    reader.read(["7"])
    content = pickle.dumps(reader)
    assert len(content) < 2000
    np.testing.assert_array_equal(pickle.loads(content).read(["7"]), FEAT[[1]])


def read_in_child(reader: FrameFeatures, connection) -> None:
    connection.send(reader.read(["é", "7"]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# Python 3.12 warns of threads, which other tests leave.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("layout", [{}, {"chunks": (1, 2, 3)}], ids=["in one piece", "in chunks"])
def test_a_forked_process_reads_the_same(path, layout):
    with h5py.File(path, "w") as file:
        file["ids"] = np.array(IDS, dtype=h5py.string_dtype())
        file.create_dataset("feat", data=FEAT, **layout)
    reader = FrameFeatures(path, in_memory=0)
    reader.read(["7"])
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=read_in_child, args=(reader, there))
    child.start()
    np.testing.assert_array_equal(here.recv(), FEAT[[3, 1]])
    child.join()
    assert child.exitcode == 0
    np.testing.assert_array_equal(reader.read(["100"]), FEAT[[0]])


def test_the_file_is_closed_after_the_check(written):
    FrameFeatures(written)
    with h5py.File(written, "a") as file:
        file.attrs["changed"] = True


def test_a_missing_file_is_named(path):
    with pytest.raises(FileNotFoundError, match="app_mot_val"):
        FrameFeatures(path)


def test_a_file_that_is_truncated_is_named(written):
    content = written.read_bytes()[:-50]
    written.write_bytes(content)
    check_error(written, f"found {len(content)} bytes, expected more: the file is truncated")


def test_a_file_that_is_damaged_inside_is_named(written):
    content = written.read_bytes()
    # The heap holds the names of the datasets.
    written.write_bytes(content.replace(b"HEAP", b"heap"))
    check_error(written, "found a truncated or damaged HDF5 file (")


def test_a_file_removed_after_the_check_is_named(reader):
    reader.path.unlink()
    with pytest.raises(FileNotFoundError, match="app_mot_val"):
        reader.read(["7"])


def test_a_file_that_is_not_hdf5_is_named(path):
    path.write_text("no HDF5")
    check_error(path, "found another format, expected an HDF5 file")


def test_missing_features_are_named(path):
    write(path, ids=[1], feats=FEAT[:1])
    check_error(path, "feat: found no such dataset (only feats, ids), expected shape (V, N, D)")


def test_missing_ids_are_named(path):
    write(path, feat=FEAT)
    check_error(path, "ids: found no such dataset (only feat), expected shape (V,)")


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 2, 3, 7, 7)])
def test_features_of_another_shape_are_named(path, shape):
    write(path, ids=[1, 2, 3, 4], feat=np.zeros(shape, np.float32))
    check_error(path, f"feat: found shape {shape}, expected (V, N, D)")


def test_frames_of_another_shape_are_named(path):
    write(path, ids=[1, 2], resnet_features=np.zeros((2, 3, 4), np.float32))
    check_error(path, "resnet_features: found shape (2, 3, 4), expected (V, N, F, D)")


@pytest.mark.parametrize("shape", [(4, 0, 3), (4, 2, 0)])
def test_features_without_numbers_are_named(path, shape):
    write(path, ids=[1, 2, 3, 4], feat=np.zeros(shape, np.float32))
    check_error(path, f"feat: found shape {shape}, expected (V, N, D) without zeros")


def test_features_that_are_integers_are_named(path):
    write(path, ids=[1, 2, 3, 4], feat=FEAT.astype(np.int64))
    check_error(path, "feat: found int64, expected float numbers")


def test_another_number_of_rows_than_ids_is_named(path):
    write(path, ids=[1, 2, 3], feat=FEAT)
    check_error(path, "feat: found 4 rows, expected 3, as many as ids")


def test_an_id_that_repeats_is_named(path):
    write(path, ids=[1, 2, 3, 2], feat=FEAT)
    check_error(path, "ids: found '2' in rows 1 and 3, expected unique IDs")


def test_attributes_are_written(path):
    write_frame_features(path, IDS, FEAT, {"source": "worlds", "seed": 3})
    with h5py.File(path) as file:
        assert dict(file.attrs) == {"source": "worlds", "seed": 3}


def test_features_are_written_as_float32(path):
    write_frame_features(path, IDS, FEAT.astype(np.float64))
    with h5py.File(path) as file:
        assert file["feat"].dtype == np.float32


def test_the_same_features_make_the_same_bytes(path, tmp_path):
    write_frame_features(path, IDS, FEAT, {"source": "worlds"})
    write_frame_features(tmp_path / "again.h5", IDS, FEAT, {"source": "worlds"})
    assert path.read_bytes() == (tmp_path / "again.h5").read_bytes()


@pytest.mark.parametrize(
    ("ids", "feat", "message"),
    [
        (IDS, FEAT[:3], "feat: found shape (3, 2, 3), expected (4, N, D), a row for each of the ids"),
        (IDS, FEAT[0], "feat: found shape (2, 3), expected (4, N, D), a row for each of the ids"),
        (("1", "2", "1", "3"), FEAT, "ids: found 3 distinct IDs, expected 4"),
        (
            IDS,
            FEAT * np.float32(np.nan),
            "feat, video 100: found a number that is not finite in float32, expected finite numbers",
        ),
        (
            IDS,
            FEAT.astype(np.float64) * 1e60,
            "feat, video 100: found a number that is not finite in float32, expected finite numbers",
        ),
    ],
)
def test_mismatched_values_are_not_written(path, ids, feat, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        write_frame_features(path, ids, feat)
    assert not any(path.parent.iterdir())


def test_videos_are_written_one_at_a_time(tmp_path):
    whole = np.random.Generator(np.random.PCG64(0)).standard_normal((3, 2, 4)).astype(np.float32)
    write_frame_features(tmp_path / "clips.h5", ["a", "b", "c"], (each for each in whole))
    np.testing.assert_array_equal(FrameFeatures(tmp_path / "clips.h5").read(["a", "b", "c"]), whole)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(2, 4)], "feat: found 1 videos, expected 2, as many as ids"),
        ([(2, 4), (2, 4), (2, 4)], "feat: found more than 2 videos"),
        ([(2, 4), (2, 3)], r"feat, video b: found shape \(2, 3\), expected \(2, 4\) as before"),
        ([(2, 0)], r"feat, video a: found shape \(2, 0\), expected \(N, D\) without zeros"),
    ],
)
def test_videos_that_do_not_fit_leave_the_file_as_it_was(tmp_path, shapes, message):
    path = tmp_path / "clips.h5"
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match=message):
        write_frame_features(path, ["a", "b"], iter([np.ones(shape) for shape in shapes]))
    assert path.read_bytes() == b"before"


def test_the_width_of_appearance_is_read_from_the_file(tmp_path):
    write_frame_features(tmp_path / "with.h5", ["a"], np.ones((1, 2, 4)), {"appearance_size": 3})
    write_frame_features(tmp_path / "without.h5", ["a"], np.ones((1, 2, 4)))
    assert FrameFeatures(tmp_path / "with.h5").appearance_size == 3
    assert FrameFeatures(tmp_path / "without.h5").appearance_size is None


@pytest.mark.parametrize(
    ("value", "found"), [(5, "5"), (0, "0"), ("three", "an attribute of object"), (1.5, "float64")]
)
def test_a_wrong_width_of_appearance_is_refused(tmp_path, value, found):
    write_frame_features(tmp_path / "clips.h5", ["a"], np.ones((1, 2, 4)), {"appearance_size": value})
    with pytest.raises(
        ValueError, match=f"attribute appearance_size: found .*{found}, expected an integer of at most 4"
    ):
        FrameFeatures(tmp_path / "clips.h5")
