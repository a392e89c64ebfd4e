from __future__ import annotations

import multiprocessing
import pickle
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajvqa.stores import TrajectoryBatch, TrajectoryStore, VideoTrajectories, write_trajectories

CLASSES = ("dog", "ball/sports_ball")


def make_video(video: str, starts=(), scores=None, size: int = 3, boxes: bool = False) -> VideoTrajectories:
    """Return a video whose features identify the trajectory."""
    count = len(starts)
    starts = np.array(starts, np.float32)
    features = np.arange(count * size, dtype=np.float32).reshape(count, size) + len(video)
    return VideoTrajectories(
        video=video,
        features=features,
        spans=np.stack([starts, np.ones(count, np.float32)], axis=1),
        labels=(np.arange(count) % 2).astype(np.int32),
        scores=np.arange(count, 0, -1).astype(np.float32) if scores is None else np.array(scores, np.float32),
        frames=tuple(np.arange(row + 1, dtype=np.int32) for row in range(count)) if boxes else None,
        boxes=tuple(np.full((row + 1, 4), row, np.float32) for row in range(count)) if boxes else None,
    )


VIDEOS = (make_video("a", [0.5, 0.25, 0.5]), make_video("bb"), make_video("ccc", [0.0, 0.75]))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trajectories_val.h5"


@pytest.fixture
def written(path):
    write_trajectories(path, VIDEOS, CLASSES, tracker="trajtrack", fps=25.0)
    return path


@pytest.fixture(params=["in memory", "in the file"])
def store(request, written) -> TrajectoryStore:
    return TrajectoryStore(written) if request.param == "in memory" else TrajectoryStore(written, in_memory=0)


def change(path, name: str, values) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


def test_properties_are_read_from_the_file(store):
    assert store.ids == ("a", "bb", "ccc")
    assert store.classes == CLASSES
    assert store.feature_size == 3
    assert store.counts.tolist() == [3, 0, 2]
    assert store.attributes == {"tracker": "trajtrack", "fps": 25.0}


def test_trajectories_are_sorted_by_start_then_row(store):
    batch = store.read(["a"], limit=10)
    assert batch.rows.tolist() == [[1, 0, 2]]
    np.testing.assert_array_equal(batch.features[0], VIDEOS[0].features[[1, 0, 2]])
    np.testing.assert_array_equal(batch.spans[0], VIDEOS[0].spans[[1, 0, 2]])
    np.testing.assert_array_equal(batch.labels[0], [1, 0, 0])


def test_dtypes_are_those_of_models(store):
    batch = store.read(["a"], limit=10)
    dtypes = [batch.features.dtype, batch.spans.dtype, batch.labels.dtype, batch.mask.dtype, batch.rows.dtype]
    assert dtypes == [np.float32, np.float32, np.int64, np.bool_, np.int64]


def test_shorter_videos_are_padded(store):
    batch = store.read(["ccc", "bb", "a"], limit=10)
    assert batch.mask.tolist() == [[True, True, False], [False] * 3, [True] * 3]
    assert batch.rows.tolist() == [[3, 4, -1], [-1, -1, -1], [1, 0, 2]]
    assert not batch.features[~batch.mask].any()
    assert not batch.spans[~batch.mask].any()
    assert not batch.labels[~batch.mask].any()


def test_a_video_without_trajectories_has_one_row_of_padding(store):
    batch = store.read(["bb"], limit=10)
    assert batch.features.shape == (1, 1, 3)
    assert not batch.mask.any()


def test_a_batch_may_hold_a_video_twice_or_no_video(store):
    assert store.read(["ccc", "ccc"], limit=1).rows.tolist() == [[3], [3]]
    assert store.read([], limit=1).features.shape == (0, 1, 3)


def test_the_limit_keeps_the_highest_scores_and_of_equals_the_lower_row(path):
    write_trajectories(path, [make_video("a", [0.9, 0.1, 0.5, 0.3], scores=[1, 2, 1, 3])], CLASSES)
    assert TrajectoryStore(path).read(["a"], limit=3).rows.tolist() == [[1, 3, 0]]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(store, limit):
    with pytest.raises(ValueError, match="limit"):
        store.read(["a"], limit=limit)


def test_missing_videos_are_counted_and_named(store):
    message = f"{store.path}: ids: found 1 of 3 videos, expected all; 2 missing: x, y"
    with pytest.raises(ValueError, match=re.escape(message)):
        store.require(["x", "a", "y", "x"])
    with pytest.raises(ValueError, match="1 missing: x"):
        store.read(["x"], limit=3)
    store.require(["ccc", "bb"])


