"""The command line: ``trajtrack link|eval|view|...``."""

from __future__ import annotations

from trajtrack.cli import corpus, demo, detecting, evaluation, information, linking, tracking, tuning, viewing
from trajtrack.console.program import Program

__all__ = ["PROGRAM", "main"]

PROGRAM = Program(
    name="trajtrack",
    description="Link the detections of videos into trajectories.",
    examples={
        "make an example to try things with": "trajtrack demo",
        "link its detections": "trajtrack link out/demo/detections.txt -o tracks.txt",
    },
    commands=(linking, corpus, detecting, tracking, evaluation, tuning, viewing, demo, information),
)

main = PROGRAM.main
