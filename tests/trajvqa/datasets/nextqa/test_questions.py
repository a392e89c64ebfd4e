from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajtrack import TrajtrackWarning
from trajvqa.datasets.nextqa import multiple_choice, read_open_ended, read_questions, write_questions
from trajvqa.datasets.questions import OPEN_ENDED_TYPES, QUESTION_TYPES, OpenEnded, Questions

HEADER = "video,frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4"
FIRST = "4010069381,369,640,480,how do they play,0,6,CH,roll the handle,tap their feet,strum,hit,pat"
SECOND = "4882821564,2697,640,480,why did he move,2,1,CW,share,sit,unwrap it,play,none"


@pytest.fixture
def csv(tmp_path):
    """Return a function that writes lines to a file and returns its path."""

    def write(*lines: str):
        path = tmp_path / "val.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def assert_same(found: Questions, expected: Questions) -> None:
    for name in ("videos", "qids", "types", "questions", "candidates"):
        assert getattr(found, name) == getattr(expected, name)
    for name in ("answers", "frame_counts", "widths", "heights"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_nextqas_own_layout_is_read(csv):
    path = csv(HEADER, FIRST, SECOND)
    questions = read_questions(path)
    assert questions.keys == ("4010069381_6", "4882821564_1")
    assert questions.types == ("CH", "CW")
    assert questions.questions == ("how do they play", "why did he move")
    assert questions.candidates[0] == ("roll the handle", "tap their feet", "strum", "hit", "pat")
    assert questions.answers.tolist() == [0, 2]
    assert questions.answers.dtype == np.int64
    assert questions.frame_counts.tolist() == [369, 2697]
    assert questions.widths.tolist() == [640, 640]
    assert questions.heights.tolist() == [480, 480]
    assert questions.source == str(path)


def test_vgt_calls_the_video_video_id(csv):
    expected = read_questions(csv(HEADER, FIRST, SECOND))
    assert_same(read_questions(csv(HEADER.replace("video", "video_id"), FIRST, SECOND)), expected)


def test_covgt_gives_the_text_of_the_answer(csv):
    expected = read_questions(csv(HEADER, FIRST, SECOND))
    first = FIRST.replace("play,0,", "play,roll the handle,")
    second = SECOND.replace("move,2,", "move,unwrap it,")
    assert_same(read_questions(csv(HEADER.replace("video", "video_id"), first, second)), expected)


def test_hcrn_bert_has_a_column_without_a_name_first(csv):
    expected = read_questions(csv(HEADER, FIRST, SECOND))
    assert_same(read_questions(csv(f",{HEADER}", f"0,{FIRST}", f"1,{SECOND}")), expected)


def test_intentqa_has_more_columns_after_the_candidates(csv):
    expected = read_questions(csv(HEADER, FIRST, SECOND))
    header = f"{HEADER.replace('video', 'video_id')},action,lemma,lemma_id,id,pos_id,neg_id"
    path = csv(header, f"{FIRST},play,play,141,1,,3/8", f"{SECOND},moved,move,161,2,5,")
    assert_same(read_questions(path), expected)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",2,1,CW,", ",5,1,CW,", "line 3: answer: found '5', expected a number from 0 to 4"),
        (",CW,", ",CX,", "line 3: type: found 'CX', expected one of CW, CH, TN, TP, TC, DC, DL, DO"),
        (",161", ",161,9", "line 3: found 17 fields, expected 16, as many as columns"),
    ],
)
def test_a_wrong_value_among_intentqas_columns_is_named(csv, old, new, message):
    second = f"{SECOND},moved,move,161"
    path = csv(f"{HEADER.replace('video', 'video_id')},action,lemma,lemma_id", f"{FIRST},play,play,141", second)
    path.write_text(path.read_text().replace(second, second.replace(old, new)))
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_questions(path)


def test_columns_may_be_in_any_order(csv):
    expected = read_questions(csv(HEADER, FIRST, SECOND))
    turned = [",".join(reversed(line.split(","))) for line in (HEADER, FIRST, SECOND)]
    assert_same(read_questions(csv(*turned)), expected)


def test_a_byte_order_mark_changes_nothing(csv):
    expected = read_questions(csv(HEADER, FIRST, SECOND))
    assert_same(read_questions(csv("\ufeff" + HEADER, FIRST, SECOND)), expected)


