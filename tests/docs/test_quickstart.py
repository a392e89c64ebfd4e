"""Tests of examples/quickstart.ipynb: it runs and prints the stored output.

``python tests/docs/test_quickstart.py`` runs the notebook and stores its output in it.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "quickstart.ipynb"

pytestmark = pytest.mark.skipif(not NOTEBOOK.exists(), reason="a source distribution may leave it out")


def run(folder: Path) -> tuple[Any, Any]:
    """Return the notebook as stored, and after a run in the folder, in which warnings are errors too."""
    import nbformat
    from nbclient import NotebookClient

    shown = nbformat.read(NOTEBOOK, as_version=4)
    made = nbformat.from_dict(shown)
    client = NotebookClient(made, timeout=300, record_timing=False, resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, "PYTHONWARNINGS": "error,ignore::PendingDeprecationWarning"})
    return shown, made


def printed(cell: Any) -> str:
    """Return the text output of a cell; a stream may arrive in several parts."""
    return "".join(
        output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"]
        for output in cell.get("outputs", [])
    )


@pytest.mark.slow
def test_the_notebook_prints_what_it_shows(tmp_path):
    shown, made = run(tmp_path)
    for before, after in zip(shown.cells, made.cells, strict=True):
        assert printed(after) == printed(before)


def test_links_of_the_notebook_lead_to_existing_files():
    import nbformat

    prose = "".join(cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)#]+)", prose)
    assert targets
    assert [target for target in targets if not (NOTEBOOK.parent / target).exists()] == []


if __name__ == "__main__":
    import nbformat

    with tempfile.TemporaryDirectory() as name:
        nbformat.write(run(Path(name))[1], NOTEBOOK)
