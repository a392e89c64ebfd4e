"""The command line: ``trajvqa train|eval|predict|table|...``."""

from __future__ import annotations

from trajtrack.console.program import Program
from trajvqa.cli import (
    building,
    demo,
    doctor,
    evaluation,
    extraction,
    listing,
    prediction,
    showing,
    tables,
    training,
    vidvrd,
    worlds,
)

__all__ = ["PROGRAM", "main"]

PROGRAM = Program(
    name="trajvqa",
    description="Answer multiple-choice questions about videos from their frames and trajectories.",
    examples={
        "make synthetic videos and questions": "trajvqa worlds small-worlds --train 40 --val 10 --test 10",
        "train on them": "trajvqa train small/both --data small-worlds -o small-run",
    },
    commands=(
        training,
        evaluation,
        prediction,
        showing,
        tables,
        doctor,
        extraction,
        building,
        worlds,
        vidvrd,
        listing,
        demo,
    ),
)

main = PROGRAM.main