def test_lmms_eval_has_parquet_with_numbers(csv, tmp_path):
    arrow = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    expected = read_questions(csv(HEADER, FIRST, SECOND))
    columns = dict(zip(HEADER.split(","), zip(FIRST.split(","), SECOND.split(","), strict=True), strict=True))
    for name in ("video", "frame_count", "width", "height", "answer", "qid"):
        columns[name] = tuple(map(int, columns[name]))
    arrow.write_table(pyarrow.table(columns), tmp_path / "test.parquet")
    assert_same(read_questions(tmp_path / "test.parquet"), expected)


def test_the_answer_none_is_text(csv):
    assert read_questions(csv(HEADER, SECOND)).candidates[0][4] == "none"


def test_the_answer_none_is_found_among_the_candidates(csv):
    assert read_questions(csv(HEADER, SECOND.replace("move,2,", "move,none,"))).answers.tolist() == [4]


def test_spaces_and_capitals_are_kept(csv):
    path = csv(HEADER, FIRST.replace("roll the handle", " Roll it "))
    assert read_questions(path).candidates[0][0] == " Roll it "


def test_the_first_of_equal_candidates_is_correct(csv):
    path = csv(HEADER, FIRST.replace("play,0,", "play,hit,").replace("strum", "hit"))
    assert read_questions(path).answers.tolist() == [2]


def test_spaces_around_the_text_of_the_answer_are_ignored(csv):
    path = csv(HEADER, FIRST.replace("play,0,", "play,strum ,"))
    assert read_questions(path).answers.tolist() == [2]


def check_error(path, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_questions(path)


def test_a_missing_column_is_named(csv):
    path = csv(HEADER.replace("qid", "id"), FIRST)
    found = "video, frame_count, width, height, question, answer, id, type, a0, a1, a2, a3, a4"
    check_error(path, f"found the columns {found}, expected a column qid")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.upper(), "expected a column video or video_id (did you mean 'VIDEO'?)"),
        (HEADER.replace("frame_count", " frame_count"), "expected a column frame_count (did you mean ' frame_count'?)"),
        (SECOND, "expected a column video or video_id"),
    ],
    ids=["capitals", "spaces", "no names"],
)
def test_a_column_of_a_near_name_is_suggested(csv, header, message):
    with pytest.raises(ValueError, match=f"found the columns .*, {re.escape(message)}$"):
        read_questions(csv(header, FIRST))


def test_an_answer_may_have_a_point(csv):
    path = csv(HEADER, FIRST.replace("play,0,", "play,4.0,"), SECOND.replace("move,2,", "move,2.0,"))
    assert read_questions(path).answers.tolist() == [4, 2]


def test_spaces_around_numbers_are_ignored(csv):
    path = csv(HEADER, FIRST.replace(",369,640,480,how do they play,0,", ", 369,640 ,480,how do they play, 3,"))
    found = read_questions(path)
    assert (found.frame_counts.tolist(), found.widths.tolist(), found.answers.tolist()) == ([369], [640], [3])


def test_a_question_without_text_is_named(csv):
    path = csv(HEADER, SECOND, FIRST.replace("how do they play", " "))
    check_error(path, "line 3: question: found nothing, expected a value")


def test_candidates_without_text_are_kept_with_a_warning(csv):
    path = csv(HEADER, SECOND, FIRST.replace(",strum,", ",,").replace(",pat", ", "))
    with pytest.warns(TrajtrackWarning, match="line 3: a2: found no text in 2 candidates, the first here, expected"):
        found = read_questions(path)
    assert found.candidates[1] == ("roll the handle", "tap their feet", "", "hit", " ")


def test_questions_whose_keys_are_equal_are_refused(csv):
    path = csv(
        HEADER,
        FIRST.replace("4010069381", "a_1").replace(",6,", ",2,"),
        FIRST.replace("4010069381", "a").replace(",6,", ",1_2,"),
    )
    check_error(path, "line 3: qid: found '1_2' of video a, expected another key than '2' of video a_1 at line 2")


@pytest.mark.parametrize("absent", ["", " ", "-1", " -1", "-1.0"])
def test_answers_may_be_absent_if_they_are_not_required(csv, absent):
    path = csv(HEADER, FIRST.replace("play,0,", f"play,{absent},"), SECOND)
    found = read_questions(path, require_answers=False)
    assert found.answers.tolist() == [-1, 2]
    assert found.unanswered.tolist() == [True, False]
    assert found.answered().qids == ("1",)
    assert found.select([1, 0]).unanswered.tolist() == [False, True]
    with pytest.raises(ValueError, match="line 2: answer: found"):
        read_questions(path)


@pytest.mark.parametrize("answer", ["5", "-2", "unwrap it"])
def test_a_damaged_answer_is_named_even_if_none_is_required(csv, answer):
    path = csv(HEADER, FIRST, FIRST.replace(",6,CH", ",7,CH"), SECOND.replace("move,2,", f"move,{answer},"))
    with pytest.raises(ValueError, match=re.escape(f"line 4: answer: found {answer!r}")):
        read_questions(path, require_answers=False)


