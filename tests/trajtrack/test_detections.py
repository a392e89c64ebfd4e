from __future__ import annotations

import pickle
import re
from dataclasses import FrozenInstanceError
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.comparisons import exactly
from trajtrack import Detections, _core, concat

BOXES = [[0, 0, 2, 4], [1, 2, 3, 4], [5, 5, 5, 5]]
SCORES = [0.5, 0.25, -1]
FRAMES = [2, 0, 2]
LABELS = [7, -1, 0]
EXPECTED = Detections(np.array(BOXES, np.float32), SCORES, FRAMES, labels=LABELS)


class WithDlpack:
    """A tensor of a library that supports only DLPack."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __dlpack__(self, **options: object) -> object:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class WithArray:
    """A tensor that converts to an array on request."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return self.values


class OnGpu:
    """A tensor in GPU memory."""

    __cuda_array_interface__ = {"shape": (1,), "typestr": "<f4", "data": (0, False), "version": 3}  # noqa: RUF012


def one(**columns: object) -> Detections:
    return Detections(**({"boxes": [[0, 0, 1, 1]], "scores": [1], "frames": [0]} | columns))


# --- columns ---------------------------------------------------------------------------------------------------------


def test_columns_have_their_documented_types() -> None:
    found = Detections(BOXES, SCORES, FRAMES, labels=LABELS, track_ids=[4, -1, 4])
    assert found.boxes.tolist() == BOXES
    assert (found.boxes.dtype, found.boxes.shape) == (np.float32, (3, 4))
    for name, dtype, values in (
        ("scores", np.float32, SCORES),
        ("frames", np.int32, FRAMES),
        ("labels", np.int32, LABELS),
        ("track_ids", np.int64, [4, -1, 4]),
    ):
        assert getattr(found, name).dtype == dtype
        assert getattr(found, name).tolist() == values


def test_omitted_arguments_have_defaults() -> None:
    found = Detections(BOXES, SCORES, FRAMES)
    assert found.labels.tolist() == [0, 0, 0]
    assert found.num_frames == 3
    assert found.track_ids is None
    assert found.label_names == {}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", ">f4", ">f8", "i1", "i2", "i4", "i8"])
def test_boxes_and_scores_are_accepted_in_every_numeric_type(dtype: str) -> None:
    boxes, scores = np.array(BOXES).astype(dtype), np.array([1, 2, -3]).astype(dtype)
    assert Detections(boxes, scores, FRAMES, labels=LABELS) == Detections(BOXES, [1, 2, -3], FRAMES, labels=LABELS)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", ">i4", "f2", "f4", "f8", "g"])
def test_frames_and_labels_are_accepted_in_every_type_that_holds_integers(dtype: str) -> None:
    column = np.array(FRAMES, dtype)
    assert Detections(BOXES, SCORES, column, labels=column, track_ids=column) == Detections(
        BOXES, SCORES, FRAMES, labels=FRAMES, track_ids=FRAMES
    )


@pytest.mark.parametrize("wrap", [WithDlpack, WithArray, memoryview, np.ndarray.tolist])
def test_columns_are_accepted_from_any_container(wrap) -> None:
    found = Detections(
        wrap(np.array(BOXES, np.float32)),
        wrap(np.array(SCORES, np.float32)),
        wrap(np.array(FRAMES, np.int32)),
        labels=wrap(np.array(LABELS, np.int32)),
    )
    assert found == EXPECTED


def test_torch_columns_that_require_a_gradient_are_accepted() -> None:
    torch = pytest.importorskip("torch")
    found = Detections(
        torch.tensor(BOXES, dtype=torch.float32, requires_grad=True),
        torch.tensor(SCORES),
        torch.tensor(FRAMES),
        labels=torch.tensor(LABELS),
    )
    assert found == EXPECTED


def test_columns_are_accepted_in_any_memory_layout() -> None:
    wide = np.zeros((6, 8), np.float32, order="F")
    wide[::2, ::2] = BOXES
    assert Detections(wide[::2, ::2], SCORES[::1], np.array(FRAMES[::-1])[::-1], labels=LABELS) == EXPECTED


