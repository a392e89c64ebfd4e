"""Many boxes on top of one another: memory is linear in their number, and results are those of the definition."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections, Linker, LinkOptions, Reason

LINKS_A_CROWD = """
import resource, sys
import numpy as np
from trajtrack import Detections, Linker, link

entry, scores, spread, step = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
rng = np.random.default_rng(0)
count, frames = 10_000, 3
rows = count * frames
boxes = np.array([100, 100, 200, 200]) + rng.normal(0, spread, (rows, 4))
detections = Detections(
    boxes, np.full(rows, 0.5) if scores == "equal" else rng.random(rows), np.repeat(np.arange(frames) * step, count)
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if entry == "link":
    assert 0 < len(link(detections, method="seq-nms")) < 100
else:
    linker = Linker()
    for frame in range(frames):
        part = detections[detections.frames == frame * step]
        linker.push(part.boxes, part.scores, frame=frame * step)
    assert len(linker.flush()) == rows
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def crowd(count: int, frames: int = 1) -> Detections:
    """Return equal boxes of equal scores."""
    rows = count * frames
    return Detections(np.tile([10.0, 10, 50, 90], (rows, 1)), np.full(rows, 0.5), np.repeat(np.arange(frames), count))


@pytest.mark.parametrize("entry", ["link", "Linker"])
@pytest.mark.parametrize(
    ("scores", "spread", "step"),
    [
        pytest.param("equal", "0", "1", id="equal boxes"),
        pytest.param("random", "2", "1", id="nearly equal boxes"),
        pytest.param("random", "8", "1", id="boxes about as far apart as a threshold allows"),
        pytest.param("random", "2", "3", id="links across gaps"),
    ],
)
def test_the_memory_of_a_crowd_is_not_quadratic(entry: str, scores: str, spread: str, step: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LINKS_A_CROWD, entry, scores, spread, step], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    kilobytes = int(run.stdout)
    assert kilobytes < 400_000  # a list of all pairs has 400 MB for each frame


def test_of_equal_boxes_the_first_is_chosen_and_suppresses_the_others() -> None:
    tracks = trajtrack.link(crowd(100_000), method="seq-nms")
    np.testing.assert_array_equal(tracks.rows, [0])
    assert (tracks.reasons[1:] == Reason.SUPPRESSED).all()
    assert (tracks.suppressed_by[1:] == 0).all()


def test_of_equal_paths_through_a_crowd_the_first_is_chosen() -> None:
    tracks = trajtrack.link(crowd(20_000, frames=3), method="seq-nms")
    np.testing.assert_array_equal(tracks.rows, [0, 20_000, 40_000])


def test_a_path_through_a_crowd_takes_the_best_box_of_each_frame() -> None:
    boxes = crowd(20_000, frames=3)
    scores = np.random.default_rng(0).permutation(len(boxes)) / len(boxes) + 0.1
    tracks = trajtrack.link(Detections(boxes.boxes, scores, boxes.frames), method="seq-nms")
    np.testing.assert_array_equal(tracks.rows, np.arange(3) * 20_000 + scores.reshape(3, -1).argmax(axis=1))


def test_boxes_that_do_not_suppress_one_another_are_all_linked() -> None:
    boxes = crowd(300, frames=2).boxes.copy()
    boxes[:, 0] += np.tile(np.arange(300) / 100, 2)  # neighbours overlap by far more than links need
    detections = Detections(boxes, np.full(600, 0.5), np.repeat([0, 1], 300))
    options = LinkOptions(nms_threshold=1.0)
    np.testing.assert_array_equal(np.diff(trajtrack.link_graph(detections, options).offsets[:301]), 300)
    tracks = trajtrack.link(detections, options)
    assert len(tracks) == 300
    assert (np.diff(tracks.offsets) == 2).all()


def test_the_graph_of_a_crowd_has_all_links() -> None:
    graph = trajtrack.link_graph(crowd(1000, frames=2))
    assert len(graph.targets) == 1000 * 1000


def test_a_crowd_does_not_hold_back_other_boxes_of_a_stream() -> None:
    linker = Linker(max_gap=0)
    boxes = crowd(1000).boxes
    far = [[1000.0, 1000, 1050, 1050]]
    linker.push(np.concatenate([boxes, far]), np.full(1001, 0.5))
    np.testing.assert_array_equal(linker.push(boxes, np.full(1000, 0.5)).rows, [1000])
    assert linker.num_open == 2000


def test_a_box_links_to_a_whole_crowd_after_another_crowd_was_cut() -> None:
    left, middle, right = [0.0, 0, 10, 10], [0.0, 0, 20, 20], [15.0, 15, 35, 35]
    linker = Linker(max_gap=0, iou_threshold=0, max_open_frames=1)
    linker.push([left], [0.5])
    cut = linker.push([right] + [middle] * 200, np.full(201, 0.5))
    np.testing.assert_array_equal(cut.rows, [0, *range(2, 202)])
    linked = linker.push([middle] * 150 + [right], [*np.full(149, 0.5), 0.9, 0.6])
    np.testing.assert_array_equal(linked.rows, [1, *range(202, 353)])
    np.testing.assert_array_equal(linked.trajectories.rows, [0, 150, 151])