def test_all_trajectories_of_a_video_are_in_the_order_of_the_file(store):
    found = store.trajectories("a")
    np.testing.assert_array_equal(found.features, VIDEOS[0].features)
    np.testing.assert_array_equal(found.scores, VIDEOS[0].scores)
    assert found.boxes is None


def test_given_boxes_are_kept(path):
    videos = [make_video("a", [0.1, 0.2], boxes=True), make_video("b", boxes=True), make_video("c", [0.3], boxes=True)]
    write_trajectories(path, videos, CLASSES)
    store = TrajectoryStore(path)
    for video in videos:
        found = store.trajectories(video.video)
        for name in ("frames", "boxes"):
            assert [each.tolist() for each in getattr(found, name)] == [each.tolist() for each in getattr(video, name)]


def test_a_store_may_have_no_trajectory_at_all(path):
    write_trajectories(path, [make_video("a")], ())
    store = TrajectoryStore(path)
    store.check_finite()
    assert store.classes == ()
    assert not store.read(["a"], limit=2).mask.any()


def test_features_may_be_rounded_to_half(path):
    write_trajectories(path, [make_video("a", [0.5])], CLASSES, half=True)
    with h5py.File(path) as file:
        assert file["feat"].dtype == np.float16
    store = TrajectoryStore(path)
    store.check_finite()
    assert store.read(["a"], limit=1).features.dtype == np.float32


def test_the_same_videos_give_the_same_bytes(written, tmp_path):
    write_trajectories(tmp_path / "again.h5", VIDEOS, CLASSES, tracker="trajtrack", fps=25.0)
    assert (tmp_path / "again.h5").read_bytes() == written.read_bytes()


def test_a_store_survives_pickling_after_it_was_read(store):
    expected = store.read(["a", "ccc"], limit=2).features
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(store)).read(["a", "ccc"], limit=2).features, expected)


def test_a_pickled_store_does_not_carry_its_features(path):
    write_trajectories(path, [make_video("a", np.zeros(100), size=1000)], CLASSES)
    store = TrajectoryStore(path)
    store.read(["a"], limit=1)
    assert len(pickle.dumps(store)) < 10_000


def read_features(store: TrajectoryStore) -> TrajectoryBatch:
    return store.read(["a"], limit=2)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_reads_for_itself(store):
    expected = read_features(store)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(read_features, (store,)).features, expected.features)


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    limit=st.integers(1, 7),
    seed=st.integers(0, 1000),
)
def test_what_was_written_reads_back_the_same(tmp_path_factory, counts, limit, seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    videos = [make_video("v" * (place + 1), rng.random(count)) for place, count in enumerate(counts)]
    path = tmp_path_factory.mktemp("round") / "store.h5"
    write_trajectories(path, videos, CLASSES)
    store = TrajectoryStore(path)
    batch = store.read(store.ids, limit)
    assert batch.mask.sum(axis=1).tolist() == [min(count, limit) for count in counts]
    assert store.left_out(limit) == sum(counts) - batch.mask.sum()
    for video, mask, features, spans in zip(videos, batch.mask, batch.features, batch.spans, strict=True):
        rows = np.sort(np.argsort(-video.scores, kind="stable")[:limit])
        rows = rows[np.argsort(video.spans[rows, 0], kind="stable")]
        np.testing.assert_array_equal(features[mask], video.features[rows])
        np.testing.assert_array_equal(spans[mask], video.spans[rows])


def test_features_that_are_not_finite_are_named(written):
    with h5py.File(written, "r+") as file:
        file["feat"][4, 1] = np.nan
    message = f"{written}: feat: video ccc, row 4: found NaN or infinity, expected finite numbers"
    with pytest.raises(ValueError, match=re.escape(message)):
        TrajectoryStore(written).check_finite()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("offset", [0, 3, 5], "offset: found shape (3,), expected (4,)"),
        ("offset", [0, 3, 3, 6], "offset: found 0 to 6, expected 0 to 5"),
        ("offset", [0, 4, 3, 5], "offset, row 2: found 3, expected at least 4"),
        ("offset", [0.0, 3, 3, 5], "offset: found float64, expected integer numbers"),
        ("feat", np.zeros(5), "feat: found shape (5,), expected (M, D)"),
        ("feat", np.zeros((5, 3), np.int64), "feat: found int64, expected float numbers"),
        ("span", np.zeros((4, 2)), "span: found shape (4, 2), expected (5, 2)"),
        ("span", np.tile([0.5, 0.25], (5, 1)), "span, row 0: found [0.5, 0.25], expected 0 <= start <= end <= 1"),
        ("span", np.tile([0, np.nan], (5, 1)), "span, row 0: found [0.0, nan], expected 0 <= start <= end <= 1"),
        ("label", [0, 1, 2, 0, 0], "label, row 2: found 2, expected a label below 2, the number of classes"),
        ("score", [0, 1, np.inf, 0, 0], "score, row 2: found inf, expected a finite number"),
        ("ids", [1, 2, 1], "ids: found '1' in rows 0 and 2, expected unique IDs"),
    ],
)
def test_what_does_not_fit_the_layout_is_named(written, name, values, message):
    change(written, name, np.array(values))
    with pytest.raises(ValueError, match=re.escape(f"{written}: {message}")):
        TrajectoryStore(written)


