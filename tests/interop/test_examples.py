"""Every script in examples/ runs and prints its results."""

from __future__ import annotations

import os
import runpy

import pytest

from helpers.libraries import library

os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"

EXAMPLES = {
    "from_detectron2": (["torch"], "first frame: 13 of 14 boxes are tracked"),
    "from_supervision": (["supervision"], "first frame: 13 of 14 boxes are tracked"),
    "from_tables": (["pandas", "polars", "pyarrow"], "polars.dataframe.frame: (784, 8), {0: 'car', 1: 'person'}"),
    "from_torchvision": (["torch"], "first frame: 13 of 14 boxes are tracked"),
    "from_transformers": (["torch", "transformers"], "'track_id': "),
    "from_ultralytics": (["torch", "ultralytics"], "first frame: 13 boxes are tracked"),
    "to_fiftyone": (["fiftyone"], "frame 1: 13 boxes"),
    "to_napari": (["napari.layers"], "tracks: 20 trajectories"),
    "to_rerun": (["rerun"], "tracks.rrd: 20 trajectories"),
}
"""Imports of each script, and part of its output."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs(name, project_dir, capsys, tmp_path, monkeypatch) -> None:
    libraries, expected = EXAMPLES[name]
    for needed in libraries:
        library(needed)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(project_dir / "examples" / f"{name}.py"), run_name="__main__")
    assert expected in capsys.readouterr().out
    assert (tmp_path / "tracks.html").exists() == name.startswith("from_")


def test_every_example_is_run(project_dir) -> None:
    assert sorted(path.stem for path in (project_dir / "examples").glob("*.py")) == sorted(EXAMPLES)
