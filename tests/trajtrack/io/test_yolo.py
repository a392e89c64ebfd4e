from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

import trajtrack
from trajtrack import Detections

BOX = "0.25 0.5 0.1 0.2"
CORNERS = [20, 40, 30, 60]  # of an image of 100 x 100


@pytest.fixture
def labels(tmp_path: Path):
    def make(**files: str) -> Path:
        folder = tmp_path / "runs" / "labels"
        folder.mkdir(parents=True)
        for stem, text in files.items():
            (folder / f"{stem}.txt").write_text(text)
        return folder

    return make


def read(folder: Path, **arguments: object) -> Detections:
    return trajtrack.read(folder, image_size=(100, 100), **arguments)  # type: ignore[arg-type]


def test_a_file_holds_the_boxes_of_a_frame(labels) -> None:
    folder = labels(video_2=f"3 {BOX} 0.5\n0 {BOX} 1\n", video_10=f"3 {BOX} 0.25\n", video_12="")
    expected = Detections([CORNERS] * 3, [0.5, 1, 0.25], [1, 1, 9], [3, 0, 3], num_frames=12)
    assert read(folder) == read(folder, format="yolo") == expected


def test_frames_count_from_zero_if_there_is_a_file_of_that_number(labels) -> None:
    assert read(labels(frame000000=f"3 {BOX}\n", frame000012=f"3 {BOX}\n"), frame_step=12).frames.tolist() == [0, 1]


def test_without_a_confidence_the_score_is_one(labels) -> None:
    assert read(labels(v_1=f"3 {BOX}\n")).scores.tolist() == [1]


@pytest.mark.parametrize(
    ("rows", "scores", "ids"),
    [
        (f"3 {BOX} 0.5 7\n3 {BOX} 0.25\n", [0.5, 0.25], [7, -1]),
        (f"3 {BOX} 1 7\n", [1], [7]),
        (f"3 {BOX} 7\n3 {BOX}\n3 {BOX} 1\n", [1, 1, 1], [7, -1, 1]),
    ],
)
def test_identities_are_read(labels, rows: str, scores: list[float], ids: list[int]) -> None:
    detections = read(labels(v_1=rows))
    assert detections.scores.tolist() == scores
    assert detections.track_ids is not None
    assert detections.track_ids.tolist() == ids


def test_classes_are_named_by_the_file_beside_the_labels(labels) -> None:
    assert read(labels(v_1=f"1 {BOX}\n", classes="person\ncar\n")).label_names == {0: "person", 1: "car"}


def test_the_file_of_names_may_be_in_capitals(labels) -> None:
    assert read(labels(v_1=f"1 {BOX}\n", CLASSES="person\ncar\n")).label_names == {0: "person", 1: "car"}


def test_names_that_are_not_utf_8_are_refused(labels) -> None:
    folder = labels(v_1=f"1 {BOX}\n")
    (folder / "classes.txt").write_bytes("person\nKöter\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"labels, classes\.txt, line 2: found byte 0xf6, expected UTF-8 text"):
        read(folder)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480)
JPEG = b"\xff\xd8\xff\xe0\0\4ab\xff\xff\xc0\0\x11\x08" + struct.pack(">HH", 480, 640) + b"\3"


@pytest.mark.parametrize(("name", "content"), [("v_1.png", PNG), ("v_1.jpg", JPEG), ("v_1.JPEG", JPEG)])
@pytest.mark.parametrize("place", [".", "../images"])
def test_the_size_is_that_of_an_image_of_the_same_name(labels, place: str, name: str, content: bytes) -> None:
    folder = labels(v_1=f"3 {BOX}\n")
    (folder / place).mkdir(exist_ok=True)
    (folder / place / name).write_bytes(content)
    assert trajtrack.read(folder).boxes.tolist() == [[128, 192, 192, 288]]


