from __future__ import annotations

import gzip
import json
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.datasets.nextqa import read_questions
from trajvqa.evaluation.grounding import (
    Annotations,
    Grounding,
    in_seconds,
    read_annotations,
    read_frame_times,
    read_spans,
    score_grounding,
    write_annotations,
    write_spans,
)

CONTENT = {
    "10": {"duration": 34, "location": {"1": [[1.2, 5.8]], "3": [[12.1, 17.1], [20.0, 23.5]]}, "fps": 29.97},
    "11": {"duration": 20, "location": {}, "fps": 25},
    "12": {"duration": 50, "location": {"0": [[0, 50.5]]}, "fps": 25},
}
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


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_annotations_keep_the_order_of_the_file(tmp_path):
    found = read_annotations(write(tmp_path / "gsub.json", CONTENT))
    assert list(found.spans.items()) == [
        ("10_1", ((1.2, 5.8),)),
        ("10_3", ((12.1, 17.1), (20.0, 23.5))),
        ("12_0", ((0, 50.5),)),
    ]
    assert found.durations == {"10": 34, "11": 20, "12": 50}
    assert found.videos == {"10_1": "10", "10_3": "10", "12_0": "12"}


def test_compressed_annotations_are_the_same(tmp_path):
    (tmp_path / "gsub.json.gz").write_bytes(gzip.compress(json.dumps(CONTENT).encode()))
    assert read_annotations(tmp_path / "gsub.json.gz").spans.keys() == {"10_1", "10_3", "12_0"}


def located(value: object) -> dict[str, object]:
    return {"10": {"duration": 34, "location": {"1": value}}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "line 1: found the end of the file, expected JSON"),
        ('{"10": {}, "10": {}}', "line 1: found the key '10' a second time"),
        ([], 'found a JSON list, expected {"<video>": {"duration": ..., "location": ...}, ...}'),
        ({}, "found no question, expected at least one with its spans"),
        ({"10": 3}, "video 10: found 3, expected an object with duration and location"),
        ({"10": {"location": {}}}, "video 10: found no duration, expected one"),
        ({"10": {"duration": 0, "location": {}}}, "video 10: duration: found 0, expected seconds above 0"),
        ({"10": {"duration": "34", "location": {}}}, "video 10: duration: found '34', expected seconds above 0"),
        ({"10": {"duration": 34}}, "video 10: found no location, expected one"),
        ({"10": {"duration": 34, "location": [1]}}, "video 10: location: found [1], expected"),
        (located([]), "video 10, question 1: found [], expected a list of at least one [start, end]"),
        (located([1, 2]), "video 10, question 1, span 0: found 1, expected [start, end] in seconds"),
        (located([[1, 2], [3]]), "video 10, question 1, span 1: found [3], expected [start, end] in seconds"),
        (located([[5, 2]]), "video 10, question 1, span 0: found [5, 2], expected [start, end] in seconds, 0 <= start"),
        (located([[-1, 2]]), "video 10, question 1, span 0: found [-1, 2], expected [start, end] in seconds, 0 <= st"),
        ('{"10": {"duration": 34, "location": {"1": [[1, NaN]]}}}', "span 0: found [1, nan], expected [start, end]"),
        (located([[True, 2]]), "video 10, question 1, span 0: found [True, 2], expected"),
        (
            {"1": {"duration": 3, "location": {"2_3": [[0, 1]]}}, "1_2": {"duration": 3, "location": {"3": [[0, 1]]}}},
            "video 1_2, question 3: found another question 1_2_3 before it, expected distinct ones",
        ),
    ],
)
def test_annotations_that_are_none_are_named(tmp_path, content, message):
    path = write(tmp_path / "gsub.json", content)
    with pytest.raises(ValueError, match=f"{re.escape(str(path))}: .*{re.escape(message)}"):
        read_annotations(path)


@pytest.fixture
def annotations(tmp_path):
    return read_annotations(write(tmp_path / "gsub.json", CONTENT))


def test_written_annotations_are_read(tmp_path, annotations):
    write_annotations(tmp_path / "written.json", annotations)
    found = read_annotations(tmp_path / "written.json")
    assert found.spans == annotations.spans
    assert found.videos == annotations.videos
    assert found.durations == {"10": 34, "12": 50}  # nothing is asked about 11


