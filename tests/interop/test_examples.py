"""Every script in examples/ that takes a container runs, and says what it found."""

from __future__ import annotations

import runpy

import pytest
from libraries import library

EXAMPLES = {
    "from_detectron2": (["torch"], "first frame: 12 of 14 boxes are tracked"),
    "from_supervision": (["supervision"], "first frame: 12 of 14 boxes are tracked"),
    "from_tables": (["pandas", "polars", "pyarrow"], "polars.dataframe.frame: (784, 8), {0: 'car', 1: 'person'}"),
    "from_torchvision": (["torch"], "first frame: 12 of 14 boxes are tracked"),
    "from_transformers": (["torch", "transformers"], "'track_id': 0"),
    "from_ultralytics": (["torch", "ultralytics"], "first frame: 12 boxes are tracked"),
}
"""What each script imports, and prints among other things."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs(name, project_dir, capsys) -> None:
    libraries, expected = EXAMPLES[name]
    for needed in libraries:
        library(needed)
    runpy.run_path(str(project_dir / "examples" / f"{name}.py"), run_name="__main__")
    assert expected in capsys.readouterr().out


def test_every_example_is_run(project_dir) -> None:
    assert sorted(path.stem for path in (project_dir / "examples").glob("from_*.py")) == sorted(EXAMPLES)
