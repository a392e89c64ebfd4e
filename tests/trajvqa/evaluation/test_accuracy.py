from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.question_examples import make_questions
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import QUESTION_TYPES, Questions
from trajvqa.evaluation.accuracy import Accuracy, accuracy_table, is_right, read_predictions, score, write_predictions

QUESTIONS = make_questions()
RIGHT = dict(zip(QUESTIONS.keys, QUESTIONS.answers.tolist(), strict=True))
FIRST = QUESTIONS.keys[0]


def of_types(types: list[str], answers: list[int] | None = None) -> Questions:
    """Return a question of each type; the correct candidates are 0 by default."""
    questions = make_questions(videos=len(types), each=1)
    return replace(questions, types=tuple(types), answers=np.array(answers or [0] * len(types)))


@st.composite
def answered(draw: st.DrawFn) -> tuple[Questions, dict[str, int]]:
    rows = st.tuples(st.sampled_from(QUESTION_TYPES), st.integers(0, 4), st.integers(0, 4))
    types, answers, chosen = zip(*draw(st.lists(rows, min_size=1, max_size=30)), strict=True)
    questions = of_types(list(types), list(answers))
    return questions, dict(zip(questions.keys, chosen, strict=True))


def entries(**changes: object) -> dict[str, object]:
    """Return the content of a file that answers every question correctly, with the first entry changed."""
    content = {key: {"prediction": answer, "answer": answer} for key, answer in RIGHT.items()}
    return content | {FIRST: {**content[FIRST], **changes}}


@given(answered())
def test_shares_are_those_of_a_plain_count(case):
    questions, predictions = case
    accuracy = score(questions, predictions)
    rows = [
        (kind.replace("TP", "TN"), predictions[key] == answer)
        for key, kind, answer in zip(questions.keys, questions.types, questions.answers.tolist(), strict=True)
    ]
    for name in ("CW", "CH", "TN", "TC", "DC", "DL", "DO"):
        own = [right for kind, right in rows if kind == name]
        assert accuracy.counts.get(name, 0) == len(own)
        assert accuracy.right.get(name, 0) == sum(own)
        assert accuracy.types.get(name) == (sum(own) / len(own) if own else None)
    for group in "CTD":
        own = [right for kind, right in rows if kind[0] == group]
        assert accuracy.groups.get(group) == (sum(own) / len(own) if own else None)
    assert accuracy.overall == sum(right for _, right in rows) / len(rows)
    assert accuracy.count == len(rows)


@given(answered(), st.randoms(use_true_random=False))
def test_the_order_of_the_questions_changes_nothing(case, rng):
    questions, predictions = case
    order = list(range(len(questions)))
    rng.shuffle(order)
    shuffled = score(questions.select(np.array(order)), predictions)
    assert shuffled == score(questions, predictions)
    assert shuffled.table() == score(questions, predictions).table()


def test_questions_about_what_came_before_count_as_those_about_what_comes_next():
    questions = of_types(["TN", "TP", "TP"])
    accuracy = score(questions, dict(zip(questions.keys, [0, 0, 1], strict=True)))
    assert accuracy == Accuracy({"TN": 3}, {"TN": 2})


def test_a_group_counts_questions_and_not_types():
    questions = of_types(["CW", "CW", "CW", "CH"])
    accuracy = score(questions, dict(zip(questions.keys, [0, 0, 0, 1], strict=True)))
    assert accuracy.groups == {"C": 0.75}


def test_without_questions_there_is_no_accuracy():
    nothing = Accuracy({}, {})
    assert np.isnan([nothing.overall, nothing.percent]).all()
    assert (nothing.count, nothing.types, nothing.groups) == (0, {}, {})


def test_the_table_has_the_columns_of_nextqa_in_percent():
    accuracy = Accuracy({"CW": 3, "CH": 1, "TN": 8, "DO": 7}, {"CW": 2, "CH": 1, "TN": 1, "DO": 7})
    assert [line.rstrip() for line in accuracy.table().splitlines()] == [
        "               Why     How  Bef&Aft  When  Cnt  Loc   Other  Acc_C  Acc_T   Acc_D    Acc",
        "accuracy, %  66.67  100.00    12.50     -    -    -  100.00  75.00  12.50  100.00  57.89",
        "questions        3       1        8     0    0    0       7      4      8       7     19",
    ]


