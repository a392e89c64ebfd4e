from __future__ import annotations

import numpy as np
import pytest

from trajvqa.stores import (
    ClipsInMemory,
    FrameFeatures,
    TrajectoriesInMemory,
    TrajectoryStore,
    VideoTrajectories,
    write_frame_features,
    write_trajectories,
)

CLASSES = ("dog", "cat")


def video(name: str, count: int, seed: int, **changes) -> VideoTrajectories:
    rng = np.random.Generator(np.random.PCG64(seed))
    starts = rng.integers(3, size=count) / 10
    columns = {
        "features": rng.standard_normal((count, 4)).astype(np.float32),
        "spans": np.stack([starts, starts + 0.5], axis=1).astype(np.float32),
        "labels": rng.integers(2, size=count).astype(np.int32),
        "scores": (rng.integers(3, size=count) / 2).astype(np.float32),
        "frames": tuple(np.arange(2, dtype=np.int32) for _ in range(count)),
        "boxes": tuple(rng.random((2, 4)).astype(np.float32) for _ in range(count)),
    }
    return VideoTrajectories(name, **(columns | changes))


VIDEOS = [video("a", 6, 1), video("b", 0, 2), video("c", 3, 3)]


def test_segments_in_memory_have_the_owners_of_the_file(tmp_path):
    videos = [video("a", 3, 1, owners=np.array([4, 7, 4], np.int32)), video("b", 0, 2, owners=np.zeros(0, np.int32))]
    write_trajectories(tmp_path / "store.h5", videos, CLASSES)
    for store in (TrajectoryStore(tmp_path / "store.h5"), TrajectoriesInMemory(videos, CLASSES)):
        read = store.read(["b", "a"], 10)
        assert read.owners[1].tolist() == [[4, 7, 4][index] for index in read.indices[1]]
        assert read.owners[0].tolist() == [-1, -1, -1]
        assert store.trajectories("a").owners.tolist() == [4, 7, 4]


def test_a_limit_of_segments_counts_trajectories(tmp_path):
    owners, scores = np.array([0, 1, 0, 2, 1], np.int32), np.array([1, 3, 1, 2, 3], np.float32)
    videos = [video("a", 5, 1, owners=owners, scores=scores)]
    write_trajectories(tmp_path / "store.h5", videos, CLASSES)
    for store in (TrajectoryStore(tmp_path / "store.h5"), TrajectoriesInMemory(videos, CLASSES)):
        for limit, kept in ((1, [1, 4]), (2, [1, 3, 4]), (3, [0, 1, 2, 3, 4])):
            assert sorted(store.read(["a"], limit).rows[0].tolist()) == kept


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_trajectories_in_memory_are_read_as_from_a_file(tmp_path, limit):
    write_trajectories(tmp_path / "store.h5", VIDEOS, CLASSES)
    from_file = TrajectoryStore(tmp_path / "store.h5")
    in_memory = TrajectoriesInMemory(VIDEOS, CLASSES)
    assert (in_memory.ids, in_memory.classes, in_memory.feature_size) == (("a", "b", "c"), CLASSES, 4)
    found, expected = (store.read(["c", "a", "b", "a"], limit) for store in (in_memory, from_file))
    for name in ("features", "spans", "labels", "mask", "rows", "indices", "owners"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_array_equal(in_memory.trajectories("a").boxes, from_file.trajectories("a").boxes)


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (video("a", 1, 4), "video a: found twice, expected unique videos"),
        (video("d", 1, 4, features=np.ones((1, 3), np.float32)), r"video d, features: found shape \(1, 3\), expected"),
        (video("d", 1, 4, labels=np.array([2], np.int32)), "video d, labels, row 0: found 2, expected a label below 2"),
    ],
)
def test_a_video_that_does_not_fit_the_others_is_named(added, message):
    with pytest.raises(ValueError, match=message):
        TrajectoriesInMemory([*VIDEOS, added], CLASSES)


def test_no_videos_are_refused():
    with pytest.raises(ValueError, match="videos: found none"):
        TrajectoriesInMemory([], CLASSES)
    with pytest.raises(ValueError, match="features: found no videos"):
        ClipsInMemory({})


def test_clips_in_memory_are_read_as_from_a_file(tmp_path):
    features = np.random.Generator(np.random.PCG64(0)).standard_normal((2, 3, 4))
    write_frame_features(tmp_path / "clips.h5", ["a", "b"], features, {"appearance_size": 3})
    from_file = FrameFeatures(tmp_path / "clips.h5")
    in_memory = ClipsInMemory({"a": features[0], "b": features[1]}, appearance_size=3)
    for name in ("ids", "clips", "size", "appearance_size"):
        assert getattr(in_memory, name) == getattr(from_file, name)
    np.testing.assert_array_equal(in_memory.read(["b", "a", "b"]), from_file.read(["b", "a", "b"]))


def test_missing_videos_are_named():
    stores = ClipsInMemory({"a": np.ones((1, 2))}), TrajectoriesInMemory(VIDEOS, CLASSES)
    for store, read in zip(stores, (stores[0].read, lambda ids: stores[1].read(ids, 1)), strict=True):
        with pytest.raises(ValueError, match="memory: ids: found 1 of 2 videos, expected all; 1 missing: z"):
            store.require(["a", "z"])
        with pytest.raises(ValueError, match="1 missing: z"):
            read(["a", "z"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(3), r"video b: found shape \(3,\), expected \(1, 2\) as for video a"),
        (np.ones((1, 3)), r"video b: found shape \(1, 3\), expected \(1, 2\) as for video a"),
        (np.array([[1.0, np.nan]]), "video b: found a number that is not finite"),
        (np.array([[1.0, 1e300]]), "video b: found a number that is not finite in float32"),
    ],
)
def test_clips_that_do_not_fit_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        ClipsInMemory({"a": np.ones((1, 2)), "b": values})
