from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections, TrajtrackWarning

ONE = Detections([[10, 20, 40, 60]], [0.5], [2], [3], track_ids=[7])


@pytest.fixture
def table(tmp_path: Path):
    def make(text: str) -> Path:
        path = tmp_path / "boxes.csv"
        path.write_text(text, newline="")
        return path

    return make


@pytest.mark.parametrize(
    "text",
    [
        "frame,x1,y1,x2,y2,score,class_id,track_id\n2,10,20,40,60,0.5,3,7\n",
        "track_id,class,conf,frame,x,y,w,h\n7,3,0.5,2,10,20,30,40\n",
        "frame_id;xmin;ymin;xmax;ymax;confidence;cls;id\n2;10;20;40;60;0.5;3;7\n",
        "Frame Number\tleft\ttop\twidth\theight\tScore\tlabel\tTracker_ID\n2\t10\t20\t30\t40\t0.5\t3\t7\n",
        "frame,cx,cy,w,h,score,class_id,object_id\n2,25,40,30,40,0.5,3,7\n",
        '"frame","x1","y1","x2","y2","score","class_id","track_id"\r\n"2","10","20","40","60","0.5","3","7"\r\n',
        '"frame";"x1";"y1";"x2";"y2";"score";"class_id";"track_id"\n2;10;20;40;60;0.5;3;7\n',
        "\ufeff\n frame, x1, y1, x2, y2, score, class_id, track_id\n\n2.0, 10, 20, 40, 60, 0.5, 3, 7\n",
        ",frame,x1,y1,x2,y2,score,class_id,track_id,note\n0,2,10,20,40,60,0.5,3,7,\n",
    ],
)
def test_columns_are_found_by_name(table, text: str) -> None:
    assert trajtrack.read(table(text)) == ONE


def test_the_files_of_supervision_are_read(table) -> None:
    read = trajtrack.read(
        table(
            "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_number\r\n"
            "10,20,40,60,3,0.5,7,car,2\r\n10,20,40,60,0,0.25,,person,3\r\n"
        )
    )
    assert read == Detections(
        [[10, 20, 40, 60]] * 2, [0.5, 0.25], [2, 3], [3, 0], track_ids=[7, -1], label_names={0: "person", 3: "car"}
    )


def test_frames_and_ids_of_motchallenge_count_from_one(table) -> None:
    text = "frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z\n3,8,10,20,30,40,0.5,-1,-1,-1\n"
    assert trajtrack.read(table(text)) == Detections([[10, 20, 40, 60]], [0.5], [2], track_ids=[7])


def test_classes_by_name_are_numbered_in_sorted_order(table) -> None:
    read = trajtrack.read(table('frame,x1,y1,x2,y2,class\n0,0,0,1,1,dog\n1,0,0,1,1,"cat, black"\n'))
    assert read.labels.tolist() == [1, 0]
    assert read.label_names == {0: "cat, black", 1: "dog"}


def test_without_a_score_it_is_one(table) -> None:
    assert trajtrack.read(table("frame,x1,y1,x2,y2\n0,0,0,1,1\n")).scores.tolist() == [1]


@pytest.mark.parametrize("name", ["det_conf", "scoer"])
def test_a_column_that_looks_like_a_score_is_named(table, name: str) -> None:
    with pytest.warns(TrajtrackWarning, match=rf"boxes.csv, line 1: found the column '{name}', which is not read"):
        trajtrack.read(table(f"frame,x1,y1,x2,y2,{name}\n0,0,0,1,1,0.3\n"))


def test_a_header_alone_is_zero_detections(table) -> None:
    assert len(trajtrack.read(table("frame,x1,y1,x2,y2,score,class_id,track_id\n"))) == 0


def test_times_become_frames_if_the_step_is_given(table) -> None:
    path = table("timestamp,x1,y1,x2,y2\n0,0,0,1,1\n0.041,0,0,1,1\n0.119,0,0,1,1\n")
    assert trajtrack.read(path, frame_step=0.04).frames.tolist() == [0, 1, 3]
    with pytest.raises(ValueError, match="frame_step: found None for the times of column 'timestamp', expected"):
        trajtrack.read(path)
    with pytest.raises(ValueError, match=r"line 3: found timestamp 0\.041, expected about a multiple of 0.06"):
        trajtrack.read(path, frame_step=0.06)