def test_percentages_are_rounded_as_nextqa_rounds_them():
    accuracy = Accuracy({"CW": 160}, {"CW": 23})
    assert f"{100 * accuracy.overall:.2f}" == "14.37"
    assert f"{accuracy.percent:.2f}" == "14.38"
    assert accuracy.table().splitlines()[1].split() == [
        "accuracy,",
        "%",
        "14.38",
        *"------",
        "14.38",
        "-",
        "-",
        "14.38",
    ]


def test_several_predictions_share_a_table():
    table = accuracy_table({"ours": Accuracy({"CW": 2}, {"CW": 2}), "theirs": Accuracy({"CW": 2}, {"CW": 1})})
    assert [line.split() for line in table.splitlines()][1:] == [
        ["ours", "100.00", *"------", "100.00", "-", "-", "100.00"],
        ["theirs", "50.00", *"------", "50.00", "-", "-", "50.00"],
        ["questions", "2", *"000000", "2", "0", "0", "2"],
    ]


def test_correct_answers_are_in_the_order_of_the_questions():
    predictions = {**RIGHT, QUESTIONS.keys[3]: (RIGHT[QUESTIONS.keys[3]] + 1) % 5}
    right = is_right(QUESTIONS, dict(reversed(predictions.items())))
    assert right.dtype == np.bool_
    assert np.flatnonzero(~right).tolist() == [3]


def test_scoring_needs_a_prediction_for_each_question():
    predictions = dict.fromkeys(QUESTIONS.keys[2:], 0)
    with pytest.raises(
        ValueError,
        match=r"^predictions: found no prediction for 2 of 12 questions, the first video0_0, expected one for each",
    ):
        score(QUESTIONS, predictions)


def test_a_type_that_nextqa_does_not_have_is_named():
    questions = of_types(["CW", "DB"])
    with pytest.raises(ValueError, match=r"^types, row 1: found 'DB', expected one of CW, CH, TN, TP, TC, DC, DL, DO$"):
        score(questions, dict.fromkeys(questions.keys, 0))


def test_predictions_are_read_back_as_written(tmp_path):
    predictions = {key: place % 5 for place, key in enumerate(QUESTIONS.keys)}
    write_predictions(tmp_path / "out.json", QUESTIONS, predictions)
    assert read_predictions(tmp_path / "out.json", QUESTIONS) == predictions
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_predictions_are_written_as_nextqa_does(tmp_path):
    write_predictions(tmp_path / "out.json", QUESTIONS, {key: np.int64(3) for key in QUESTIONS.keys})
    content = json.loads((tmp_path / "out.json").read_text())
    assert content == {key: {"prediction": 3, "answer": answer} for key, answer in RIGHT.items()}
    assert list(content) == list(QUESTIONS.keys)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (
            {FIRST: 0},
            r"predictions: found no prediction for 11 of 12 questions, the first video0_1, expected one for each of "
            r"made\.csv",
        ),
        ({**RIGHT, FIRST: 5}, "predictions: video0_0: prediction: found 5, expected a number from 0 to 4"),
    ],
)
def test_predictions_that_are_missing_or_out_of_range_are_not_written(tmp_path, predictions, message):
    path = tmp_path / "out.json"
    path.write_text("before")
    with pytest.raises(ValueError, match=f"^{message}$"):
        write_predictions(path, QUESTIONS, predictions)
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = tmp_path / "bom.json"
    path.write_text(json.dumps(entries()), encoding="utf-8-sig")
    assert read_predictions(path, QUESTIONS) == RIGHT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"found no JSON that can be read \(Expecting value: line 1 column 1 \(char 0\)\), expected {\"<video>"),
        ("\xff", r"found no JSON that can be read \('utf-8' codec can't decode byte 0xff"),
        ('{"a": 1, "a": 2}', r"found no JSON that can be read \('a' comes 2 times\), expected {"),
        ("[]", r"found a JSON list, expected {\"<video>_<qid>\": {\"prediction\": 0, \"answer\": 0}, \.\.\.}$"),
        ("null", r"found a JSON NoneType, expected {"),
        (entries() | {FIRST: 3}, r"video0_0: found 3, expected an object with prediction and answer$"),
        (entries() | {FIRST: {"answer": 0}}, r"video0_0: found no prediction, expected a number from 0 to 4$"),
        (entries() | {FIRST: {"prediction": 0}}, r"video0_0: found no answer, expected a number from 0 to 4$"),
        (entries(prediction=5), r"video0_0: prediction: found 5, expected a number from 0 to 4$"),
        (entries(prediction=-1), r"video0_0: prediction: found -1, expected a number from 0 to 4$"),
        (entries(prediction="3"), r"video0_0: prediction: found '3', expected a number from 0 to 4$"),
        (entries(prediction=3.0), r"video0_0: prediction: found 3\.0, expected a number from 0 to 4$"),
        (entries(prediction=True), r"video0_0: prediction: found True, expected a number from 0 to 4$"),
        (entries(answer=None), r"video0_0: answer: found None, expected a number from 0 to 4$"),
        (
            entries(answer=(RIGHT[FIRST] + 1) % 5),
            rf"video0_0: answer: found {(RIGHT[FIRST] + 1) % 5}, expected {RIGHT[FIRST]} as in made\.csv$",
        ),
        (
            entries() | {"video9_0": {"prediction": 0, "answer": 0}, "video9_1": {}},
            r"found predictions for 2 questions that are not in made\.csv, the first video9_0, expected one for each "
            r"of the 12 there$",
        ),
        (
            {key: entry for key, entry in entries().items() if not key.startswith("video2")},
            r"found no prediction for 3 of 12 questions, the first video2_0, expected one for each of made\.csv$",
        ),
    ],
)
def test_a_file_that_does_not_answer_the_questions_is_named(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode("latin-1"))
    with pytest.raises(ValueError, match=r"bad\.json: " + message):
        read_predictions(path, QUESTIONS)


