from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections
from trajtrack.io.kitti import CLASS_NAMES

CAR = "3 7 Car 0 0 -1.79 296.7 161.7 455.2 292.3 2.0 1.8 4.4 -4.5 1.8 13.4 -2.1"
DONT_CARE = "0 -1 DontCare -1 -1 -10 219.31 188.49 245.5 218.56 -1000 -1000 -1000 -10 -1 -1 -1"
TABLE = {
    0: "Car",
    1: "Van",
    2: "Truck",
    3: "Pedestrian",
    4: "Person_sitting",
    5: "Cyclist",
    6: "Tram",
    7: "Misc",
    8: "DontCare",
}


@pytest.fixture
def kitti_file(tmp_path: Path):
    def make(*rows: str) -> Path:
        path = tmp_path / "0000.txt"
        path.write_text("".join(f"{row}\n" for row in rows))
        return path

    return make


def test_the_format_is_recognised_by_the_word_in_the_third_column(kitti_file) -> None:
    expected = Detections(
        np.array([[296.7, 161.7, 455.2, 292.3], [219.31, 188.49, 245.5, 218.56]]),
        [1, 1],
        [3, 0],
        labels=[0, 8],
        track_ids=[7, -1],
        label_names=TABLE,
    )
    assert trajtrack.read(kitti_file(CAR, DONT_CARE)) == expected


def test_the_eighteenth_column_is_the_score(kitti_file) -> None:
    assert trajtrack.read(kitti_file(f"{CAR} -0.5", CAR)).scores.tolist() == [-0.5, 1]


def test_other_types_get_the_next_free_labels_in_order_of_appearance(kitti_file) -> None:
    rows = [CAR.replace("Car", name) for name in ("Zebra", "Van", "Ape", "Zebra", "10")]
    read = trajtrack.read(kitti_file(*rows))
    assert read.labels.tolist() == [9, 1, 11, 9, 10]
    assert read.label_names == {**TABLE, 9: "Zebra", 11: "Ape"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (CAR.replace("3 7", "-1 7"), "found frame -1, expected frames from 0"),
        (CAR.replace("3 7", "0.5 7"), "found frame 0.5, expected an integer"),
        (CAR.replace("3 7", "3 -2"), "found id -2, expected ids from -1"),
        (CAR.replace("455.2", "1.5"), "found x2 < x1 (x1 = 296.7, x2 = 1.5), expected x1 <= x2"),
        (CAR.replace("292.3", "0"), "found y2 < y1 (y1 = 161.7, y2 = 0), expected y1 <= y2"),
        (CAR.replace("455.2", "2e9"), "expected coordinates of at most 1e9"),
        (CAR + " 1 2", "found 19 columns, expected at most 18"),
        (CAR[: CAR.rindex(" ")], "found 16 columns, expected 17 to 18 columns"),
        (CAR.replace("13.4", "far"), "found 'far', expected a finite number"),
    ],
)
def test_errors_name_file_and_line(kitti_file, row: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape("0000.txt, line 2: ") + ".*" + re.escape(message)):
        trajtrack.read(kitti_file(CAR, row))


def test_a_type_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\n" + CAR.encode().replace(b"Car", b"C\xff"))
    with pytest.raises(ValueError, match=r"a.txt, line 2: found type .*, expected UTF-8 text"):
        trajtrack.read(tmp_path / "a.txt")


def test_unknown_values_are_written_as_kitti_does(tmp_path: Path) -> None:
    written = Detections([[0.5, 1, 2, 3]] * 2, [0.5, 1], [4, 0], labels=[5, 77], track_ids=[3, -1], label_names=TABLE)
    trajtrack.write(tmp_path / "out.txt", written, "kitti")
    assert (tmp_path / "out.txt").read_text() == (
        "4 3 Cyclist -1 -1 -10 0.5 1 2 3 -1 -1 -1 -1000 -1000 -1000 -10 0.5\n"
        "0 -1 77 -1 -1 -10 0.5 1 2 3 -1 -1 -1 -1000 -1000 -1000 -10 1\n"
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            {0: "traffic light"},
            "found 'traffic light' for label 0, expected a name without whitespace and commas",
        ),
        ({0: ""}, "found '' for label 0, expected a name without whitespace"),
        ({0: "1"}, "found '1' for label 0, expected a name that is not a number"),
        ({0: "Car", 1: "Car"}, "found 'Car' for label 1, expected distinct names"),
        ({0: "\udcff"}, "found '\\udcff' for label 0, expected a name that UTF-8 can encode"),
    ],
)
def test_names_that_would_not_read_back_are_refused(tmp_path: Path, names: dict[int, str], message: str) -> None:
    written = Detections([[0, 0, 1, 1]] * 2, [1, 1], [0, 0], labels=[0, 1], label_names=names)
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.write(tmp_path / "out.txt", written, "kitti")
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.real_data
@pytest.mark.parametrize("sequence", range(11))
def test_real_labels_are_read_completely_and_survive_writing(data_dir: Path, tmp_path: Path, sequence: int) -> None:
    path = data_dir / "kitti" / "label_02" / f"{sequence:04}.txt"
    rows = [line.split() for line in path.read_text().splitlines()]
    read = trajtrack.read(path)
    assert np.array_equal(read.boxes, np.array([row[6:10] for row in rows], np.float64).astype(np.float32))
    assert read.frames.tolist() == [int(row[0]) for row in rows]
    assert read.track_ids is not None
    assert read.track_ids.tolist() == [int(row[1]) for row in rows]
    assert [read.label_names[label] for label in read.labels.tolist()] == [row[2] for row in rows]
    trajtrack.write(tmp_path / "again.txt", read, "kitti")
    assert trajtrack.read(tmp_path / "again.txt") == read