def test_there_may_be_no_column_of_answers(csv):
    path = csv(HEADER.replace("answer,", ""), FIRST.replace("play,0,", "play,"))
    found = read_questions(path, require_answers=False)
    assert found.answers.tolist() == [-1]
    assert len(found.answered()) == 0
    with pytest.raises(ValueError, match="expected a column answer"):
        read_questions(path)


@pytest.mark.parametrize("answer", ["5", "-1", "12"])
def test_an_answer_out_of_range_is_named(csv, answer):
    third = FIRST.replace("4010069381", "1")
    path = csv(HEADER, FIRST, third, SECOND.replace("move,2,", f"move,{answer},"))
    check_error(path, f"line 4: answer: found {answer!r}, expected a number from 0 to 4")


def test_an_answer_that_is_no_number_is_named(csv):
    third = FIRST.replace("4010069381", "1")
    path = csv(HEADER, FIRST, third, SECOND.replace("move,2,", "move,unwrap it,"))
    check_error(path, "line 4: answer: found 'unwrap it', expected a number from 0 to 4")


def test_a_text_that_is_no_candidate_is_named(csv):
    path = csv(HEADER, FIRST.replace("play,0,", "play,sing,"))
    check_error(path, "line 2: answer: found 'sing', expected the text of one of a0, a1, a2, a3, a4")


def test_an_unknown_type_is_named(csv):
    path = csv(HEADER, FIRST, SECOND.replace(",CW,", ",XX,"))
    check_error(path, "line 3: type: found 'XX', expected one of CW, CH, TN, TP, TC, DC, DL, DO")


def test_a_question_that_repeats_is_named(csv):
    path = csv(HEADER, FIRST, SECOND, FIRST)
    check_error(path, "line 4: qid: found '6' of video 4010069381 again, expected it only at line 2")


def test_a_size_that_is_no_number_is_named(csv):
    path = csv(HEADER, FIRST.replace(",640,", ",wide,"))
    check_error(path, "line 2: width: found 'wide', expected an integer of at least 1")


def test_a_video_without_a_name_is_refused(csv):
    path = csv(HEADER, FIRST.replace("4010069381", ""))
    check_error(path, "line 2: video: found nothing, expected a value")


def test_reading_open_ended_questions_names_the_other_reader(csv):
    path = csv(",".join(HEADER.split(",")[:8]), "1,369,640,480,is it,yes,6,DB")
    with pytest.raises(ValueError, match=r"found open-ended questions.*nextqa\.read_open_ended reads them"):
        read_questions(path)


def test_a_missing_candidate_column_is_named(csv):
    path = csv(HEADER.replace(",a4", ""), FIRST.replace(",pat", ""))
    with pytest.raises(ValueError, match=r"found the columns video, .*, expected a column a4"):
        read_questions(path)


def test_the_written_file_is_nextqas(csv, tmp_path):
    path = csv(HEADER, FIRST, SECOND)
    write_questions(tmp_path / "out.csv", read_questions(path))
    assert (tmp_path / "out.csv").read_bytes() == path.read_bytes()


NAMES = st.text(st.characters(codec="utf-8"), max_size=8).filter(str.strip)
ROWS = st.lists(
    st.tuples(NAMES, NAMES, st.sampled_from(QUESTION_TYPES), *[NAMES] * 6, st.integers(0, 4)),
    min_size=1,
    max_size=4,
    unique_by=lambda row: "_".join(row[:2]),
)


@given(ROWS)
def test_reading_gives_back_what_was_written(tmp_path_factory, rows):
    videos, qids, types, texts, *candidates, answers = zip(*rows, strict=True)
    numbers = np.arange(1, len(rows) + 1)
    candidates = tuple(zip(*candidates, strict=True))
    questions = Questions(videos, qids, types, texts, candidates, np.array(answers), numbers, numbers, numbers)
    path = tmp_path_factory.mktemp("written") / "q.csv"
    write_questions(path, questions)
    assert_same(read_questions(path), questions)


def test_a_folder_that_is_missing_is_named(csv, tmp_path):
    with pytest.raises(FileNotFoundError, match="No such folder"):
        write_questions(tmp_path / "missing" / "out.csv", read_questions(csv(HEADER, FIRST)))


OPEN_HEADER = ",".join(HEADER.split(",")[:8])