def test_predictions_for_other_questions_can_be_left_out(tmp_path):
    path, counts = tmp_path / "all.json", []
    write_predictions(path, QUESTIONS, RIGHT)
    some = QUESTIONS.select(np.arange(5))
    assert read_predictions(path, some, counts.append) == {key: RIGHT[key] for key in some.keys}
    assert counts == [len(QUESTIONS) - 5]


def test_predictions_need_no_answers(tmp_path):
    path, rows = tmp_path / "test.json", np.arange(len(QUESTIONS))
    unanswered = replace(QUESTIONS, answers=0 * rows - 1, unanswered=rows >= 0)
    write_predictions(path, unanswered, RIGHT)
    assert json.loads(path.read_text())[FIRST] == {"prediction": RIGHT[FIRST], "answer": -1}
    assert read_predictions(path, unanswered) == read_predictions(path, QUESTIONS) == RIGHT
    with pytest.raises(ValueError, match="answers, row 0: found -1, expected the index of the correct candidate"):
        score(unanswered, RIGHT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps({}).encode("utf-16"), "found UTF-16, expected JSON"),
        (b"[" * 10**5, "found no JSON that can be read"),
    ],
)
def test_another_kind_of_file_is_told_by_its_name(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"bad\.json: {message}"):
        read_predictions(path, QUESTIONS)


def test_questions_that_come_from_no_file_are_named_too(tmp_path):
    path = tmp_path / "bad.json"
    path.write_text('{"0_0": {"prediction": 0, "answer": 0}}')
    with pytest.raises(ValueError, match=r"found predictions for 1 questions that are not in the questions, "):
        read_predictions(path, replace(QUESTIONS, source=""))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.json"):
        read_predictions(tmp_path / "nothing.json", QUESTIONS)


@pytest.mark.real_data
def test_the_published_predictions_of_hga_score_as_published(data_dir):
    questions = read_questions(data_dir / "nextqa" / "val.csv")
    path = data_dir / "nextqa" / "HGA-bert-ft-h256-val-example.json"
    table = score(questions, read_predictions(path, questions)).table()
    assert (
        table
        == """\
               Why    How  Bef&Aft   When    Cnt    Loc  Other  Acc_C  Acc_T  Acc_D    Acc
accuracy, %  46.99  44.22    49.53  52.49  44.07  72.54  55.41  46.26  50.74  59.33  49.74
questions     1924    683      949    663    177    295    305   2607   1612    777   4996"""
    )
