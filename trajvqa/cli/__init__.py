"""The command line: ``trajvqa train|eval|predict|table|...``."""

from __future__ import annotations

from trajtrack.console.deferred import Deferred
from trajtrack.console.program import Program

__all__ = ["PROGRAM", "main"]

PROGRAM = Program(
    name="trajvqa",
    description="Answer multiple-choice questions about videos from their frames and trajectories.",
    examples={
        "make synthetic videos and questions": "trajvqa worlds small-worlds --train 40 --val 10 --test 10",
        "train on them": "trajvqa train small/both --data small-worlds -o small-run",
    },
    commands=(
        Deferred("train", "train a model and answer the questions of the other splits", "trajvqa.cli.training"),
        Deferred("eval", "compare predictions with the correct answers", "trajvqa.cli.evaluation"),
        Deferred("predict", "answer the questions of a split, or show one question", "trajvqa.cli.prediction"),
        Deferred("ground", "write the span of time behind each answer of a split", "trajvqa.cli.grounding"),
        Deferred("eval-grounding", "compare spans of time with annotated ones", "trajvqa.cli.grounding_scores"),
        Deferred("show", "make a page of a question: scores, attended trajectories, words", "trajvqa.cli.showing"),
        Deferred("answer", "answer a typed question about a video", "trajvqa.cli.answering"),
        Deferred("table", "train the rows of a table with several seeds", "trajvqa.cli.tables"),
        Deferred("doctor", "examine a data folder, and list what can be run with it", "trajvqa.cli.doctor"),
        Deferred("extract", "extract features and trajectories from videos", "trajvqa.cli.extraction"),
        Deferred(
            "build-trajectories", "link detections of many videos into one file of trajectories", "trajvqa.cli.building"
        ),
        Deferred("worlds", "generate the synthetic benchmark", "trajvqa.cli.worlds"),
        Deferred("vidvrd-questions", "generate questions from ImageNet-VidVRD's annotations", "trajvqa.cli.vidvrd"),
        Deferred("models", "list models, experiments and tables", "trajvqa.cli.listing"),
        Deferred("demo", "train on synthetic videos and compare with a text-only model", "trajvqa.cli.demo"),
    ),
)

main = PROGRAM.main