def test_questions_with_short_answers_are_read(csv):
    path = csv(OPEN_HEADER, "1,369,640,480,is it,yes,6,DB", "1,369,640,480,what,none,7,DO")
    found = read_open_ended(path)
    assert len(found) == 2
    assert found.videos == ("1", "1")
    assert found.qids == ("6", "7")
    assert found.types == ("DB", "DO")
    assert found.questions == ("is it", "what")
    assert found.answers == ("yes", "none")
    assert found.frame_counts.tolist() == [369, 369]
    assert found.widths.tolist() == [640, 640]
    assert found.heights.tolist() == [480, 480]
    assert found.source == str(path)


def test_reading_candidates_as_open_ended_names_the_other_reader(csv):
    with pytest.raises(ValueError, match=r"found questions with candidates.*nextqa\.read_questions reads them"):
        read_open_ended(csv(HEADER, FIRST))


def test_an_unknown_open_ended_type_is_named(csv):
    path = csv(OPEN_HEADER, "1,369,640,480,is it,yes,6,XX")
    with pytest.raises(ValueError, match=f"line 2: type: found 'XX', expected one of {', '.join(OPEN_ENDED_TYPES)}"):
        read_open_ended(path)


def test_an_empty_short_answer_is_named(csv):
    with pytest.raises(ValueError, match="line 2: answer: found nothing, expected a value"):
        read_open_ended(csv(OPEN_HEADER, "1,369,640,480,is it,,6,DB"))


def open_ended(answers, types=None, qids=None) -> OpenEnded:
    total = len(answers)
    ones = np.ones(total, np.int64)
    return OpenEnded(
        videos=("v",) * total,
        qids=tuple(qids or map(str, range(total))),
        types=tuple(types or ("CW",) * total),
        questions=tuple(f"why {row}" for row in range(total)),
        answers=tuple(answers),
        frame_counts=ones,
        widths=ones,
        heights=ones,
        source="oe.csv",
    )


def test_the_correct_answer_is_at_its_index():
    given = open_ended("abcdefgh")
    made = multiple_choice(given, 0)
    assert [texts[place] for texts, place in zip(made.candidates, made.answers, strict=True)] == list("abcdefgh")
    assert made.questions == given.questions
    assert made.qids == given.qids


@pytest.mark.parametrize("seed", range(5))
def test_texts_differ_by_more_than_capitals_and_spaces(seed):
    made = multiple_choice(open_ended(["Car", "car ", " car", "dog", "dog", "hat", "cap", "cup"]), seed)
    for texts in made.candidates:
        assert len({text.strip().lower() for text in texts}) == 5


def test_wrong_answers_are_of_the_same_type():
    answers = [f"{kind} {number}" for kind in ("CW", "DO") for number in range(6)]
    made = multiple_choice(open_ended(answers, ["CW"] * 6 + ["DO"] * 6), 0)
    for kind, texts in zip(made.types, made.candidates, strict=True):
        assert all(text.startswith(kind) for text in texts)


def test_frequent_answers_are_drawn_more_often():
    answers = ["two"] * 50 + ["one"] * 5 + [f"rare {number}" for number in range(100)]
    made = multiple_choice(open_ended(answers), 0)
    drawn = Counter(text for row, texts in enumerate(made.candidates) if answers[row] != "two" for text in texts)
    assert drawn["two"] > 3 * drawn["one"]
    assert drawn["one"] > drawn["rare 0"]


def test_rare_answers_are_found_among_many_equal_ones():
    made = multiple_choice(open_ended(["yes"] * 20_000 + ["a", "b", "c", "d"]), 0)
    assert {frozenset(texts) for texts in made.candidates} == {frozenset(("yes", "a", "b", "c", "d"))}


def test_the_seed_alone_decides():
    given = open_ended([str(number) for number in range(50)])
    first, again, other = multiple_choice(given, 1), multiple_choice(given, 1), multiple_choice(given, 2)
    assert first.candidates == again.candidates
    assert first.answers.tolist() == again.answers.tolist()
    assert first.candidates != other.candidates


def test_types_that_nextqa_does_not_have_are_omitted():
    made = multiple_choice(open_ended("abcdefyn", ["CW"] * 6 + ["DB"] * 2), 0)
    assert made.types == ("CW",) * 6


def test_only_the_first_question_of_a_key_gets_candidates():
    made = multiple_choice(open_ended("abcdefgh", qids="01234562"), 0)
    assert made.qids == tuple("0123456")
    assert made.questions[2] == "why 2"


def test_a_type_of_few_answers_is_named():
    with pytest.raises(ValueError, match=re.escape("oe.csv: type CW: found 4 different answers, expected at least 5")):
        multiple_choice(open_ended("abcdA"), 0)


