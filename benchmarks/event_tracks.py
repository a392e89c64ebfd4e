"""Measure the tracks of the worlds of events: their HOTA, and what an oracle answers from them.

    python benchmarks/event_tracks.py [--videos N] [--seed N]

For Seq-NMS, minimum-cost flow and the true links of the same detections. The oracle sees the tracks clip by clip, or as
the paper's model does: their means, and clips. Needs ``pip install '.[eval]'``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

import numpy as np

from link import markdown
from trajtrack import evaluate_many
from trajvqa.datasets.events.beliefs import INPUTS
from trajvqa.datasets.events.oracles import expected_accuracy
from trajvqa.datasets.events.questions import ask, draft_questions
from trajvqa.datasets.events.video import TRACKS, World, make_world

SHOWN = ("linked", "pooled")
TRACKING = ("HOTA", "AssA", "IDF1")


def tracking(worlds: Sequence[World]) -> tuple[float, float, float]:
    """Return the `TRACKING` metrics of the trajectories of worlds."""
    found = evaluate_many([(world.scene.truth, world.trajectories) for world in worlds])
    return found.hota, found.assa, found.idf1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=100, metavar="N", help="number of videos; default: 100")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the videos; default: 1")
    arguments = parser.parse_args()
    header = ["", "trajectories a video", *TRACKING, *(f"oracle, {name}" for name in SHOWN)]
    rows = []
    for tracks in TRACKS:
        worlds = [make_world(f"video{index}", [arguments.seed, index], tracks) for index in range(arguments.videos)]
        rates: dict[str, list[float]] = {name: [] for name in SHOWN}
        counts: Counter[int] = Counter()
        for index, world in enumerate(worlds):
            rng = np.random.Generator(np.random.PCG64([arguments.seed, index, 1]))
            asked = list(ask(draft_questions(world), counts, rng))
            for name, own in rates.items():
                beliefs = INPUTS[name](world)
                own += [expected_accuracy(each, beliefs) for each in asked]
        shares = [*tracking(worlds), *(float(np.mean(own)) for own in rates.values())]
        number = np.mean([len(world.trajectories) for world in worlds])
        rows.append([tracks, f"{number:.1f}", *(f"{100 * share:.1f}" for share in shares)])
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
