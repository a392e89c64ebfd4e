from __future__ import annotations

import gzip
import json
import re

import pytest

from trajvqa.datasets.nextgqa import read_annotations, read_frame_times, read_spans, write_annotations, write_spans
from trajvqa.datasets.nextqa import read_questions

CONTENT = {
    "10": {"duration": 34, "location": {"1": [[1.2, 5.8]], "3": [[12.1, 17.1], [20.0, 23.5]]}, "fps": 29.97},
    "11": {"duration": 20, "location": {}, "fps": 25},
    "12": {"duration": 50, "location": {"0": [[0, 50.5]]}, "fps": 25},
}


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