@pytest.mark.parametrize("wrap", [np.asarray, WithArray, memoryview])
def test_columns_of_the_stored_type_and_layout_are_not_copied(wrap) -> None:
    columns = {
        "boxes": np.array(BOXES, np.float32),
        "scores": np.array(SCORES, np.float32),
        "frames": np.array(FRAMES, np.int32),
        "labels": np.array(LABELS, np.int32),
        "track_ids": np.array([1, 2, 3], np.int64),
    }
    found = Detections(**{name: wrap(column) for name, column in columns.items()})
    for name, column in columns.items():
        assert np.shares_memory(getattr(found, name), column), name


def test_read_only_columns_are_accepted() -> None:
    boxes = np.array(BOXES, np.float32)
    boxes.setflags(write=False)
    assert Detections(boxes, SCORES, FRAMES, labels=LABELS) == EXPECTED


def test_doubles_are_rounded_once_to_the_nearest_float() -> None:
    value = 16777217.000001  # nearer to 16777218 than to 16777216, by a hair
    assert one(boxes=[[0, 0, value, 1]]).boxes[0, 2] == 16777218


def test_empty_lists_are_accepted_as_no_rows() -> None:
    found = Detections([], [], [])
    assert len(found) == found.num_frames == 0
    assert found.boxes.shape == (0, 4)


def test_num_frames_may_exceed_the_last_frame_and_costs_nothing() -> None:
    assert one(frames=[3], num_frames=10**12).num_frames == 10**12


def test_the_largest_frame_number_is_accepted() -> None:
    assert one(frames=[2**31 - 1]).num_frames == 2**31


# --- box formats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box_format", "box"), [("xyxy", [1, 2, 4, 8]), ("xywh", [1, 2, 3, 6]), ("cxcywh", [2.5, 5, 3, 6])]
)
def test_boxes_are_accepted_in_three_formats(box_format, box) -> None:
    assert one(boxes=[box], box_format=box_format).boxes.tolist() == [[1, 2, 4, 8]]


@pytest.mark.parametrize("box_format", ["xywh", "cxcywh"])
def test_formats_with_sizes_are_converted_in_float64_and_rounded_once(box_format: str) -> None:
    left, width = 0.1, 1e6 + 0.3
    first = left - width / 2 if box_format == "cxcywh" else left
    found = one(boxes=np.array([[left, 0, width, 1]]), box_format=box_format)
    assert found.boxes[0, 0] == np.float32(first)
    assert found.boxes[0, 2] == np.float32(first + width)


def test_empty_boxes_are_accepted_in_every_format() -> None:
    assert len(Detections(np.empty((0, 4)), [], [], box_format="cxcywh")) == 0
    assert len(Detections([], [], [], box_format="xywh")) == 0


