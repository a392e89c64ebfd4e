"""``make faults``: commands that are killed, terminated and out of disk space, many times at random moments."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from faults.commands import COMMANDS, KINDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--count", type=int, default=30, help="number of runs of each command with each fault")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: another one each time")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=[*COMMANDS])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    words = parser.parse_args()
    print(f"seed {words.seed}")
    failed = 0
    for name in words.commands:
        with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as folder:
            command = COMMANDS[name](Path(folder))
            for kind in words.kinds:
                ends: Counter[str] = Counter()
                for number in range(words.count):
                    try:
                        ends[command.disturb(kind, Random(f"{words.seed} {name} {kind} {number}"))] += 1
                    except AssertionError:
                        traceback.print_exc()
                        ends["FAILED"] += 1
                failed += ends["FAILED"]
                print(f"{name:7} {kind:10} {', '.join(f'{count} x {end}' for end, count in ends.items())}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