def test_the_labels_of_kitti_classes_are_fixed() -> None:
    assert CLASS_NAMES == TABLE


def test_pointrcnn_is_recognised_by_its_fifteen_columns(tmp_path: Path) -> None:
    rest = ",1.9,1.8,4.7,-4.5,1.8,13.5,-2.1,-1.7\n"
    rows = ["0,2,298.5,165,458,293,8.25", "4,1,1,2,3,4,-0.5", "4,3,1,2,3,4,1"]
    (tmp_path / "0000.txt").write_text("".join(row + rest for row in rows))
    boxes = [[298.5, 165, 458, 293], [1, 2, 3, 4], [1, 2, 3, 4]]
    expected = Detections(boxes, [8.25, -0.5, 1], [0, 4, 4], labels=[0, 3, 5], label_names=TABLE)
    assert trajtrack.read(tmp_path / "0000.txt") == expected


def test_pointrcnn_refuses_other_types(tmp_path: Path) -> None:
    (tmp_path / "0000.txt").write_text("0,4" + ",1" * 13)
    with pytest.raises(ValueError, match=r"0000.txt, line 1: found type 4, expected types from 1 to 3"):
        trajtrack.read(tmp_path / "0000.txt")


def test_rrc_is_read_by_name_as_corners_from_frame_zero(tmp_path: Path) -> None:
    (tmp_path / "0000.txt").write_text("0,296.5,160,452,288,0.5\r\n2,1,2,3,4,-1\r\n")
    expected = Detections([[296.5, 160, 452, 288], [1, 2, 3, 4]], [0.5, -1], [0, 2])
    assert trajtrack.read(tmp_path / "0000.txt", "kitti-rrc") == expected


def test_rrc_is_never_chosen_for_six_columns_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "0000.txt").write_text("1,296,160,452,288,1\n")
    assert trajtrack.read(tmp_path / "0000.txt") == trajtrack.read(tmp_path / "0000.txt", "mot")


def test_many_types_are_written_in_time(tmp_path: Path) -> None:
    labels = np.arange(20_000)
    names = {label: f"n{label}" for label in labels.tolist()}
    many = Detections(np.tile([0, 0, 1, 1], (len(labels), 1)), labels * 0 + 1, labels, labels, label_names=names)
    start = time.monotonic()
    trajtrack.write(tmp_path / "0000.txt", many, "kitti")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("format", ["kitti-rrc", "kitti-pointrcnn"])
def test_detector_formats_are_only_read(tmp_path: Path, format: str) -> None:
    with pytest.raises(ValueError, match=f"found '{format}', which is only read, expected one of mot, kitti, visdrone"):
        trajtrack.write(tmp_path / "out.txt", Detections([[0, 0, 1, 1]], [1], [0]), format)


@pytest.mark.real_data
def test_all_real_detections_are_read(data_dir: Path) -> None:
    for path in sorted((data_dir / "kitti" / "det_rrc").glob("*/*.txt")):
        assert len(trajtrack.read(path, "kitti-rrc")) == len(path.read_text().split())
    for path in sorted((data_dir / "kitti" / "det_pointrcnn").glob("*/*.txt")):
        read = trajtrack.read(path)
        assert len(read) == len(path.read_text().split())
        assert {read.label_names[label] for label in read.labels.tolist()} <= {path.parent.name}


def test_blanks_after_a_byte_order_mark_are_no_field(tmp_path: Path) -> None:
    (tmp_path / "tracks.txt").write_bytes(b"\xef\xbb\xbf\t" + CAR.encode())
    (tmp_path / "plain.txt").write_text(CAR)
    assert trajtrack.read(tmp_path / "tracks.txt") == trajtrack.read(tmp_path / "plain.txt")