def test_written_spans_are_read(tmp_path, annotations):
    spans = {"10_1": (0.0, 2.5), "12_0": (1 / 3, 7.0)}
    write_spans(tmp_path / "spans.json", spans)
    assert read_spans(tmp_path / "spans.json", annotations) == spans


def test_spans_of_other_questions_are_counted_and_left_out(tmp_path, annotations):
    path = write(tmp_path / "spans.json", {"10_1": [0, 1], "10_2": [0, 1], "99_0": [0, 1]})
    counts = []
    assert read_spans(path, annotations, counts.append) == {"10_1": (0, 1)}
    assert counts == [2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], 'found a JSON list, expected {"<video>_<qid>": [start, end], ...}'),
        ({}, "found none of the 3 questions of"),
        ({"99_0": [0, 1]}, "found none of the 3 questions of"),
        ({"10_1": [0, 1], "99_0": 3}, "question 99_0: found 3, expected [start, end] in seconds, start <= end"),
        ({"10_1": [0, 1, 2]}, "question 10_1: found [0, 1, 2], expected [start, end]"),
        ({"10_1": [2, 1]}, "question 10_1: found [2, 1], expected [start, end] in seconds, start <= end"),
        ({"10_1": ["0", 1]}, "question 10_1: found ['0', 1], expected [start, end]"),
    ],
)
def test_predicted_spans_that_are_none_are_named(tmp_path, annotations, content, message):
    path = write(tmp_path / "spans.json", content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_spans(path, annotations)


@pytest.mark.parametrize("span", [(2.0, 1.0), (0.0, float("nan")), (0.0, float("inf"))])
def test_what_is_no_span_is_not_written(tmp_path, span):
    with pytest.raises(ValueError, match=r"spans, 10_1: found \["):
        write_spans(tmp_path / "spans.json", {"10_1": span})
    assert not (tmp_path / "spans.json").exists()


def test_times_of_frames(tmp_path):
    found = read_frame_times(write(tmp_path / "times.json", {"10": [0, 1.5, 1.5], "11": [3]}))
    assert {video: times.tolist() for video, times in found.items()} == {"10": [0, 1.5, 1.5], "11": [3]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"10": []}, "video 10: found [], expected a list of at least one time"),
        ({"10": [1, 0.5]}, "video 10, frame 1: found 0.5, expected ascending seconds from 0"),
        ({"10": [-1]}, "video 10, frame 0: found -1, expected ascending seconds from 0"),
        ({"10": [0, None]}, "video 10, frame 1: found None, expected ascending seconds from 0"),
    ],
)
def test_times_that_are_none_are_named(tmp_path, content, message):
    path = write(tmp_path / "times.json", content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_frame_times(path)


@pytest.mark.real_data
def test_nextgqas_annotations_are_those_of_its_questions(data_dir):
    annotations = read_annotations(data_dir / "nextgqa" / "gsub_val.json")
    questions = read_questions(data_dir / "nextgqa" / "val.csv")
    assert len(annotations) == 3358
    assert set(annotations.spans) == set(questions.keys)
    assert len(set(questions.videos)) == 567
    assert len(annotations.durations) == 570


@pytest.mark.real_data
def test_nextgqas_times_end_with_the_videos(data_dir):
    annotations = read_annotations(data_dir / "nextgqa" / "gsub_val.json")
    times = read_frame_times(data_dir / "nextgqa" / "frame2time_val.json")
    assert times.keys() == annotations.durations.keys()
    assert {len(each) for each in times.values()} == {32}
    assert max(each[-1] - annotations.durations[video] for video, each in times.items()) < 1
    assert {len(each) for each in read_frame_times(data_dir / "nextgqa" / "upbd_val.json").values()} == {32}


@pytest.mark.real_data
def test_the_annotated_spans_ground_every_answer(data_dir):
    annotations = read_annotations(data_dir / "nextgqa" / "gsub_val.json")
    grounding = score_grounding(annotations, {key: spans[-1] for key, spans in annotations.spans.items()})
    assert grounding == Grounding(None, 1, 1, 1, 1, 1, 1, 3358, 0)