# --- invalid input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"boxes": [[0, 0, 1]]}, "boxes: found shape (1, 3), expected (N, 4)"),
        ({"boxes": [0, 0, 1, 1]}, "boxes: found shape (4,), expected 2 axes"),
        ({"boxes": np.zeros((1, 1, 4))}, "boxes: found shape (1, 1, 4), expected 2 axes"),
        (
            {"boxes": [[0, 0, 1, 1], [0, 0]]},
            "boxes: found rows of unequal lengths, expected a rectangular array of numbers",
        ),
        ({"boxes": [[0, 0, 1]], "box_format": "xywh"}, "boxes: found shape (1, 3), expected (N, 4)"),
        ({"scores": [[1]]}, "scores: found shape (1, 1), expected one axis"),
        ({"scores": 1.0}, "scores: found shape (), expected one axis"),
        ({"frames": [[0]]}, "frames: found shape (1, 1), expected one axis"),
        ({"labels": [[0]]}, "labels: found shape (1, 1), expected one axis"),
        ({"scores": [1, 2]}, "scores: found 2 rows, expected 1 as in boxes"),
        ({"frames": []}, "frames: found 0 rows, expected 1 as in boxes"),
        ({"labels": [1, 2, 3]}, "labels: found 3 rows, expected 1 as in boxes"),
        ({"track_ids": [1, 2]}, "track_ids: found 2 rows, expected 1 as in boxes"),
        ({"box_format": "xyhw"}, "box_format: found 'xyhw', expected one of xyxy, xywh, cxcywh (did you mean 'xywh'?)"),
        ({"num_frames": -1}, "num_frames: found -1, expected an integer from 0 to 9223372036854775807"),
        (
            {"num_frames": 2**63},
            "num_frames: found 9223372036854775808, expected an integer from 0 to 9223372036854775807",
        ),
        (
            {"label_names": {2**31: "dog"}},
            "label_names: label: found 2147483648, expected an integer from -2147483648 to 2147483647",
        ),
    ],
)
def test_a_wrong_shape_or_choice_is_rejected(columns, message: str) -> None:
    with pytest.raises(ValueError, match=exactly(message)):
        one(**columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"boxes": [["a", "b", "c", "d"]]}, "boxes: found dtype <U1, expected numbers"),
        ({"boxes": [[0, 0, 1, {}]]}, "boxes, row 0: found {}, expected a number"),
        ({"scores": [True]}, "scores: found dtype bool, expected numbers"),
        ({"scores": [1j]}, "scores: found dtype complex128, expected numbers"),
        ({"frames": np.array(["2020-01-01"], "M8[D]")}, "frames: found dtype datetime64[D], expected numbers"),
        ({"labels": ["car"]}, "labels: found dtype <U3, expected numbers"),
        ({"num_frames": 2.0}, "num_frames: found 2.0, expected an integer"),
        ({"label_names": {1: 2}}, "label_names, label 1: found 2, expected a name"),
        ({"label_names": ["car"]}, "label_names: found list, expected a mapping from label to name"),
    ],
)
def test_a_wrong_type_is_rejected(columns, message: str) -> None:
    with pytest.raises(TypeError, match=exactly(message)):
        one(**columns)


@pytest.mark.skipif(_core.cuda_problem() is None, reason="there is a GPU")
@pytest.mark.parametrize("column", ["boxes", "scores", "frames", "labels", "track_ids"])
def test_values_on_a_gpu_are_rejected_with_a_workaround(column: str) -> None:
    with pytest.raises(TypeError, match=rf"^{column}: found values on a GPU, expected .* copy them first"):
        one(**{column: OnGpu()})


GOOD = np.tile(np.array([0, 0, 1, 1], np.float64), (9000, 1))


def with_bad_rows(values: np.ndarray, bad: object, rows: tuple[int, ...] = (5000, 8000)) -> np.ndarray:
    values = values.copy()
    for row in rows:
        values[row] = bad
    return values


@pytest.mark.parametrize(
    ("column", "bad", "message"),
    [
        ("boxes", [np.nan, 0, 1, 1], "boxes, row 5000: found [nan, 0.0, 1.0, 1.0], expected four finite numbers"),
        ("boxes", [0, 0, np.inf, 1], "boxes, row 5000: found [0.0, 0.0, inf, 1.0], expected four finite numbers"),
        ("boxes", [0, -np.inf, 1, 1], "boxes, row 5000: found [0.0, -inf, 1.0, 1.0], expected four finite numbers"),
        ("boxes", [0, 0, 1, 1.1e9], "boxes, row 5000: found [0.0, 0.0, 1.0, 1100000000.0], expected four finite"),
        ("boxes", [-1e300, 0, 1, 1], "boxes, row 5000: found [-1e+300, 0.0, 1.0, 1.0], expected four finite"),
        ("boxes", [2, 0, 1, 1], "boxes, row 5000: found [2.0, 0.0, 1.0, 1.0], expected x1 <= x2 and y1 <= y2"),
        ("boxes", [0, 2, 1, 1], "boxes, row 5000: found [0.0, 2.0, 1.0, 1.0], expected x1 <= x2 and y1 <= y2"),
        ("scores", np.nan, "scores, row 5000: found nan, expected a finite number"),
        ("scores", -np.inf, "scores, row 5000: found -inf, expected a finite number"),
        ("scores", 1e39, "scores, row 5000: found 1e+39, expected a finite number"),
        ("frames", -1, "frames, row 5000: found -1, expected a frame number of at least 0"),
        ("frames", 0.5, "frames, row 5000: found 0.5, expected an integer"),
        ("frames", np.nan, "frames, row 5000: found nan, expected an integer"),
        ("frames", np.inf, "frames, row 5000: found inf, expected an integer"),
        ("frames", 2.0**31, "frames, row 5000: found 2147483648.0, expected a value from -2147483648 to 2147483647"),
        ("labels", 0.25, "labels, row 5000: found 0.25, expected an integer"),
        ("labels", -(2.0**31) - 1, "labels, row 5000: found -2147483649.0, expected a value from -2147483648 to"),
        ("track_ids", 2.0**63, "track_ids, row 5000: found 9.223372036854776e+18, expected a value from"),
    ],
)
def test_the_first_bad_row_is_named_with_what_was_found_and_expected(column: str, bad, message: str) -> None:
    columns = {name: np.zeros(len(GOOD)) for name in ("scores", "frames", "labels", "track_ids")} | {"boxes": GOOD}
    columns[column] = with_bad_rows(columns[column], bad)
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        Detections(**columns)


