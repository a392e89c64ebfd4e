"""Tests of the scripts in docs that draw images from results of the library."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def write():
    if not DOCS.is_dir():
        pytest.skip("a source distribution has no docs")
    return runpy.run_path(str(DOCS / "figures.py"))["write"]


def test_every_image_of_the_page_is_drawn(write, tmp_path):
    write(tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {path.name for path in (DOCS / "images").glob("algorithm-*")}
    page = (DOCS / "algorithm.md").read_text()
    assert [name for name in made if f"](images/{name})" not in page] == []


def test_images_are_reproduced_byte_for_byte(write, tmp_path):
    for folder in ("once", "twice"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder)
    for once in (tmp_path / "once").iterdir():
        assert once.read_bytes() == (tmp_path / "twice" / once.name).read_bytes()


def test_the_moving_picture_of_the_readme_has_both_panels_in_each_frame_of_the_scene(tmp_path, monkeypatch):
    if not DOCS.is_dir():
        pytest.skip("a source distribution has no docs")
    monkeypatch.setattr("sys.argv", ["moving_picture.py", str(tmp_path / "tracks.svg")])
    runpy.run_path(str(DOCS / "moving_picture.py"), run_name="__main__")
    for path in (tmp_path / "tracks.svg", DOCS / "images" / "tracks.svg"):
        picture = path.read_text()
        assert picture.count("<g visibility=") == 2 * 60
        assert "trajtrack.link(detections)" in picture
