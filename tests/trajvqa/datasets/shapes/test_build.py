from __future__ import annotations

import pytest

from trajvqa.datasets.shapes import ShapesOptions, make_shapes
from trajvqa.doctor import examine


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_a_data_folder_with_videos(tmp_path):
    counts = make_shapes(tmp_path, ShapesOptions(train=3, val=2, test=1))
    assert counts.keys() == {"train", "val", "test"}
    assert all(counts.values())
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == 6
    report = examine(tmp_path)
    assert report.problems == ()
    assert any(run.possible and "clips and trajectories (GloVe)" in run.name for run in report.runs)


def test_the_same_options_give_the_same_videos_and_questions(tmp_path):
    for name in ("one", "two"):
        make_shapes(tmp_path / name, ShapesOptions(train=1, val=1, test=1))
    one, two = files_of(tmp_path / "one"), files_of(tmp_path / "two")
    assert {path for path in one if one[path] != two[path]} == set()


def test_a_size_out_of_range_is_named():
    with pytest.raises(ValueError, match="train: found 0, expected "):
        ShapesOptions(train=0)
