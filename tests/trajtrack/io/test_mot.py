from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections


@pytest.fixture
def mot_file(tmp_path: Path):
    def make(text: str | bytes) -> Path:
        path = tmp_path / "det.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def test_sizes_become_corners_in_float64_rounded_once(mot_file) -> None:
    read = trajtrack.read(mot_file("1,-1,912.8,482.9,97.6,112.6,1\n"))
    assert np.array_equal(read.boxes, np.array([[912.8, 482.9, 912.8 + 97.6, 482.9 + 112.6]], np.float32))


def test_frames_count_from_one_in_the_file_and_missing_frames_are_empty(mot_file) -> None:
    read = trajtrack.read(mot_file("5,-1,0,0,1,1,1\n2,-1,0,0,1,1,1\n"))
    assert read.frames.tolist() == [4, 1]
    assert read.num_frames == 5


def test_a_large_frame_number_costs_nothing(mot_file) -> None:
    assert trajtrack.read(mot_file("1000000000,-1,0,0,1,1,1\n")).num_frames == 10**9


def test_without_a_seventh_column_the_score_is_one(mot_file) -> None:
    assert trajtrack.read(mot_file("1,-1,0,0,1,1\n1,-1,0,0,1,1,0.25\n")).scores.tolist() == [1, 0.25]


def test_the_eighth_of_eight_or_nine_columns_is_the_class(mot_file) -> None:
    read = trajtrack.read(mot_file("1,1,0,0,1,1,1,7\n1,2,0,0,1,1,0,-3,0.5\n"))
    assert read.labels.tolist() == [7, -3]
    assert read.scores.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        (["1,4,0,0", "1,1,1,2", "0,0,0,0"], [4, 1, 0]),
        (["0.9,4,-1,-1", "0.8,1,-1,-1"], [4, 1]),
        (["1,1,0.83,-1", "0,7,1,-1"], [1, 7]),
        (["1,70,0,0"], [70]),
    ],
    ids=["truncation and occlusion", "a result", "visibility", "more classes than VisDrone"],
)
def test_the_eighth_of_ten_columns_is_the_class_if_the_last_two_belong_to_one(mot_file, rows, labels) -> None:
    text = "".join(f"1,{row},0,0,1,1,{rest}\n" for row, rest in enumerate(rows, 1))
    assert trajtrack.read(mot_file(text)).labels.tolist() == labels
    assert trajtrack.read(mot_file(text), "mot").labels.tolist() == labels


@pytest.mark.parametrize(
    "rows",
    [
        ["1,-1,-1,-1", "0,-1,-1,-1"],
        ["1,-8.2,3.1,0", "1,4,0,0"],
        ["1,4,8.2,0", "1,5,7.9,0"],
        ["1,4,0,0.5"],
        ["1,-3,5,0", "1,4,5,0"],
        ["1,-1,2.5,0"],
    ],
    ids=["unknown", "x has fractions", "y has fractions", "z has fractions", "x is negative", "x is -1"],
)
def test_the_last_three_of_ten_columns_are_a_position_otherwise(mot_file, rows) -> None:
    text = "".join(f"1,{row},0,0,1,1,{rest}\n" for row, rest in enumerate(rows, 1))
    assert trajtrack.read(mot_file(text)).labels.tolist() == [0] * len(rows)


@pytest.mark.parametrize(
    "text",
    ["1,1,0,0,1,1,1,7,8,9\n", "1,1,0,0,1,1,1,4,0,0\n2,1,0,0,1,1,1,5,0,0\n"],
    ids=["no flags", "an identity that moves"],
)
def test_columns_that_may_be_a_class_or_a_position_are_a_position_with_a_warning(mot_file, text) -> None:
    path = mot_file(text)
    with pytest.warns(trajtrack.TrajtrackWarning, match=r"det.txt, line 1: found columns 8 to 10 .* format='visdrone'"):
        assert not trajtrack.read(path).labels.any()
    assert trajtrack.read(path, "visdrone").labels[0] == float(text.split(",")[7])


@pytest.mark.parametrize("row", ["2,1,0,0,1,1,1", "2,1,0,0,1,1", "2,1,0,0,1,1,1,-1,-1,-1", "2,1,0,0,1,1,1,0.5,2.5,0"])
def test_a_row_without_a_class_among_rows_with_one_is_refused(mot_file, row) -> None:
    path = mot_file(f"1,1,0,0,1,1,1,7,1\n{row}\n")
    with pytest.raises(ValueError, match=r"det.txt, line 2: found no class, expected one in every row, as in line 1$"):
        trajtrack.read(path)


def test_ids_count_from_one_in_the_file_and_minus_one_is_none(mot_file) -> None:
    ids = trajtrack.read(mot_file("1,1,0,0,1,1\n1,-1,0,0,1,1\n1,9.0,0,0,1,1\n")).track_ids
    assert ids is not None
    assert ids.tolist() == [0, -1, 8]