def test_sizes_are_those_that_pillow_reads(labels, tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    folder = labels(v_1=f"3 {BOX}\n")
    for suffix in ("jpg", "png"):
        images.new("RGB", (640, 480)).save(folder / f"v_1.{suffix}")
        assert trajtrack.read(folder).boxes.tolist() == [[128, 192, 192, 288]]
        (folder / f"v_1.{suffix}").unlink()


@pytest.mark.parametrize(("orientation", "turned"), [(1, False), (3, False), (5, True), (6, True), (8, True)])
@pytest.mark.parametrize("preview", [0, 60_000])
def test_images_are_turned_as_the_camera_says(labels, orientation: int, turned: bool, preview: int) -> None:
    images = pytest.importorskip("PIL.Image")
    folder = labels(v_1=f"3 {BOX}\n")
    exif = images.Exif()
    exif[0x010E] = "a" * preview
    exif[0x0112] = orientation
    images.new("RGB", (640, 480)).save(folder / "v_1.jpg", exif=exif)
    assert trajtrack.read(folder).boxes.tolist() == [[96, 256, 144, 384] if turned else [128, 192, 192, 288]]


def test_images_of_different_sizes_are_refused(labels) -> None:
    folder = labels(v_1=f"3 {BOX}\n", v_2=f"3 {BOX}\n", v_3=f"3 {BOX}\n")
    (folder / "v_1.png").write_bytes(PNG)
    (folder / "v_2.jpg").write_bytes(JPEG)
    (folder / "v_3.png").write_bytes(PNG[:-8] + struct.pack(">II", 480, 640))
    message = "labels, 'v_3.png': found an image of 480x640 pixels, expected 640x480 as of 'v_1.png'"
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.read(folder)
    assert len(read(folder)) == 3


def test_without_images_the_size_must_be_given(labels) -> None:
    with pytest.raises(ValueError, match="image_size: found no images beside the labels, expected image_size="):
        trajtrack.read(labels(v_1=f"3 {BOX}\n"))


@pytest.mark.parametrize("content", [b"GIF89a", b"\xff\xd8\xff\xda", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_an_image_without_a_size_is_refused(labels, content: bytes) -> None:
    folder = labels(v_1=f"3 {BOX}\n")
    (folder / "v_1.png").write_bytes(content)
    with pytest.raises(ValueError, match=re.escape("'v_1.png': found no size in the header, expected a JPEG or PNG")):
        trajtrack.read(folder)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("3 ten 0.5 0.1 0.2", "v_2.txt, line 2: found 'ten', expected a finite number"),
        ("3 0.5 0.1 0.2", "v_2.txt, line 2: found 4 columns, expected 5 to 7 columns"),
        (f"3 {BOX} 0.5 1 2", "v_2.txt, line 2: found 8 columns, expected at most 7"),
        (f"3.5 {BOX}", "v_2.txt, line 2: found class 3.5, expected an integer"),
        ("3 250 300 20 20", "v_2.txt, line 2: found the box 250, 300, 20, 20, expected centre and size as fractions"),
        ("3 0.5 0.5 -0.1 0.2", "v_2.txt, line 2: found x2 < x1 (w = -10), expected a width of at least 0"),
        (f"3 {BOX} 1.5", "v_2.txt, line 2: found confidence 1.5, expected a confidence from 0 to 1"),
        (f"3 {BOX} 0.5 1.5", "v_2.txt, line 2: found id 1.5, expected an integer"),
        (f"3 {BOX} 1", "v_2.txt, line 2: found 1 in column 6 of every row, which may be a confidence or an identity"),
    ],
)
def test_errors_name_folder_file_and_line(labels, row: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"labels, {message}")):
        read(labels(v_1=f"3 {BOX}\n", v_2=f"3 {BOX}\n{row}\n"))


def test_names_of_files_are_escaped(labels) -> None:
    with pytest.raises(ValueError, match=re.escape(r"labels, v\x1b[0m_2.txt, line 2: found 1 columns")):
        read(labels(**{"v\x1b[0m_2": f"3 {BOX}\n3\n"}))


def test_a_name_without_a_number_is_refused(labels) -> None:
    with pytest.raises(ValueError, match=r"labels, found the file 'notes\.txt', expected a name with the number of"):
        read(labels(v_1=f"3 {BOX}\n", notes=""))


def test_a_folder_of_other_files_is_no_video(labels) -> None:
    with pytest.raises(IsADirectoryError, match="or a folder with a file per frame"):
        read(labels(MOT17_02="1,-1,0,0,1,1\n"))


def test_files_and_folders_are_not_mistaken_for_one_another(labels) -> None:
    folder = labels(v_1=f"3 {BOX}\n")
    with pytest.raises(ValueError, match="labels, path: found a folder, expected a file, which mot data are in"):
        read(folder, format="mot")
    with pytest.raises(ValueError, match=r"v_1\.txt, path: found a file, expected a folder, which yolo data are in"):
        read(folder / "v_1.txt", format="yolo")