@pytest.mark.parametrize(("column", "value"), [("frames", 2**31), ("labels", -(2**31) - 1), ("track_ids", 2**63)])
def test_integers_that_do_not_fit_are_rejected(column: str, value: int) -> None:
    with pytest.raises(ValueError, match=rf"^{column}, row 0: found {value}, expected a value from"):
        one(**{column: [value]})


@pytest.mark.parametrize("box_format", ["xywh", "cxcywh"])
def test_a_negative_size_is_rejected_in_the_numbers_given(box_format: str) -> None:
    message = "boxes, row 0: found [5, 6, 1, -2], expected a width and a height of at least 0"
    with pytest.raises(ValueError, match=exactly(message)):
        one(boxes=[[5, 6, 1, -2]], box_format=box_format)


def test_a_frame_beyond_num_frames_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"^frames, row 1: found frame 7, expected a frame below num_frames=7$"):
        Detections(BOXES, SCORES, [0, 7, 3], num_frames=7)


# --- one entry per frame ---------------------------------------------------------------------------------------------

TWO = np.array([[0, 0, 2, 4, 0.5, 7], [1, 2, 3, 4, 0.25, 1]])


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(TWO, id="array"),
        pytest.param(TWO.tolist(), id="list"),
        pytest.param({"boxes": TWO[:, :4], "scores": TWO[:, 4], "labels": TWO[:, 5]}, id="mapping"),
        pytest.param(
            SimpleNamespace(xyxy=TWO[:, :4], confidence=TWO[:, 4], class_id=TWO[:, 5].astype(int)), id="supervision"
        ),
        pytest.param(
            SimpleNamespace(boxes=SimpleNamespace(xyxy=TWO[:, :4], conf=TWO[:, 4], cls=TWO[:, 5])), id="ultralytics"
        ),
    ],
)
def test_each_entry_is_a_frame(entry) -> None:
    found = Detections.from_frames([None, entry, entry])
    expected = Detections(
        np.tile(TWO[:, :4], (2, 1)), [0.5, 0.25, 0.5, 0.25], [1, 1, 2, 2], labels=[7, 1, 7, 1], num_frames=3
    )
    assert found == expected


@pytest.mark.parametrize(
    "entry",
    [
        TWO[:, :5],
        {"boxes": TWO[:, :4], "scores": TWO[:, 4]},
        SimpleNamespace(xyxy=TWO[:, :4], confidence=TWO[:, 4], class_id=None),
    ],
)
def test_entries_without_labels_have_label_0(entry) -> None:
    assert Detections.from_frames([entry]).labels.tolist() == [0, 0]


@pytest.mark.parametrize("empty", [None, [], np.empty((0, 6)), np.empty((0, 5)), {"boxes": [], "scores": []}])
def test_empty_entries_are_frames_too(empty) -> None:
    found = Detections.from_frames([empty, TWO, empty])
    assert found.frames.tolist() == [1, 1]
    assert found.num_frames == 3


def test_no_entries_are_no_frames() -> None:
    found = Detections.from_frames(iter(()), label_names={0: "cat"})
    assert (len(found), found.num_frames, found.label_names) == (0, 0, {0: "cat"})


