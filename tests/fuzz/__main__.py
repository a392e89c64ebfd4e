"""``make fuzz``: damaged files for every reader, from the command line."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from fuzz.campaign import Outcome, run
from fuzz.oracle import read_case
from fuzz.registry import TARGETS
from fuzz.target import Case
from fuzz.worker import write


def main() -> int:
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="time for all targets together")
    parser.add_argument("--inputs", type=int, default=10**9, help="largest number of inputs of each target")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: another one each time")
    parser.add_argument("--targets", nargs="+", choices=names, default=names, metavar="TARGET")
    parser.add_argument("--replay", nargs=3, metavar=("TARGET", "SEED", "NUMBER"), help="write and read one input")
    words = parser.parse_args()
    if words.replay is not None:
        return replay(words.replay[0], int(words.replay[1]), int(words.replay[2]))
    print(f"seed {words.seed}")
    print(f"{'target':22} {'inputs':>9} {'accepted':>9} {'refused':>9}  faults")
    outcomes: dict[str, Outcome] = {}
    for name in words.targets:
        outcomes |= run({name: words.inputs}, words.seed, words.seconds / len(words.targets))
        report(name, outcomes[name])
        for fault in {fault.kind: fault for fault in reversed(outcomes[name].faults)}.values():
            print(f"{fault}\n", flush=True)
    total = Outcome()
    for outcome in outcomes.values():
        total.add(outcome.inputs, outcome.accepted)
        total.faults += outcome.faults
    report("all", total)
    return 1 if total.faults else 0


def report(name: str, outcome: Outcome) -> None:
    refused = outcome.inputs - outcome.accepted
    print(f"{name:22} {outcome.inputs:9} {outcome.accepted:9} {refused:9}  {len(outcome.faults)}", flush=True)


def replay(name: str, seed: int, number: int) -> int:
    """Read one input in this process and say what is wrong; its files stay for a closer look."""
    target = next(each for each in TARGETS if each.name == name)
    case = Case(target, seed, number)
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    files = case.files()
    write(folder, files)
    print(f"{folder}{os.sep}", *files)
    accepted, fault = read_case(case, folder, files)
    print(fault or ("accepted" if accepted else "refused"))
    return 0 if fault is None else 1


if __name__ == "__main__":
    sys.exit(main())
