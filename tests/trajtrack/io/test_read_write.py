"""The registry of formats, and the behaviour of read() and write() that all formats share."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections, LinkOptions, Trajectories

ONE = Detections([[10, 20, 40, 60]], [0.5], [2], track_ids=[1])
ROW = b"3,2,10,20,30,40,0.5\n"


def test_the_formats() -> None:
    assert list(trajtrack.FORMATS) == [
        "mot",
        "kitti",
        "kitti-rrc",
        "kitti-pointrcnn",
        "visdrone",
        "csv",
        "yolo",
        "vidor",
        "coco-vid",
        "tao",
        "youtube-vis",
        "coco-results",
        "scalabel",
        "mmdet",
        "label-studio",
        "cvat",
        "detrac",
        "parquet",
    ]


@pytest.mark.parametrize("as_path", [str, Path, os.fsencode])
def test_paths_may_be_text_bytes_or_path_like(tmp_path: Path, as_path) -> None:
    path = as_path(tmp_path / "a.txt")
    trajtrack.write(path, ONE)
    assert trajtrack.read(path) == ONE


@pytest.mark.parametrize(
    ("suffix", "format"), [(".txt", "mot"), (".csv", "mot"), (".TXT", "mot"), (".json", "vidor"), (".xml", "cvat")]
)
def test_the_suffix_decides_the_written_format(tmp_path: Path, suffix: str, format: str) -> None:
    trajtrack.write(tmp_path / f"a{suffix}", ONE)
    assert trajtrack.read(tmp_path / f"a{suffix}", format) == trajtrack.read(tmp_path / f"a{suffix}") == ONE


@pytest.mark.parametrize("format", ["mot", "kitti", "vidor", "coco-vid", "tao", "youtube-vis", "cvat"])
def test_the_format_is_inferred_from_the_content_if_the_suffix_is_unknown(tmp_path: Path, format: str) -> None:
    trajtrack.write(tmp_path / "a.out", ONE, format)
    assert trajtrack.read(tmp_path / "a.out") == trajtrack.read(tmp_path / "a.out", format)


@pytest.mark.parametrize("format", ["vidor", "coco-vid", "tao", "youtube-vis"])
def test_json_formats_are_recognised_by_their_keys(tmp_path: Path, format: str) -> None:
    trajtrack.write(tmp_path / "a.json", ONE, format)
    assert trajtrack.read(tmp_path / "a.json") == ONE


def test_trajectories_are_written_with_their_interpolated_boxes(tmp_path: Path) -> None:
    boxes = [[0, 0, 100, 100], [0, 0, 100, 100], [4, 0, 104, 100], [500, 500, 501, 501]]
    found = Trajectories(
        detections=Detections(boxes, [0.9, 0.8, 0.7, 0.1], [0, 1, 3, 2]),
        options=LinkOptions(),
        track_ids=np.array([0, 0, 0, -1]),
        reasons=np.array([0, 0, 0, 3], np.int8),
        suppressed_by=np.full(4, -1),
        offsets=np.array([0, 3]),
        rows=np.array([0, 1, 2]),
        labels=np.array([0], np.int32),
        scores=np.array([0.8]),
    )
    trajtrack.write(tmp_path / "all.txt", found)
    trajtrack.write(tmp_path / "detected.txt", found, interpolate=False)
    assert trajtrack.read(tmp_path / "all.txt").frames.tolist() == [0, 1, 2, 3]
    assert trajtrack.read(tmp_path / "detected.txt").frames.tolist() == [0, 1, 3]


def test_only_detections_and_trajectories_are_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="detections: found list, expected Detections or Trajectories"):
        trajtrack.write(tmp_path / "a.txt", [])  # type: ignore[arg-type]


def test_a_missing_file_is_python_s_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape("missing.txt")):
        trajtrack.read(tmp_path / "missing.txt")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="expected a file"):
        trajtrack.read(tmp_path)
    with pytest.raises(IsADirectoryError, match="expected a file"):
        trajtrack.write(tmp_path, ONE, "mot")


def test_an_empty_file_name_is_refused() -> None:
    with pytest.raises(ValueError, match="path: found an empty name"):
        trajtrack.read("")
    with pytest.raises(ValueError, match="path: found an empty name"):
        trajtrack.write("", ONE)


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"format: found 'mott', expected one of mot, kitti, .*parquet"):
        trajtrack.read(tmp_path / "a.txt", "mott")
    with pytest.raises(ValueError, match="format: found 'mott', expected one of mot"):
        trajtrack.write(tmp_path / "a.txt", ONE, "mott")


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"expected one of the suffixes .txt, .csv, .json, .xml, .parquet, or one of the formats"
    ):
        trajtrack.write(tmp_path / "a.xyz", ONE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.bin", bytes(range(256))),
        ("a.json", b"[1, 2]"),
        ("a.json", b'{"boxes": []}'),
        ("a.json", b""),
        ("a.txt", b"1,2,3,4,5,6,7,8,9,10,11\n"),
    ],
)
def test_content_of_no_format_is_refused_with_the_names_of_formats(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    message = re.escape(name) + ", line 1: found .*, expected a format that is recognised, or one of .*mot|vidor"
    with pytest.raises(ValueError, match=message):
        trajtrack.read(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "near"),
    [
        ('{"images": [], "annotations": [], "categories": []}', {"coco-vid", "tao"}),
        ('[{"boxes": [], "scores": []}]', {"mmdet"}),
        ("[1, 2]", set()),
    ],
)
def test_json_of_no_format_is_answered_by_the_layouts_that_name_its_keys(
    tmp_path: Path, content: str, near: set[str]
) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ValueError, match=r"'trajtrack info --formats' lists all layouts$") as refused:
        trajtrack.read(tmp_path / "a.json")
    assert set(re.findall(r"(?:nearest:|;) (\S+): ", str(refused.value))) == near


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.mp4",
            b"\0\0\0\x20ftypisom",
            "found a video, expected detections; 'trajtrack track .*a.mp4 --detector MODEL",
        ),
        ("a", b"\x1a\x45\xdf\xa3\x93B", "found a video, expected detections; 'trajtrack track "),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "found an image, expected detections"),
    ],
)
def test_videos_and_images_are_answered_by_what_to_type(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{re.escape(name)}, content: {message}"):
        trajtrack.read(tmp_path / name)


def test_a_folder_of_images_is_answered_by_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "000001.jpg").touch()
    with pytest.raises(IsADirectoryError, match="Is a folder of images, expected detections; 'trajtrack track "):
        trajtrack.read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'\xef\xbb\xbf{"trajectories": oops}', "line 1: found 'oops}', expected JSON"),
        (b'{\n"trajectories": [\n', "line 3: found the end of the file, expected JSON"),
        (b'{\n"trajectories": oops}', "line 2: found 'oops}', expected JSON"),
        (b'{\n"trajectories": "\xff"}', "line 2: found byte 0xff, expected UTF-8 text"),
        (b'{"trajectories":' + b"[" * 100_000, "line 1: found brackets nested too deeply, expected JSON"),
    ],
)
def test_malformed_json_names_file_and_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=f"a.json, {message}"):
        trajtrack.read(tmp_path / "a.json")


def test_a_video_can_be_chosen_only_in_formats_that_name_videos(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(ROW)
    with pytest.raises(
        ValueError, match=r"a.txt, video: found 'beach', expected None: mot files do not name their video"
    ):
        trajtrack.read(tmp_path / "a.txt", video="beach")
    with pytest.raises(ValueError, match="video: found 'beach', expected None: mot files do not name their video"):
        trajtrack.write(tmp_path / "a.txt", ONE, video="beach")


def test_the_old_file_stays_if_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(ROW)
    unwritable = Detections([[-1e9, 0, 1e-45, 1]], [1], [0])
    with pytest.raises(ValueError, match=r"a.txt: boxes, row 0: found .*, expected corners that float64"):
        trajtrack.write(tmp_path / "a.txt", unwritable)
    assert (tmp_path / "a.txt").read_bytes() == ROW
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("train/det.txt", ROW * 50)
    return path


def test_a_file_is_read_from_an_archive(archive: Path) -> None:
    assert len(trajtrack.read(archive / "train" / "det.txt")) == 50
    assert len(trajtrack.read(f"{archive}/train/det.txt")) == 50


@pytest.mark.parametrize("member", ["train/other.txt", "train"])
def test_a_file_that_is_not_in_the_archive_is_not_found(archive: Path, member: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"No such file in the archive.*{member}"):
        trajtrack.read(archive / member)


def test_an_archive_alone_is_refused(archive: Path) -> None:
    with pytest.raises(ValueError, match="found a zip archive, expected the path of a file in it"):
        trajtrack.read(archive)


def test_a_broken_archive_is_refused(archive: Path) -> None:
    content = archive.read_bytes()
    broken = [content[: len(content) // 2], b"", content[:45] + b"\xff" * 4 + content[49:]]
    for each in broken:
        archive.write_bytes(each)
        with pytest.raises(ValueError, match=r"all\.zip: found an unreadable file"):
            trajtrack.read(archive / "train" / "det.txt")


def test_many_rows_in_any_order_survive_writing(tmp_path: Path) -> None:
    rows = 20_000
    corners = np.random.default_rng(0).uniform(0, 1000, (rows, 2, 2)).astype(np.float32)
    written = Detections(np.sort(corners, axis=1).reshape(rows, 4), np.linspace(0, 1, rows), np.arange(rows)[::-1])
    trajtrack.write(tmp_path / "a.txt", written)
    assert trajtrack.read(tmp_path / "a.txt") == written
