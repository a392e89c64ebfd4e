from __future__ import annotations

import pickle

import numpy as np
import pytest

from trajtrack import Detections, Reason, Trajectories, Trajectory, link

# Trajectory 0: rows 1, 0 and, after a gap of two frames, 4, with label 3. Trajectory 1: row 3. Row 2 is suppressed.
DETECTIONS = Detections(
    [[0, 0, 8, 8], [0, 0, 8, 8], [1, 0, 8, 8], [50, 50, 60, 60], [3, 0, 11, 8]],
    [0.5, 0.75, 0.25, 0.625, 1.0],
    [3, 2, 3, 9, 6],
    labels=[3, 3, 3, -1, 3],
    num_frames=20,
    label_names={3: "cat"},
)
NOTHING = Detections(np.empty((0, 4)), [], [], num_frames=4, label_names={3: "cat"})


@pytest.fixture
def found() -> Trajectories:
    return link(DETECTIONS, max_gap=2, gap_iou_threshold=0.3, nms_threshold=0.7)


@pytest.fixture
def nothing() -> Trajectories:
    return link(NOTHING)


def test_columns_have_their_documented_types(found: Trajectories) -> None:
    for name, dtype, values in (
        ("track_ids", np.int64, [0, 0, -1, 1, 0]),
        ("reasons", np.int8, [Reason.LINKED, Reason.LINKED, Reason.SUPPRESSED, Reason.LINKED, Reason.LINKED]),
        ("suppressed_by", np.int64, [-1, -1, 0, -1, -1]),
        ("offsets", np.int64, [0, 3, 4]),
        ("rows", np.int64, [1, 0, 4, 3]),
        ("labels", np.int32, [3, -1]),
        ("scores", np.float64, [0.75, 0.625]),
        ("lengths", np.int64, [3, 1]),
        ("starts", np.int32, [2, 9]),
        ("ends", np.int32, [6, 9]),
    ):
        column = getattr(found, name)
        assert (name, column.dtype, column.tolist()) == (name, dtype, values)


def test_detections_and_options_are_kept(found: Trajectories) -> None:
    assert found.detections is DETECTIONS
    assert found.options.max_gap == 2


def test_reasons_have_fixed_numbers() -> None:
    assert [(reason.name, reason.value) for reason in Reason] == [
        ("LINKED", 0),
        ("BELOW_MIN_SCORE", 1),
        ("SUPPRESSED", 2),
        ("TOO_SHORT", 3),
        ("NOT_POSITIVE", 4),
        ("LOW_CONFIDENCE", 5),
    ]


# --- one trajectory --------------------------------------------------------------------------------------------------


def test_a_trajectory_has_every_frame_from_its_first_to_its_last(found: Trajectories) -> None:
    track = found[0]
    assert (track.id, track.label, track.score, track.start, track.end, len(track)) == (0, 3, 0.75, 2, 6, 5)
    assert track.frames.tolist() == [2, 3, 4, 5, 6]
    assert track.rows.tolist() == [1, 0, -1, -1, 4]
    assert track.scores.tolist() == [0.75, 0.5, 0, 0, 1]
    assert track.boxes.tolist() == [[0, 0, 8, 8], [0, 0, 8, 8], [1, 0, 9, 8], [2, 0, 10, 8], [3, 0, 11, 8]]
    assert track.interpolated.tolist() == [False, False, True, True, False]


def test_columns_of_a_trajectory_have_their_documented_types(found: Trajectories) -> None:
    for track in found:
        assert (track.frames.dtype, track.boxes.dtype) == (np.int32, np.float32)
        assert (track.scores.dtype, track.rows.dtype) == (np.float32, np.int64)
        assert (type(track.label), type(track.score), type(track.start)) == (int, float, int)


def test_trajectories_are_a_sequence(found: Trajectories) -> None:
    assert len(found) == 2
    assert [track.id for track in found] == [0, 1]
    assert [track.id for track in found[::-1]] == [1, 0]
    assert [track.id for track in found[1:9]] == [1]
    assert found[-1].id == found[np.int64(1)].id == 1
    assert found[-2].id == 0


@pytest.mark.parametrize("number", [2, -3])
def test_an_index_out_of_range_is_rejected(found: Trajectories, number: int) -> None:
    with pytest.raises(IndexError, match=rf"^index: found {number}, expected an index into a sequence of length 2$"):
        found[number]


def test_repr_shows_the_size(found: Trajectories) -> None:
    assert repr(found) == "Trajectories(2 trajectories of 4 of 5 detections)"
    assert repr(found[0]) == "Trajectory(id=0, label=3, score=0.75, frames 2 to 6, 3 detections)"


def test_writing_to_a_trajectory_does_not_modify_the_detections(found: Trajectories) -> None:
    before = DETECTIONS.boxes.copy()
    for track in found:
        track.boxes[:] = -1
        track.scores[:] = -1
        track.frames[:] = -1
    np.testing.assert_array_equal(DETECTIONS.boxes, before)
    assert found[1].frames.tolist() == [9]


def test_trajectories_survive_pickling(found: Trajectories) -> None:
    again = pickle.loads(pickle.dumps(found))
    assert again.detections == DETECTIONS
    assert again.options == found.options
    assert again.rows.tolist() == found.rows.tolist()
    assert isinstance(again[0], Trajectory)


