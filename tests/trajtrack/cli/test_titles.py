"""The title of a page names the video."""

from __future__ import annotations

from pathlib import Path

import pytest

from trajtrack.cli.titles import video_title


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("MOT17-04/det/det.txt", "MOT17-04"),
        ("MOT17-04/det.txt", "MOT17-04"),
        ("MOT17-04/det_yolox/det.txt", "MOT17-04"),
        ("campus/det/det_public_ACF.txt", "campus"),
        ("street/detections.json", "street"),
        ("out/tracks.txt", "tracks"),
        ("films/det_2.txt", "det_2"),
        ("films/street.v2.mp4", "street.v2"),
        ("films/video1.mp4", "video1"),
    ],
)
def test_a_file_that_does_not_name_the_video_gives_the_title_to_its_folder(tmp_path, path, title):
    assert video_title(tmp_path / path) == title


def test_a_folder_of_images_is_called_by_the_folder_above(tmp_path):
    (tmp_path / "campus" / "img1").mkdir(parents=True)
    assert video_title(tmp_path / "campus" / "img1") == "campus"
    assert video_title(tmp_path / "campus") == "campus"


@pytest.mark.parametrize("path", ["det/det.txt", "img1", "tracks.txt", "."])
def test_a_sequence_of_motchallenge_has_the_name_that_it_gives_itself(tmp_path, path):
    (tmp_path / "img1").mkdir()
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nname=MOT17-04-FRCNN\nframeRate=30\n")
    assert video_title(tmp_path / path) == "MOT17-04-FRCNN"


@pytest.mark.parametrize("text", ["", "no sections", "[Sequence]\n", "[Sequence]\nname=\n", "\xff"])
def test_a_seqinfo_without_a_name_is_passed_over(tmp_path, text):
    (tmp_path / "street").mkdir()
    (tmp_path / "street" / "seqinfo.ini").write_text(text, "latin-1")
    assert video_title(tmp_path / "street" / "det.txt") == "street"


def test_a_relative_path_is_looked_up_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "street").mkdir()
    monkeypatch.chdir(tmp_path / "street")
    assert video_title(Path("det.txt")) == "street"