def test_ids_of_a_file_with_id_zero_are_kept(mot_file) -> None:
    ids = trajtrack.read(mot_file("1,0,0,0,1,1\n1,3,0,0,1,1\n1,-1,0,0,1,1\n")).track_ids
    assert ids is not None
    assert ids.tolist() == [0, 3, -1]


def test_a_file_without_ids_has_no_track_ids(mot_file) -> None:
    assert trajtrack.read(mot_file("1,-1,0,0,1,1\n")).track_ids is None


@pytest.mark.parametrize(
    "text",
    [
        "1,2,10,20,30,40,0.5\n",
        "1 2 10 20 30 40 0.5\n",
        "1\t2\t10\t20\t30\t40\t0.5\r\n\r\n",
        "1, 2, 10, 20, 30, 40, 0.5\n\n\n",
        "\ufeff1,2,10,20,30,40,0.5",
        "1,2,10,20,30,40,0.5,-1,-1,-1",
    ],
)
def test_commas_whitespace_and_any_line_ends_are_read(mot_file, text: str) -> None:
    expected = Detections([[10, 20, 40, 60]], [0.5], [0], track_ids=[1])
    assert trajtrack.read(mot_file(text)) == expected


@pytest.mark.parametrize("blank", [" ", "\t"])
@pytest.mark.parametrize("row", ["1 -1 10,5 20 30 40 0.5", "1 -1 10,5 20 30 40 0,5", "1 -1 10 20 30 40 0,5"])
def test_decimal_commas_are_refused_where_blanks_separate_the_columns(mot_file, row: str, blank: str) -> None:
    path = mot_file("1 -1 10 20 30 40 1\n".replace(" ", blank) + row.replace(" ", blank) + "\n")
    with pytest.raises(ValueError, match=r"line 2: found commas and blanks between numbers, expected .*decimal points"):
        trajtrack.read(path)


COMPLETE = "1,-1,10,20,30,40,0.5,-1,-1,-1"


@pytest.mark.parametrize("cut", ["2,-1,10,20,30,4", "2,-1,10,20,30,40,0", "2,-1,10,20,30,40,0.5,-1,-1"])
def test_a_file_that_ends_within_its_last_row_is_refused(mot_file, cut: str) -> None:
    message = f"line 3: found {cut.count(',') + 1} columns and the end of the file, expected 10 as in other rows"
    with pytest.raises(ValueError, match=message):
        trajtrack.read(mot_file(f"{COMPLETE}\n{COMPLETE}\n{cut}"))


@pytest.mark.parametrize("last", [COMPLETE, "2,-1,10,20,30,40\n", "2,-1,10,20,30,40\n  "])
def test_a_last_row_is_complete_with_all_columns_or_a_newline(mot_file, last: str) -> None:
    assert len(trajtrack.read(mot_file(f"{COMPLETE}\n{last}"))) == 2


def test_an_empty_file_is_zero_detections(mot_file) -> None:
    assert trajtrack.read(mot_file("")) == Detections(np.empty((0, 4)), [], [])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,-1,0,0,1,1", "found frame 0, expected frames from 1"),
        ("1.5,-1,0,0,1,1", "found frame 1.5, expected an integer"),
        ("3000000000,-1,0,0,1,1", "found frame 3000000000, expected frames from 1 to 2147483648"),
        ("1,-1,0,0,-3,1", "found x2 < x1 (w = -3), expected a width of at least 0"),
        ("1,-1,0,0,3,-0.5", "found y2 < y1 (h = -0.5), expected a height of at least 0"),
        ("1,-1,0,0,3e9,1", "found the box 0, 0, 3000000000, 1, expected coordinates of at most 1e9"),
        ("1,-1,1e300,0,1e308,1", "found the box 1e+300, 0, 1e+308, 1, expected coordinates of at most 1e9"),
        ("1,-1,0,0,nan,1", "found 'nan', expected a finite number"),
        ("1,-1,0,0,1,1,1e39", "found score 1e+39, expected a score within the range of float32"),
        ("1,2.5,0,0,1,1", "found id 2.5, expected an integer"),
        ("1,-2,0,0,1,1", "found id -2, expected ids from -1"),
        ("1,9007199254740993,0,0,1,1", "expected ids from -1 to 9007199254740991"),
        ("1,1,0,0,1,1,1,1.5", "found class 1.5, expected an integer"),
        ("1,1,0,0,1", "found 5 columns, expected 6 to 10 columns"),
        ("1,1,0,0,1,1,1,1,1,1,1", "found 11 columns, expected at most 10"),
        ("1,1,0,0,1,1,", "found an empty field after the last comma, expected a number"),
        ("frame,id,x,y,w,h", "found 'frame', expected a finite number"),
        ("# a comment", "found '#', expected a finite number"),
    ],
)
def test_errors_name_file_and_line_and_what_was_found_and_expected(mot_file, row: str, message: str) -> None:
    path = mot_file(f"1,-1,0,0,1,1\n\n{row}\n1,-1,0,0,1,1\n")
    with pytest.raises(ValueError, match=re.escape("det.txt, line 3: ") + ".*" + re.escape(message)):
        trajtrack.read(path)


