"""Draw the images of answers on docs/vqa.md, by the commands shown there.

``trajvqa demo && python docs/answer_charts.py [FOLDER]`` writes them to FOLDER (default: docs/images). Accuracy by
question type is that of the demo's two models, in out/vqa-demo; the counts are those of NExT-QA's example of
predictions, in TRAJ_DATA.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from trajvqa.cli import main

_DEMO = Path("out/vqa-demo")
_DATA = Path(os.environ.get("TRAJ_DATA", "../shared/data"))
_ANSWERS = "predictions_test.json"


def write(folder: Path, demo: Path, data: Path) -> None:
    """Write the images; their titles are paths relative to the folders of the inputs."""
    folder = folder.resolve()
    (both,), (text,) = (list(demo.glob(f"small-{name}-*")) for name in ("both", "text-only"))
    _evaluate(
        demo,
        [f"{both.name}/{_ANSWERS}", "worlds/test.csv", "--text-only", f"{text.name}/{_ANSWERS}"],
        ["--chart", str(folder / "answers-by-type.svg")],
    )
    _evaluate(
        data,
        ["nextqa/HGA-bert-ft-h256-val-example.json", "nextqa/val.csv"],
        ["--confusion", str(folder / "answers-confusion.svg")],
    )


def _evaluate(folder: Path, inputs: list[str], image: list[str]) -> None:
    with contextlib.chdir(folder):
        code = main(["eval", *inputs, *image])
    if code != 0:
        sys.exit(code)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images", _DEMO, _DATA)