def test_entries_are_accepted_in_other_box_formats() -> None:
    found = Detections.from_frames([[[1, 2, 3, 4, 0.5]], {"boxes": [[1, 2, 3, 4]], "scores": [1]}], box_format="xywh")
    assert found.boxes.tolist() == [[1, 2, 4, 6]] * 2


def test_objects_with_xyxy_keep_it_whatever_the_box_format() -> None:
    entry = SimpleNamespace(xyxy=[[1, 2, 3, 4]], confidence=[0.5], class_id=None)
    assert Detections.from_frames([entry], box_format="xywh").boxes.tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            np.zeros((2, 4)),
            "frames, entry 1: found an array of shape (2, 4), expected 5 or 6 columns (box, score, label)",
        ),
        (np.zeros(6), "frames, entry 1: found an array of shape (6,), expected 5 or 6 columns (box, score, label)"),
        ({"boxes": [[0, 0, 1, 1]]}, "frames, entry 1: found a mapping without scores, expected boxes and scores"),
        ({"scores": []}, "frames, entry 1: found a mapping without boxes, expected boxes and scores"),
        (
            {"boxes": [[0, 0, 1, 1]], "scores": None},
            "frames, entry 1: found boxes without scores, expected a score for each",
        ),
        (
            SimpleNamespace(xyxy=[[0, 0, 1, 1]], confidence=None, class_id=None),
            "frames, entry 1: found boxes without scores, expected a score for each",
        ),
        (
            {"boxes": [[0, 0, 1, 1]], "scores": [1, 1]},
            "frames, entry 1: scores: found 2 rows, expected 1 as in boxes",
        ),
        (
            {"boxes": [[0, 0, 1, 1]], "scores": [1], "labels": []},
            "frames, entry 1: labels: found 0 rows, expected 1 as in boxes",
        ),
    ],
)
def test_an_invalid_entry_is_rejected_with_its_index(entry, message: str) -> None:
    with pytest.raises(ValueError, match=exactly(message)):
        Detections.from_frames([None, entry])


def test_an_entry_of_another_type_is_rejected_with_its_index() -> None:
    expected = "found str, expected None, an array or the output of a supported detector for one frame"
    with pytest.raises(TypeError, match=exactly(f"frames, entry 0: {expected}")):
        Detections.from_frames(["rows"])


# --- tables ----------------------------------------------------------------------------------------------------------

TABLE = {
    "note": ["a", "b", "c"],
    "frame": FRAMES,
    "x1": [0, 1, 5],
    "y1": [0, 2, 5],
    "x2": [2, 3, 5],
    "y2": [4, 4, 5],
    "score": SCORES,
    "label": LABELS,
}


def as_pandas(columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def as_arrow(columns):
    return pytest.importorskip("pyarrow").table(columns)


def as_polars(columns):
    return pytest.importorskip("polars").DataFrame(columns)


every_table = pytest.mark.parametrize("make", [dict, as_pandas, as_arrow, as_polars])


@every_table
def test_a_table_has_one_row_per_detection(make) -> None:
    assert Detections.from_table(make(TABLE)) == EXPECTED


@every_table
def test_a_table_may_hold_left_top_width_height(make) -> None:
    sizes = {"frame": [0], "score": [1.0], "x": [1.0], "y": [2.0], "w": [3.0], "h": [4.0]}
    assert Detections.from_table(make(sizes)) == one(boxes=[[1, 2, 4, 6]])


@every_table
def test_a_table_may_hold_identities(make) -> None:
    found = Detections.from_table(make(TABLE | {"track_id": [5, -1, 6]}), num_frames=9, label_names={7: "cat"})
    assert found.track_ids is not None
    assert found.track_ids.tolist() == [5, -1, 6]
    assert (found.num_frames, found.label_names) == (9, {7: "cat"})


@every_table
def test_columns_survive_a_round_trip(make) -> None:
    given = EXPECTED[:]
    assert Detections.from_table(make(given.to_columns())) == given


@every_table
def test_a_table_without_rows_is_accepted(make) -> None:
    assert len(Detections.from_table(make({name: np.empty(0) for name in TABLE if name != "note"}))) == 0


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("frame", "table: found no column 'frame', expected frame, score and x1, y1, x2, y2"),
        ("score", "table: found no column 'score', expected frame, score and x1, y1, x2, y2"),
        ("y2", "table: found no column 'y2', expected frame, score and x1, y1, x2, y2"),
    ],
)
@every_table
def test_a_missing_column_is_named(make, missing: str, expected: str) -> None:
    with pytest.raises(ValueError, match=exactly(expected)):
        Detections.from_table(make({name: column for name, column in TABLE.items() if name != missing}))


