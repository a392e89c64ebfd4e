"""The core links with the threads that the system gives."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LINK_WITHOUT_THREADS = """
import numpy as np
from trajtrack import Detections, link

rng = np.random.default_rng(0)
corners = rng.random((30_000, 2)) * 1500
detections = Detections(np.concatenate([corners, corners + 50], axis=1), rng.random(30_000), np.arange(30_000) // 100)
assert (link(detections, num_threads=4).track_ids == link(detections, num_threads=1).track_ids).all()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads take the size of their stack from a limit only on Linux")
def test_linking_goes_on_where_no_thread_can_be_started() -> None:
    import resource

    def refuse_threads() -> None:
        # No thread fits into the address space with a stack of this size.
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 47, resource.getrlimit(resource.RLIMIT_STACK)[1]))

    run = subprocess.run(
        [sys.executable, "-c", LINK_WITHOUT_THREADS],
        preexec_fn=refuse_threads,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
