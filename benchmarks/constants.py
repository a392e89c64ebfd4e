"""HOTA of the flow method under random changes of all its constants by up to 25 %.

The method has no option for a data set, but constants that were chosen once. This shows how much depends on them: each
draw changes every constant of `FlowConstants` by a random factor from 0.75 to 1.25 and links all sets of
`benchmarks/online.py`.

Command::

    pip install '.[eval]'
    python benchmarks/constants.py [--data DIR] [--draws N] [--only WORDS]

It takes about half a minute per draw.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import warnings
from dataclasses import fields, replace

import numpy as np

import trajtrack
from accuracy import Video, add_data_argument
from link import markdown
from online import ALL, matches
from trajtrack.flow_options import FlowConstants, FlowOptions
from trajtrack.linking import link_flow
from trajtrack.metrics import evaluate_many


def changed(seed: int) -> FlowConstants:
    rng = np.random.default_rng(seed)
    values = {
        field.name: type(field.default)(field.default * factor)
        for field, factor in zip(
            fields(FlowConstants), rng.uniform(0.75, 1.25, len(fields(FlowConstants))), strict=True
        )
    }
    # These are shares.
    return replace(FlowConstants(), **values | {name: min(values[name], 1.0) for name in ("plateau", "score_share")})


def hota(videos: list[Video], constants: FlowConstants) -> float:
    linked = [(truth, link_flow(found, FlowOptions(), constants, 1).to_detections()) for truth, found in videos]
    return 100 * evaluate_many(linked).hota


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("--draws", type=int, default=10, help="number of draws (default: 10)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only sets with one of these words in their name")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", trajtrack.TrajtrackWarning)  # some videos are too short to calibrate scores
    rows = []
    for name in matches(arguments.only, list(ALL)):
        videos = ALL[name](arguments.data)
        draws = [hota(videos, changed(seed)) for seed in range(arguments.draws)]
        cells = [statistics.mean(draws), statistics.stdev(draws), min(draws), max(draws)]
        rows.append([name, f"{hota(videos, FlowConstants()):.1f}", *(f"{cell:.1f}" for cell in cells)])
    print(markdown(["", "defaults", "mean", "standard deviation", "min", "max"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
