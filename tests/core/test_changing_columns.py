"""Another thread may write to the columns of detections while the core reads them: results are then meaningless,
but memory stays intact and the call returns."""

from __future__ import annotations

import subprocess
import sys

import pytest

WRITER = """
import sys, threading

done = threading.Event()


def write():
    while not done.is_set():
        for value in values:
            target[:] = value


writer = threading.Thread(target=write)
"""

WRITES_DURING_LINK = """
import warnings
import numpy as np
from trajtrack import Detections, link

warnings.simplefilter("ignore")
method, column = sys.argv[1:]
rng = np.random.default_rng(0)
count = 22_000
corners = rng.random((count, 2), dtype=np.float32) * 1500
detections = Detections(
    np.concatenate([corners, corners + 50], axis=1),
    rng.random(count, dtype=np.float32),
    rng.integers(0, 200, count),
    rng.integers(0, 3, count),
)
target = getattr(detections, column)
values = {
    "frames": [-5, target.copy(), rng.integers(0, 2**31 - 1, count)],
    "boxes": [np.nan, target.copy(), np.inf, target[::-1].copy()],
    "scores": [np.nan, target.copy(), np.inf],
    "labels": [-(2**31), target.copy(), rng.integers(0, 2**31 - 1, count)],
}[column]
writer.start()
for _ in range(5):
    link(detections, method=method, num_threads=2)
done.set()
writer.join()
"""

WRITES_DURING_PUSH = """
import numpy as np
from trajtrack import Linker

column = sys.argv[1]
rng = np.random.default_rng(0)
count = 20_000
corners = rng.random((count, 2), dtype=np.float32) * 3000
columns = {
    "boxes": np.concatenate([corners, corners + 50], axis=1),
    "scores": rng.random(count, dtype=np.float32),
    "labels": rng.integers(0, 3, count, dtype=np.int32),
}
target = columns[column]
values = {
    "boxes": [np.float32(np.nan), target.copy(), np.zeros_like(target), target[::-1].copy()],
    "scores": [np.float32(np.nan), target.copy(), -target],
    "labels": [np.int32(-(2**31)), target.copy(), target[::-1].copy()],
}[column]
writer.start()
linker = Linker(min_score=0.1)
for _ in range(40):
    try:
        linker.push(columns["boxes"], columns["scores"], columns["labels"])
    except ValueError as error:  # the frame as it was when it was checked
        assert "scores" in str(error) or "boxes" in str(error), error
linker.flush()
done.set()
writer.join()
"""


@pytest.mark.parametrize("method", ["seq-nms", "flow"])
@pytest.mark.parametrize("column", ["frames", "boxes", "scores", "labels"])
def test_a_column_that_changes_during_the_call_harms_nothing(method: str, column: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WRITER + WRITES_DURING_LINK, method, column], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("column", ["boxes", "scores", "labels"])
def test_a_column_that_changes_while_it_is_pushed_harms_nothing(column: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WRITER + WRITES_DURING_PUSH, column], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