def test_rows_of_label_zero_are_written_in_ten_columns(tmp_path: Path) -> None:
    written = Detections([[912.8, 482.9, 912.8 + 97.6, 595.5]] * 2, [0.5, 1], [0, 4], track_ids=[0, -1])
    trajtrack.write(tmp_path / "out.txt", written)
    assert (tmp_path / "out.txt").read_text() == (
        "1,1,912.8,482.9,97.6,112.6,0.5,-1,-1,-1\n5,-1,912.8,482.9,97.6,112.6,1,-1,-1,-1\n"
    )


def test_other_labels_are_written_as_classes_in_nine_columns(tmp_path: Path) -> None:
    trajtrack.write(tmp_path / "out.txt", Detections([[0, 0, 1, 2]] * 2, [0.5, 1], [0, 0], labels=[0, -7]))
    assert (tmp_path / "out.txt").read_text() == "1,-1,0,0,1,2,0.5,0,-1\n1,-1,0,0,1,2,1,-7,-1\n"


def test_ids_that_the_file_cannot_store_are_refused(tmp_path: Path) -> None:
    number = 2**53 - 1
    written = Detections([[0, 0, 1, 1]] * 2, [1, 1], [0, 0], track_ids=[3, number])
    with pytest.raises(ValueError, match=f"out.txt: track_ids, row 1: found {number}, expected an id from 0 to"):
        trajtrack.write(tmp_path / "out.txt", written)


@pytest.mark.real_data
@pytest.mark.parametrize("file", ["gt/gt.txt", "det/det.txt", "gt_val_half/gt.txt", "det_yolox_val_half/det.txt"])
@pytest.mark.parametrize("sequence", ["02", "04", "09", "10"])
def test_real_files_are_read_as_by_numpy_and_survive_writing(
    data_dir: Path, tmp_path: Path, sequence: str, file: str
) -> None:
    path = data_dir / "mot17" / f"MOT17-{sequence}" / file
    read = trajtrack.read(path)
    table = np.loadtxt(path, delimiter=",")
    assert np.array_equal(read.frames, table[:, 0] - 1)
    assert np.array_equal(read.boxes, np.hstack([table[:, 2:4], table[:, 2:4] + table[:, 4:6]]).astype(np.float32))
    assert np.array_equal(read.scores, table[:, 6].astype(np.float32))
    assert np.array_equal(read.labels, table[:, 7] if table.shape[1] == 9 else np.zeros(len(table)))
    trajtrack.write(tmp_path / "again.txt", read)
    assert trajtrack.read(tmp_path / "again.txt") == read


@pytest.mark.real_data
def test_decimals_of_a_real_file_are_written_unchanged_except_trailing_zeros(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "mot17" / "MOT17-02" / "det_yolox_val_half" / "det.txt"
    trajtrack.write(tmp_path / "again.txt", trajtrack.read(path))
    assert (tmp_path / "again.txt").read_text().split() == path.read_text().replace(".0,", ",").split()


@pytest.mark.real_data
def test_trackeval_reads_the_written_tracks(data_dir: Path, tmp_path: Path) -> None:
    trackeval = pytest.importorskip("trackeval")
    sequence = data_dir / "mot17" / "MOT17-09"
    truth = trajtrack.read(sequence / "gt" / "gt.txt")
    people = truth[(truth.scores == 1) & (truth.labels == 1)]
    tracks = Detections(people.boxes, people.scores, people.frames, track_ids=people.track_ids)
    (tmp_path / "gt" / "MOT17-09" / "gt").mkdir(parents=True)
    (tmp_path / "tracks" / "ours" / "data").mkdir(parents=True)
    trajtrack.write(tmp_path / "gt" / "MOT17-09" / "gt" / "gt.txt", people)
    trajtrack.write(tmp_path / "tracks" / "ours" / "data" / "MOT17-09.txt", tracks)
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            "GT_FOLDER": str(tmp_path / "gt"),
            "TRACKERS_FOLDER": str(tmp_path / "tracks"),
            "SKIP_SPLIT_FOL": True,
            "SEQ_INFO": {"MOT17-09": truth.num_frames},
            "PRINT_CONFIG": False,
        }
    )
    data = dataset.get_preprocessed_seq_data(dataset.get_raw_seq_data("ours", "MOT17-09"), "pedestrian")
    assert trackeval.metrics.HOTA().eval_sequence(data)["HOTA"].tolist() == [1.0] * 19