@pytest.fixture(scope="module")
def nextoe(data_dir):
    """Return NExT-OE's training questions."""
    return read_open_ended(data_dir / "nextoe" / "train.csv")


@pytest.mark.real_data
def test_nextqas_validation_questions(data_dir):
    questions = read_questions(data_dir / "nextqa" / "val.csv")
    assert len(questions) == len(set(questions.keys)) == 4996
    assert len(set(questions.videos)) == 570
    expected = {"CW": 1924, "CH": 683, "TN": 895, "TP": 54, "TC": 663, "DC": 177, "DL": 295, "DO": 305}
    assert Counter(questions.types) == expected


@pytest.mark.real_data
def test_nextgqas_questions_are_some_of_nextqas(data_dir):
    questions = read_questions(data_dir / "nextgqa" / "val.csv")
    assert Counter(questions.types) == {"CW": 1474, "CH": 481, "TN": 879, "TP": 52, "TC": 472}
    whole = read_questions(data_dir / "nextqa" / "val.csv")
    rows = {key: row for row, key in enumerate(whole.keys)}
    same = whole.select(np.array([rows[key] for key in questions.keys]))
    pairs = zip(questions.keys, questions.candidates, same.candidates, strict=True)
    assert [key for key, found, before in pairs if found != before] == ["7987845241_6"]  # its answer was corrected
    assert questions.questions == same.questions
    np.testing.assert_array_equal(questions.answers, same.answers)


@pytest.mark.real_data
def test_writing_gives_the_same_bytes(data_dir, tmp_path):
    path = data_dir / "nextqa" / "val.csv"
    write_questions(tmp_path / "val.csv", read_questions(path))
    assert (tmp_path / "val.csv").read_bytes() == path.read_bytes()


@pytest.mark.real_data
def test_every_layout_of_the_validation_questions_reads_the_same(data_dir, tmp_path):
    questions = read_questions(data_dir / "nextqa" / "val.csv")
    lines = (data_dir / "nextqa" / "val.csv").read_text(encoding="utf-8").splitlines()
    rights = [texts[place] for texts, place in zip(questions.candidates, questions.answers, strict=True)]
    changed = [f",{lines[0].replace('video', 'video_id')}"]
    for row, (line, right) in enumerate(zip(lines[1:], rights, strict=True)):
        fields = line.split(",")
        fields[5] = right
        changed.append(",".join([str(row), *fields]))
    (tmp_path / "covgt.csv").write_text("\n".join(changed), encoding="utf-8-sig")
    found = read_questions(tmp_path / "covgt.csv")
    differ = np.flatnonzero(found.answers != questions.answers)
    # Where two candidates read alike, the text cannot say which.
    assert all(len({text.strip() for text in questions.candidates[row]}) < 5 for row in differ)
    assert len(differ) <= 3
    assert found.candidates == questions.candidates


@pytest.mark.real_data
def test_nextoes_training_questions(nextoe):
    assert len(nextoe) == 37523
    assert set(nextoe.types) == set(OPEN_ENDED_TYPES)


@pytest.mark.real_data
def test_nextoe_as_multiple_choice(nextoe):
    made = multiple_choice(nextoe, 0)
    # 2,928 are of type DB, and of the three keys that come twice one has no question of that type.
    assert len(made) == len(set(made.keys)) == 37523 - 2928 - 1
    asked = set(zip(nextoe.videos, nextoe.qids, nextoe.questions, nextoe.answers, strict=True))
    given = {kind: set() for kind in QUESTION_TYPES}
    for kind, answer in zip(nextoe.types, nextoe.answers, strict=True):
        if kind in given:
            given[kind].add(answer)
    for row, texts in enumerate(made.candidates):
        assert len({text.strip().lower() for text in texts}) == 5
        assert set(texts) <= given[made.types[row]]
        assert (made.videos[row], made.qids[row], made.questions[row], texts[made.answers[row]]) in asked


@pytest.mark.real_data
def test_correct_answers_have_uniform_indices(nextoe):
    made = multiple_choice(nextoe, 0)
    counts = np.bincount(made.answers, minlength=5)
    expected = len(made) / 5
    assert ((counts - expected) ** 2 / expected).sum() < 18.5  # chi-squared, 4 degrees of freedom, p = 0.001


@pytest.mark.real_data
def test_the_same_seed_gives_the_same_candidates_for_nextoe(nextoe):
    first, again = multiple_choice(nextoe, 3), multiple_choice(nextoe, 3)
    assert first.candidates == again.candidates
    assert first.answers.tolist() == again.answers.tolist()