@pytest.mark.parametrize("make", [as_pandas, as_arrow])
def test_two_columns_of_one_name_are_refused(make) -> None:
    table = make({**TABLE, "score2": SCORES})
    names = [*TABLE, "score"]
    table = table.set_axis(names, axis=1) if make is as_pandas else table.rename_columns(names)
    with pytest.raises(ValueError, match=r"^table: found 2 columns 'score', expected one$"):
        Detections.from_table(table)


def test_a_column_of_text_is_named() -> None:
    with pytest.raises(TypeError, match=r"^column 'score': found dtype <U1, expected numbers$"):
        Detections.from_table(TABLE | {"score": ["a", "b", "c"]})


@every_table
def test_decimals_are_converted(make) -> None:
    decimals = {
        name: [Decimal(str(value)) for value in column] for name, column in TABLE.items() if name not in ("note", "y1")
    }
    assert Detections.from_table(make({**decimals, "y1": TABLE["y1"]})) == EXPECTED


@pytest.mark.parametrize("column", ["frame", "x1", "score", "label", "track_id"])
@every_table
def test_a_missing_value_is_named_with_its_row(make, column: str) -> None:
    columns = TABLE | {"track_id": [5, -1, 6]}
    values = [*columns[column][:1], None, columns[column][2]]
    with pytest.raises(ValueError, match=f"^column '{column}', row 1: found a missing value, expected a "):
        Detections.from_table(make(columns | {column: values}))


# --- selecting, joining, comparing -----------------------------------------------------------------------------------

FULL = Detections(
    BOXES, SCORES, FRAMES, labels=LABELS, num_frames=9, track_ids=[4, -1, 5], label_names={7: "cat", 0: "dog"}
)


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (slice(1, None), [1, 2]),
        (slice(None, None, -1), [2, 1, 0]),
        ([2, 0, 2], [2, 0, 2]),
        (np.array([-1]), [2]),
        ([False, True, True], [1, 2]),
        (np.array([True, False, False]), [0]),
        ([], []),
        ([False, False, False], []),
    ],
)
def test_rows_are_selected_and_everything_else_stays(selection, rows: list[int]) -> None:
    expected = Detections(
        np.reshape([BOXES[row] for row in rows], (-1, 4)),
        [SCORES[row] for row in rows],
        [FRAMES[row] for row in rows],
        labels=[LABELS[row] for row in rows],
        num_frames=9,
        track_ids=[[4, -1, 5][row] for row in rows],
        label_names={7: "cat", 0: "dog"},
    )
    found = FULL[selection]
    assert found == expected
    assert all(getattr(found, name).flags.c_contiguous for name in ("boxes", "scores", "frames", "labels"))


def test_selecting_from_rows_without_identities_gives_none() -> None:
    assert EXPECTED[:2].track_ids is None


@pytest.mark.parametrize("wrong", [0, "scores", 0.5, [0.5], [[0, 1]], None])
def test_an_invalid_selection_is_rejected(wrong) -> None:
    with pytest.raises(TypeError, match=r"^rows: found .*, expected a slice, a boolean mask or row numbers$"):
        FULL[wrong]


def test_a_mask_of_another_length_is_rejected() -> None:
    with pytest.raises(IndexError, match=r"^rows: found a mask of 2 rows, expected 3$"):
        FULL[[True, False]]


def test_a_row_out_of_range_is_rejected() -> None:
    with pytest.raises(IndexError, match="3 is out of bounds"):
        FULL[[3]]