# --- pooling ---------------------------------------------------------------------------------------------------------


def test_pooling_averages_over_detections_and_not_over_interpolated_boxes(found: Trajectories) -> None:
    features = np.array([[1, 0], [2, 0], [100, 100], [7, -7], [6, 3]], np.float32)
    pooled = found.pool(features)
    assert pooled.dtype == np.float32
    assert pooled.tolist() == [[3, 1], [7, -7]]


@pytest.mark.parametrize(
    ("given", "expected"), [("f8", "f8"), ("f4", "f4"), ("f2", "f4"), ("i8", "f4"), ("u1", "f4"), ("?", "f4")]
)
def test_pooling_gives_float64_for_float64_else_float32(found: Trajectories, given: str, expected: str) -> None:
    pooled = found.pool(np.ones((5, 3), given))
    assert pooled.dtype == expected
    assert pooled.tolist() == [[1, 1, 1]] * 2


def test_pooling_adds_in_float64(found: Trajectories) -> None:
    features = np.array([[1], [2**24], [0], [0], [1]], np.float32)
    assert found.pool(features).tolist() == [[np.float32((2**24 + 2) / 3)], [0]]


def test_pooling_accepts_lists_and_zero_columns(found: Trajectories) -> None:
    assert found.pool([[1.0]] * 5).tolist() == [[1], [1]]
    assert found.pool(np.empty((5, 0))).shape == (2, 0)


@pytest.mark.parametrize("shape", [(4, 2), (5,), (6, 1), (5, 1, 1), (0, 2)])
def test_features_need_one_row_for_each_detection(found: Trajectories, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^features: found shape \(.*\), expected \(5, D\)$"):
        found.pool(np.zeros(shape))


# --- tables ----------------------------------------------------------------------------------------------------------

COLUMNS = {
    "frame": [2, 3, 4, 5, 6, 9],
    "x1": [0, 0, 1, 2, 3, 50],
    "y1": [0, 0, 0, 0, 0, 50],
    "x2": [8, 8, 9, 10, 11, 60],
    "y2": [8, 8, 8, 8, 8, 60],
    "score": [0.75, 0.5, 0, 0, 1, 0.625],
    "label": [3, 3, 3, 3, 3, -1],
    "track_id": [0, 0, 0, 0, 0, 1],
}
DETECTED = [0, 1, 4, 5]


@pytest.mark.parametrize(("interpolate", "rows"), [(True, range(6)), (False, DETECTED)])
def test_tables_have_the_rows_by_trajectory_and_frame(found: Trajectories, interpolate: bool, rows) -> None:
    expected = {name: [column[row] for row in rows] for name, column in COLUMNS.items()}
    assert {name: column.tolist() for name, column in found.to_columns(interpolate).items()} == expected


def test_tables_include_interpolated_boxes_by_default(found: Trajectories) -> None:
    assert found.to_columns()["frame"].tolist() == COLUMNS["frame"]


def test_pandas_and_arrow_tables_hold_the_columns(found: Trajectories) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    assert found.to_pandas().to_dict("list") == COLUMNS
    assert found.to_arrow().to_pydict() == COLUMNS
    assert len(found.to_pandas(interpolate=False)) == found.to_arrow(interpolate=False).num_rows == 4


def test_to_detections_keeps_the_video_and_the_names(found: Trajectories) -> None:
    again = found.to_detections()
    assert again.num_frames == 20
    assert again.label_names == {3: "cat"}
    assert again.track_ids is not None
    assert again.track_ids.tolist() == COLUMNS["track_id"]


def test_to_detections_gives_each_row_the_label_of_its_trajectory() -> None:
    rows = Detections([[0, 0, 8, 8]] * 3, [1, 1, 0.5], [0, 1, 3], labels=[2, 2, 5])
    assert link(rows, method="seq-nms", class_agnostic=True).to_detections().labels.tolist() == [2, 2, 2, 2]


def test_a_gap_between_two_trajectories_is_not_filled() -> None:
    rows = Detections([[0, 0, 8, 8], [100, 0, 108, 8]], [1, 0.5], [0, 5])
    assert link(rows, method="seq-nms").to_detections().frames.tolist() == [0, 5]


def test_everything_is_empty_without_detections(nothing: Trajectories) -> None:
    assert len(nothing) == 0
    assert list(nothing) == nothing[:] == []
    assert nothing.lengths.tolist() == nothing.starts.tolist() == nothing.ends.tolist() == []
    assert nothing.pool(np.empty((0, 7), np.float32)).shape == (0, 7)
    assert nothing.to_detections() == Detections([], [], [], num_frames=4, track_ids=[], label_names={3: "cat"})
    assert {len(column) for column in nothing.to_columns().values()} == {0}
    with pytest.raises(IndexError, match=r"^index: found 0, expected an index into a sequence of length 0$"):
        nothing[0]


@pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")
def test_no_features_are_pooled_if_all_rows_are_dropped() -> None:
    dropped = link(DETECTIONS, min_score=2)
    assert dropped.pool(np.ones((5, 2))).shape == (0, 2)
    assert len(dropped.to_detections(interpolate=False)) == len(dropped.to_detections()) == 0
