from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from trajtrack import Detections, Linker, link
from trajtrack.columns import as_array, as_count, as_integers

MASKED = np.ma.masked_array([0.5, 0.6, 0.7], mask=[False, True, False])
BOXES = [[0, 0, 9, 9]] * 3


class Wrapped:
    """An object of a library whose arrays are masked."""

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return MASKED


@pytest.mark.parametrize(
    "values",
    [MASKED, Wrapped(), [0.5, np.ma.masked, 0.7], [[0.5], [np.ma.masked], [0.7]], list(MASKED[:, None])],
    ids=["masked array", "object", "masked in a list", "masked in nested lists", "list of masked arrays"],
)
def test_a_masked_value_is_an_error_with_its_row(values) -> None:
    with pytest.raises(ValueError, match=r"^scores, row 1: found a masked value, expected a number$"):
        as_array("scores", values)


def test_a_masked_array_without_masked_values_is_read() -> None:
    assert as_array("scores", np.ma.masked_array([0.5, 0.6])).tolist() == [0.5, 0.6]
    assert Detections(np.ma.masked_array(BOXES), [1, 1, 1], np.ma.masked_array([0, 1, 2])).num_frames == 3


@pytest.mark.parametrize("column", ["boxes", "scores", "frames", "labels", "track_ids"])
def test_every_column_of_detections_may_be_masked_but_its_values(column) -> None:
    columns = {"boxes": BOXES, "scores": [1, 1, 1], "frames": [0, 1, 2], "labels": [0, 0, 0], "track_ids": [0, 0, 0]}
    values = np.array(columns[column])
    mask = np.zeros(values.shape, bool)
    mask[2] = True
    with pytest.raises(ValueError, match=f"^{column}, row 2: found a masked value"):
        Detections(**{**columns, column: np.ma.masked_array(values, mask)})


def test_masked_scores_of_a_stream_and_masked_features_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^scores, row 1: found a masked value"):
        Linker().push(BOXES, MASKED)
    with pytest.raises(ValueError, match=r"^features, row 1: found a masked value"):
        link(Detections(BOXES, [1, 1, 1], [0, 1, 2]), method="seq-nms").pool(MASKED[:, None])


def test_a_masked_selection_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^rows: found a masked array"):
        Detections(BOXES, [1, 1, 1], [0, 1, 2])[np.ma.masked_array([True] * 3, mask=[0, 1, 0])]


@pytest.mark.parametrize("missing", [None, "pandas.NA", "pandas.NaT"])
def test_a_missing_value_is_an_error_with_its_row(missing) -> None:
    if missing is not None:
        missing = getattr(pytest.importorskip("pandas"), missing.partition(".")[2])
    with pytest.raises(ValueError, match=r"^scores, row 2: found a missing value, expected a number$"):
        as_array("scores", [0.5, 0.6, missing])
    with pytest.raises(ValueError, match=r"^boxes, row 0: found a missing value, expected a number$"):
        as_array("boxes", np.array([[0, 0, 1, missing]], object))


def test_decimals_and_other_number_objects_are_converted() -> None:
    values = as_array("scores", [Decimal("0.25"), Fraction(1, 2), 1, np.float32(0.75)])
    assert values.dtype == np.float64
    assert values.tolist() == [0.25, 0.5, 1, 0.75]


def test_whole_decimals_are_exact_integers() -> None:
    assert as_integers("track_ids", [Decimal(2**60 + 1)], np.int64).tolist() == [2**60 + 1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Decimal("3.5"), "found 3.5, expected an integer"),
        (Decimal("nan"), "found nan, expected an integer"),
        (Decimal("snan"), "found nan, expected an integer"),
        (Decimal("inf"), "found inf, expected an integer"),
        (10**400, "found inf, expected an integer"),
        (10**30, "found 1e+30, expected a value from"),
    ],
    ids=["fraction", "nan", "signaling nan", "infinity", "beyond float64", "beyond int64"],
)
def test_number_objects_that_are_no_integers_are_an_error_with_their_row(value, message) -> None:
    with pytest.raises(ValueError, match=rf"^labels, row 1: {message}".replace("+", r"\+")):
        as_integers("labels", [Decimal(1), value])


def test_a_count_of_thousands_of_digits_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^num_frames: found an integer of thousands of digits, expected"):
        as_count("num_frames", -(10**5000))


def test_narrow_floats_are_widened() -> None:
    torch = pytest.importorskip("torch")
    narrow = torch.tensor([[0, 0, 4, 8], [1, 1, 5, 9]], dtype=torch.bfloat16)
    for values in (narrow, list(narrow), narrow.clone().requires_grad_()):
        boxes = as_array("boxes", values)
        assert boxes.dtype == np.float32
        assert boxes.tolist() == [[0, 0, 4, 8], [1, 1, 5, 9]]
    assert Detections(narrow, narrow[:, 0], [0, 1], box_format="xywh").boxes[1].tolist() == [1, 1, 6, 10]
    assert as_array("scores", narrow.to(torch.float8_e4m3fn)).dtype == np.float32


def test_tensors_that_cannot_be_read_are_an_error_with_their_name() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"^boxes: found Tensor \(.*Sparse.*\), expected numbers$"):
        as_array("boxes", torch.eye(4).to_sparse())
