from __future__ import annotations

import pickle
import re

import h5py
import numpy as np
import pytest

from trajvqa.stores import RegionFeatures, RegionsInMemory, write_region_features

IDS = ("100", "7", "é")
SHAPE = (2, 4, 3)
RNG = np.random.Generator(np.random.PCG64(0))
FEAT = RNG.standard_normal((len(IDS), *SHAPE, 5)).astype(np.float32)
BBOX = (RNG.random((len(IDS), *SHAPE, 4)) * 100).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "region_8c20b_val.h5"


@pytest.fixture
def written(path):
    write_region_features(path, IDS, zip(FEAT, BBOX, strict=True))
    return path


def write(path, **datasets) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values


def check_error(path, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {message}')}"):
        RegionFeatures(path)


def in_memory() -> RegionsInMemory:
    return RegionsInMemory(dict(zip(IDS, FEAT, strict=True)), dict(zip(IDS, BBOX, strict=True)))


@pytest.mark.parametrize("source", ["file", "memory"])
def test_videos_are_read_by_id_in_any_order(written, source):
    regions = RegionFeatures(written) if source == "file" else in_memory()
    found = regions.read(["é", "100", "é"])
    np.testing.assert_array_equal(found.features, FEAT[[2, 0, 2]])
    np.testing.assert_array_equal(found.boxes, BBOX[[2, 0, 2]])
    assert (regions.ids, regions.clips, regions.frames, regions.regions, regions.size) == (IDS, 2, 4, 3, 5)


@pytest.mark.parametrize("ids", [np.array([100, 7, 3]), np.array([b"100", b"7", b"3"])])
@pytest.mark.parametrize("storage", [{}, {"chunks": (1, 1, 4, 3, 5)}, {"chunks": True, "compression": "gzip"}])
def test_public_files_are_read_unchanged(path, ids, storage):
    with h5py.File(path, "w") as file:
        file["ids"] = ids
        file.create_dataset("feat", data=FEAT, **storage)
        file["bbox"] = BBOX
    np.testing.assert_array_equal(RegionFeatures(path).read(["7"]).features, FEAT[1:2])


def test_rows_of_zeros_are_no_regions(path):
    feat, bbox = FEAT.copy(), BBOX.copy()
    feat[0, 0, 0, 2], bbox[0, 0, 0, 2] = 0, 0
    feat[0, 1, 1, 1] = 0
    write(path, ids=[1, 2, 3], feat=feat, bbox=bbox)
    mask = RegionFeatures(path).read(["1"]).mask
    assert np.argwhere(~mask).tolist() == [[0, 0, 0, 2]]


def test_only_the_videos_that_are_asked_for_are_read(written, monkeypatch):
    read = []
    original = h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda self, rows: (read.append(rows), original(self, rows))[1])
    regions = RegionFeatures(written)
    read.clear()
    assert regions.read(["7"]).features.shape == (1, *SHAPE, 5)
    assert read == []


def test_it_can_be_pickled_after_reading(written):
    regions = RegionFeatures(written)
    regions.read(["7"])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(regions)).read(["7"]).boxes, BBOX[1:2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bbox": None}, "bbox: found no such dataset (only feat, ids), expected shape (V, C, F, R, 4)"),
        ({"feat": FEAT[:, 0]}, "feat: found shape (3, 4, 3, 5), expected (V, C, F, R, D)"),
        ({"bbox": FEAT}, "bbox: found shape (3, 2, 4, 3, 5), expected (V, C, F, R, 4)"),
        ({"bbox": BBOX[:, :1]}, "bbox: found shape (3, 1, 4, 3, 4), expected (3, 2, 4, 3, 4), a box for each region"),
        ({"feat": FEAT[:2]}, "feat: found 2 rows, expected 3, as many as ids"),
        ({"bbox": BBOX[:2]}, "bbox: found 2 rows, expected 3, as many as ids"),
        ({"feat": FEAT.astype(np.int32)}, "feat: found int32, expected float numbers"),
        ({"feat": FEAT[..., :0]}, "feat: found shape (3, 2, 4, 3, 0), expected (V, C, F, R, D) without zeros"),
        ({"ids": np.array([1, 1, 2])}, "ids: found '1' in rows 0 and 1, expected unique IDs"),
    ],
)
def test_a_file_of_another_form_is_named_with_the_dataset(path, changes, message):
    datasets = {"ids": np.array([1, 2, 3]), "feat": FEAT, "bbox": BBOX} | changes
    write(path, **{name: values for name, values in datasets.items() if values is not None})
    check_error(path, message)