def test_rows_are_not_iterated_over() -> None:
    with pytest.raises(TypeError, match=r"^Detections has no rows to iterate over: use its columns, or slice it$"):
        list(FULL)


def test_concat_keeps_rows_and_frames_as_they_are() -> None:
    joined = concat([FULL, EXPECTED[:1], one(label_names={3: "owl"})])
    assert joined.boxes.tolist() == [*BOXES, BOXES[0], [0, 0, 1, 1]]
    assert joined.scores.tolist() == [*SCORES, 0.5, 1]
    assert joined.frames.tolist() == [*FRAMES, 2, 0]
    assert joined.labels.tolist() == [*LABELS, 7, 0]
    assert joined.num_frames == 9
    assert joined.label_names == {7: "cat", 0: "dog", 3: "owl"}
    assert joined.track_ids is not None
    assert joined.track_ids.tolist() == [4, -1, 5, -1, -1]


def test_concat_of_parts_without_identities_has_none() -> None:
    assert concat([EXPECTED, EXPECTED]).track_ids is None


def test_concat_of_the_parts_is_the_whole() -> None:
    assert concat([FULL[:1], FULL[1:]]) == FULL


def test_concat_of_nothing_is_empty() -> None:
    assert concat([]) == Detections([], [], [])


def test_concat_rejects_two_names_for_one_label() -> None:
    message = "label_names, label 7: found 'lynx', expected 'cat' as before"
    with pytest.raises(ValueError, match=exactly(message)):
        concat([FULL, one(label_names={7: "lynx"})])


def test_equal_means_equal_in_every_column() -> None:
    columns = {
        "boxes": BOXES,
        "scores": SCORES,
        "frames": FRAMES,
        "labels": LABELS,
        "num_frames": 9,
        "track_ids": [4, -1, 5],
        "label_names": {7: "cat", 0: "dog"},
    }
    assert Detections(**columns) == FULL
    others = {
        "boxes": [[0, 0, 2, 3], *BOXES[1:]],
        "scores": [0.5, 0.25, 1],
        "frames": [2, 1, 2],
        "labels": [7, 1, 0],
        "num_frames": 8,
        "track_ids": [4, -1, 6],
        "label_names": {7: "cat"},
    }
    for name, other in others.items():
        assert Detections(**columns | {name: other}) != FULL, name
    assert Detections(**columns | {"track_ids": None}) != FULL
    assert FULL[:2] != FULL
    assert FULL != "something else"


def test_detections_have_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(FULL)


@pytest.mark.parametrize("given", [FULL, EXPECTED, FULL[:0]])
def test_detections_survive_pickling(given: Detections) -> None:
    assert pickle.loads(pickle.dumps(given)) == given


def test_fields_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        FULL.num_frames = 3  # type: ignore[misc]


def test_later_changes_of_label_names_have_no_effect() -> None:
    names = {0: "cat"}
    found = one(label_names=names)
    names[0] = "dog"
    assert found.label_names == {0: "cat"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (FULL, "Detections(3 boxes in 9 frames, 3 classes, scores -1 to 0.5, 2 identities)"),
        (one(), "Detections(1 box in 1 frame, 1 class, scores 1 to 1)"),
        (Detections([], [], []), "Detections(0 boxes in 0 frames, 0 classes)"),
    ],
)
def test_repr_shows_the_size(given: Detections, expected: str) -> None:
    assert repr(given) == expected


def test_to_columns_names_every_column() -> None:
    columns = {name: column.tolist() for name, column in FULL.to_columns().items()}
    assert columns == {name: values for name, values in TABLE.items() if name != "note"} | {"track_id": [4, -1, 5]}
    assert "track_id" not in EXPECTED.to_columns()


def test_one_frame_instead_of_a_list_of_frames_is_rejected() -> None:
    with pytest.raises(TypeError, match="frames: found dict, expected one entry per frame"):
        Detections.from_frames({"boxes": [], "scores": []})


def test_a_label_that_is_not_a_number_is_rejected() -> None:
    with pytest.raises(TypeError, match="label_names: label: found 'a', expected an integer"):
        Detections([], [], [], label_names={"a": "cat"})  # type: ignore[dict-item]