HEADER = "frame,x1,y1,x2,y2,score,class_id,track_id"


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (HEADER, "1,0,0,1,1,0.5,3", "line 4: found 7 columns, expected 8 as in the header"),
        (HEADER, "1,0,0,1,1,0.5,3,7,9", "line 4: found 9 columns, expected 8 as in the header"),
        (HEADER, "1,0,ten,1,1,0.5,3,7", "line 4: found y1 'ten', expected a finite number"),
        (HEADER, "1,0,1_0,1,1,0.5,3,7", "line 4: found y1 '1_0', expected a finite number"),
        (HEADER, "1,0,\u0661,1,1,0.5,3,7", "line 4: found y1 '\u0661', expected a finite number"),
        (
            HEADER,
            '1,0,"0"\t,1,1,0.5,3,7',
            "line 4: found invalid CSV (',' expected after '\"'), expected rows of a table",
        ),
        (HEADER, "1,0,0,1,1,,3,7", "line 4: found score '', expected a finite number"),
        (HEADER, "1,0,0,-1,1,0.5,3,7", "line 4: found x2 < x1 (x1 = 0, x2 = -1), expected x1 <= x2"),
        (HEADER, "1.5,0,0,1,1,0.5,3,7", "line 4: found frame 1.5, expected an integer"),
        (HEADER, "-1,0,0,1,1,0.5,3,7", "line 4: found frame -1, expected frames from 0 to"),
        (HEADER, "1,0,0,1,1,0.5,3.5,7", "line 4: found class_id 3.5, expected an integer"),
        (HEADER, "1,0,0,1,1,0.5,3,-2", "line 4: found track_id -2, expected track_id from -1 to"),
        (HEADER, '1,0,0,1,1,0.5,3,"7', "line 4: found invalid CSV (unexpected end of data), expected rows"),
        ("frame,score,x1", "1,0,0", "line 1: found no columns of a box among 'frame, score, x1', expected x1, y1"),
        ("x1,y1,x2,y2", "0,0,1,1", "line 1: found no column of frames among 'x1, y1, x2, y2', expected one of frame"),
        ("frame,x1,y1,x2,y2,conf,confidence", "0,0,0,1,1,1,1", "line 1: found the columns 'confidence' and 'conf'"),
        ("frame,frame,x1,y1,x2,y2", "0,0,0,0,1,1", "line 1: found the columns 'frame' and 'frame', expected one of"),
    ],
)
def test_errors_name_file_and_line(table, header: str, row: str, message: str) -> None:
    first = ",".join(["1"] * (header.count(",") + 1))
    with pytest.raises(ValueError, match=re.escape(f"boxes.csv, {message}")):
        trajtrack.read(table(f"{header}\n{first}\n\n{row}\n"))


def test_two_names_of_one_class_are_refused(table) -> None:
    text = "frame,x1,y1,x2,y2,class_id,class_name\n0,0,0,1,1,2,car\n0,0,0,1,1,2,van\n"
    with pytest.raises(ValueError, match="line 3: found class_name 'van' for class 2, expected 'car' as before"):
        trajtrack.read(table(text))


def test_the_rows_of_several_videos_are_refused(table) -> None:
    text = "video,frame,x1,y1,x2,y2\na,0,0,0,1,1\na,1,0,0,1,1\nb,0,0,0,1,1\n"
    with pytest.raises(ValueError, match="line 4: found video 'b', expected the rows of one video, as of 'a' before"):
        trajtrack.read(table(text))
    assert len(trajtrack.read(table(text.replace("b", "a")))) == 3


def test_python_s_csv_reads_what_is_written(tmp_path: Path) -> None:
    written = Detections(
        [[0.1, 2, 3.5, 4]] * 2, [0.3, 1], [0, 4], [0, 2], track_ids=[5, -1], label_names={0: 'a "b", c', 9: "d"}
    )
    trajtrack.write(tmp_path / "a.csv", written, "csv")
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "frame": "0",
        "x1": "0.1",
        "y1": "2",
        "x2": "3.5",
        "y2": "4",
        "score": "0.3",
        "class_id": "0",
        "class_name": 'a "b", c',
        "track_id": "5",
    }
    assert trajtrack.read(tmp_path / "a.csv") == Detections(
        written.boxes, written.scores, written.frames, [0, 2], track_ids=[5, -1], label_names={0: 'a "b", c'}
    )


def test_pandas_and_trajtrack_read_one_another(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"frame": [0, 1], "x": [1, 2], "y": [3, 4], "w": [5, 6], "h": [7, 8], "conf": [0.5, 1]})
    table.to_csv(tmp_path / "a.csv")
    read = trajtrack.read(tmp_path / "a.csv")
    assert read == Detections.from_table(table)
    trajtrack.write(tmp_path / "b.csv", read, "csv")
    assert Detections.from_table(pandas.read_csv(tmp_path / "b.csv")) == read


def test_long_tables_are_read_in_linear_time(tmp_path: Path) -> None:
    rows = 50_000
    corners = np.sort(np.random.default_rng(0).uniform(0, 1000, (rows, 2, 2)).astype(np.float32), axis=1)
    written = Detections(corners.reshape(rows, 4), np.linspace(0, 1, rows), np.arange(rows))
    trajtrack.write(tmp_path / "a.csv", written, "csv")
    assert trajtrack.read(tmp_path / "a.csv") == written