def test_a_truncated_file_is_named(written):
    written.write_bytes(written.read_bytes()[:-800])
    with pytest.raises(ValueError, match=re.escape(str(written))):
        RegionFeatures(written).read(["é"])


@pytest.mark.parametrize(("name", "value"), [("feat", np.nan), ("bbox", np.inf)])
def test_numbers_that_are_not_finite_are_named(path, name, value):
    datasets = {"ids": np.array([1, 2, 3]), "feat": FEAT.copy(), "bbox": BBOX.copy()}
    datasets[name][1, 0, 0, 0, 0] = value
    write(path, **datasets)
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'{path}: {name}: video 2: found a number that is not finite')}"
    ):
        RegionFeatures(path).check_finite()


@pytest.mark.parametrize("source", ["file", "memory"])
def test_missing_videos_are_named(written, source):
    regions = RegionFeatures(written) if source == "file" else in_memory()
    with pytest.raises(ValueError, match="found 1 of 2 videos, expected all; 1 missing: 8"):
        regions.read(["7", "8"])


@pytest.mark.parametrize(
    ("features", "boxes", "message"),
    [
        ({}, {}, "features: found no videos, expected at least one"),
        ({"a": FEAT[0]}, {}, "boxes: ids: found 0 of 1 videos"),
        ({"a": FEAT[0, 0]}, {"a": BBOX[0]}, r"features, video a: found shape \(4, 3, 5\), expected \(C, F, R, D\)"),
        ({"a": FEAT[0]}, {"a": BBOX[0, :1]}, r"boxes, video a: found shape \(1, 4, 3, 4\), expected \(2, 4, 3, 4\)"),
        ({"a": FEAT[0] * np.inf}, {"a": BBOX[0]}, "features, video a: found a number that is not finite"),
    ],
)
def test_regions_in_memory_of_another_form_are_named(features, boxes, message):
    with pytest.raises(ValueError, match=message):
        RegionsInMemory(features, boxes)


@pytest.mark.parametrize(
    ("ids", "regions", "message"),
    [
        ((), [], "ids: found 0 distinct IDs, expected at least one"),
        (("a", "a"), [], "ids: found 1 distinct IDs, expected 2"),
        (("a", "b"), [(FEAT[0], BBOX[0])], "regions: found 1 videos, expected 2"),
        (("a",), [(FEAT[0], BBOX[0])] * 2, "regions: found more than 1 videos"),
        (("a", "b"), [(FEAT[0], BBOX[0]), (FEAT[0, :1], BBOX[0, :1])], "regions, video b: found shape"),
    ],
)
def test_regions_that_cannot_be_written_leave_no_file(path, ids, regions, message):
    with pytest.raises(ValueError, match=message):
        write_region_features(path, ids, regions)
    assert not path.exists()


def test_a_number_that_is_not_finite_is_named_where_it_is_read(tmp_path):
    features = np.ones((1, 2, 2, 3), np.float32)
    boxes = np.ones((1, 2, 2, 4), np.float32)
    path = tmp_path / "region.h5"
    write_region_features(path, ("a", "b"), [(features, boxes)] * 2)
    with h5py.File(path, "r+") as file:
        file["feat"][1, 0, 0, 0, 0] = np.nan
    store = RegionFeatures(path)
    store.read(["a"])
    with pytest.raises(ValueError, match=r"region\.h5: feat: video b: found a number that is not finite"):
        store.read(["a", "b"])
