from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.datasets.nextgqa import Annotations, read_annotations
from trajvqa.evaluation.grounding import Grounding, in_seconds, score_grounding

EIGHTHS = st.integers(0, 400).map(lambda number: number / 8)
SPANS = st.tuples(EIGHTHS, EIGHTHS).map(lambda ends: (min(ends), max(ends)))
"""Spans whose differences floating point holds exactly."""


def annotations_of(*spans: tuple[tuple[float, float], ...]) -> Annotations:
    """Return annotations of a question for each of the given sets of spans, of one video."""
    keys = [f"video_{index}" for index in range(len(spans))]
    return Annotations(dict(zip(keys, spans, strict=True)), {"video": 50.0}, dict.fromkeys(keys, "video"), "made.json")


def score_one(found: tuple[float, float], *annotated: tuple[float, float]) -> Grounding:
    return score_grounding(annotations_of(annotated), {"video_0": found})


@st.composite
def cases(draw: st.DrawFn) -> tuple[Annotations, dict[str, tuple[float, float]], dict[str, bool]]:
    """Draw annotations, predicted spans of some of the questions and more, and which answers are right."""
    annotated = draw(st.lists(st.lists(SPANS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=8))
    annotations = annotations_of(*annotated)
    keys = [*annotations.spans, "other_0"]
    chosen = draw(st.sets(st.sampled_from(keys)).map(lambda some: {*some, keys[0]}))
    spans = {key: draw(SPANS) for key in sorted(chosen)}
    return annotations, spans, {key: draw(st.booleans()) for key in keys}


def exact_ratio(shared: Fraction, whole: Fraction) -> float:
    return float(max(shared, Fraction(0)) / whole)


def plain_values(found: tuple[float, float], annotated: tuple[float, float]) -> tuple[float, float]:
    """Return IoP and IoU of two spans from their definitions, in exact arithmetic."""
    start, end, low, high = map(Fraction, (*found, *annotated))
    if start == end:
        return float(low <= start <= high), 0.0
    shared = min(end, high) - max(start, low)
    return exact_ratio(shared, end - start), exact_ratio(shared, max(end, high) - min(start, low))


@given(cases())
def test_values_are_those_of_the_definitions(case):
    annotations, spans, right = case
    pairs = []
    for key, annotated in annotations.spans.items():
        if key in spans:
            values = [plain_values(spans[key], each) for each in annotated]
            pairs.append((key, max(iop for iop, _ in values), max(iou for _, iou in values)))
    count = len(pairs)
    found = score_grounding(annotations, spans, right)
    assert found.acc_gqa == len([key for key, iop, _ in pairs if right[key] and iop >= 0.5]) / count
    assert found.mean_iop == np.cumsum([iop for _, iop, _ in pairs])[-1] / count
    assert found.mean_iou == np.cumsum([iou for _, _, iou in pairs])[-1] / count
    for share, values in ((found.iop_30, 1), (found.iou_30, 2)):
        assert share == len([pair for pair in pairs if pair[values] >= 0.3]) / count
    for share, values in ((found.iop_50, 1), (found.iou_50, 2)):
        assert share == len([pair for pair in pairs if pair[values] >= 0.5]) / count
    assert (found.count, found.missing) == (count, len(annotations) - count)


@pytest.mark.parametrize(
    ("found", "annotated", "iop", "iou"),
    [
        ((0, 10), (0, 10), 1, 1),
        ((2, 4), (0, 10), 1, 0.2),
        ((0, 10), (2, 4), 0.2, 0.2),
        ((0, 4), (2, 6), 0.5, 1 / 3),
        ((0, 2), (2, 4), 0, 0),
        ((0, 1), (3, 4), 0, 0),
        ((3, 3), (2, 4), 1, 0),
        ((4, 4), (2, 4), 1, 0),
        ((5, 5), (2, 4), 0, 0),
    ],
)
def test_two_spans(found, annotated, iop, iou):
    grounding = score_one(found, annotated)
    assert (grounding.mean_iop, grounding.mean_iou) == (iop, iou)


def test_the_best_annotated_span_counts_separately_for_both_values():
    grounding = score_one((0, 10), (0, 4), (8, 20))
    assert (grounding.mean_iop, grounding.mean_iou) == (0.4, 0.4)
    grounding = score_one((0, 10), (0, 5), (4, 100))
    assert (grounding.mean_iop, grounding.mean_iou) == (0.6, 0.5)


def test_an_answer_counts_only_with_its_evidence():
    annotations = annotations_of(*[((0.0, 10.0),)] * 4)
    spans = dict(zip(annotations.spans, [(0, 10), (0, 10), (5, 30), (0, 20)], strict=True))
    right = dict(zip(annotations.spans, [True, False, True, True], strict=True))
    assert score_grounding(annotations, spans, right).acc_gqa == 0.5  # the first and the last


def test_questions_without_a_span_do_not_count():
    grounding = score_grounding(annotations_of(((0, 10),), ((0, 10),)), {"video_1": (0, 10), "other_0": (0, 1)})
    assert grounding == Grounding(None, 1, 1, 1, 1, 1, 1, count=1, missing=1)


def test_no_span_at_all_is_an_error():
    with pytest.raises(ValueError, match=r"spans: found none of the 1 questions of made\.json, expected some"):
        score_grounding(annotations_of(((0, 10),)), {"other_0": (0, 1)})


def test_an_answer_that_is_not_known_is_an_error():
    with pytest.raises(ValueError, match="right: found nothing about 1 of 1 questions, the first video_0"):
        score_grounding(annotations_of(((0, 10),)), {"video_0": (0, 1)}, {})


def test_the_table_has_percentages_in_the_columns_of_nextgqa():
    lines = Grounding(None, 0.3333, 0.5, 0.25, 0.1, 0.12345, 0, 4, 0).table().splitlines()
    assert lines[0].split() == ["Acc@GQA", "mIoP", "IoP@0.3", "IoP@0.5", "mIoU", "IoU@0.3", "IoU@0.5"]
    assert lines[1].split() == ["-", "33.3", "50.0", "25.0", "10.0", "12.3", "0.0"]
    assert len(lines[0]) == len(lines[1])


def test_shares_of_the_duration_become_tenths_of_seconds():
    found = in_seconds({"video_0": (0.123, 0.5), "other_0": (0, 1)}, annotations_of(((0, 10),)))
    assert found == {"video_0": (6.2, 25.0)}  # 6.15 rounds to the even tenth, as NumPy rounds


@pytest.mark.real_data
def test_the_annotated_spans_ground_every_answer(data_dir):
    annotations = read_annotations(data_dir / "nextgqa" / "gsub_val.json")
    grounding = score_grounding(annotations, {key: spans[-1] for key, spans in annotations.spans.items()})
    assert grounding == Grounding(None, 1, 1, 1, 1, 1, 1, 3358, 0)