def test_a_store_without_class_names_is_refused(written):
    with h5py.File(written, "r+") as file:
        del file.attrs["classes"]
    with pytest.raises(ValueError, match="attribute classes: found None, expected the class names"):
        TrajectoryStore(written)


@pytest.mark.parametrize(
    "classes",
    [np.array([b"\xff", b"b"]), 5, h5py.Empty("f4"), np.zeros((2, 2))],
    ids=["bytes", "number", "empty", "table"],
)
def test_class_names_of_another_kind_are_refused(written, classes):
    with h5py.File(written, "r+") as file:
        file.attrs["classes"] = classes
    with pytest.raises(ValueError, match=r"attribute classes: found .*, expected the class names|label, row 0"):
        TrajectoryStore(written)


def test_boxes_without_their_frames_are_refused(written):
    with h5py.File(written, "r+") as file:
        file["boxes"] = np.zeros((2, 4), np.float32)
    with pytest.raises(ValueError, match="box_frame: found no such dataset"):
        TrajectoryStore(written)


def test_a_missing_store_is_named(path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        TrajectoryStore(path)


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ([], "videos: found none, expected at least one"),
        ([VIDEOS[0], VIDEOS[0]], "video a: found twice, expected unique videos"),
        ([VIDEOS[0], make_video("b", [0.5], size=4)], "video b, features: found shape (1, 4), expected (K, 3)"),
        ([make_video("a", size=0)], "video a, features: found shape (0, 0), expected D > 0"),
        ([VIDEOS[0], make_video("b", [0.5], boxes=True)], "video b, boxes: found some, expected none"),
        ([make_video("b", [0.5], boxes=True), VIDEOS[0]], "video a, boxes: found none, expected some"),
        (
            [replace(VIDEOS[2], labels=np.array([1, 2], np.int32))],
            "video ccc, labels, row 1: found 2, expected a label below 2, the number of classes",
        ),
    ],
)
def test_what_cannot_be_written_is_named_and_leaves_no_file(path, videos, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        write_trajectories(path, videos, CLASSES)
    assert list(path.parent.iterdir()) == []


def test_features_beyond_half_are_refused(path):
    video = make_video("a", [0.5])
    video.features[0, 1] = 70_000
    with pytest.raises(ValueError, match="video a, features: found 70000, expected at most 65504"):
        write_trajectories(path, [video], CLASSES, half=True)


def test_an_error_while_writing_leaves_the_old_file(written):
    before = written.read_bytes()

    def videos():
        yield VIDEOS[0]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_trajectories(written, videos(), CLASSES)
    assert written.read_bytes() == before
    assert len(list(written.parent.iterdir())) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.zeros(2)}, "video ccc, features: found shape (2,), expected (K, D)"),
        ({"spans": np.zeros((1, 2))}, "video ccc, spans: found shape (1, 2), expected (2, 2)"),
        ({"labels": np.zeros(3, np.int32)}, "video ccc, labels: found shape (3,), expected (2,)"),
        ({"scores": np.array([0, np.nan])}, "video ccc, scores, row 1: found NaN or infinity"),
        ({"features": np.full((2, 1), np.inf)}, "video ccc, features, row 0: found NaN or infinity"),
        ({"spans": np.array([[0, 1], [0, 1.5]])}, "video ccc, spans, row 1: found [0.0, 1.5], expected 0 <= start"),
        ({"boxes": ()}, "video ccc, frames: found None, expected frames and boxes, or neither"),
        ({"boxes": (), "frames": ()}, "video ccc, frames: found 0 entries, expected 2"),
        (
            {"boxes": (np.zeros((1, 4)), np.zeros((3, 4))), "frames": (np.arange(1), np.arange(2))},
            "video ccc, boxes, row 1: found shape (3, 4), expected (2, 4)",
        ),
    ],
)
def test_inconsistent_trajectories_are_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        replace(VIDEOS[2], **changes)
