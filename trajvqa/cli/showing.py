"""``trajvqa show``: a page with a question of a data folder, and what one or several models answer."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.output import StatusLine, print_json
from trajvqa.cli.answers import add_image_flags, checked_page, checkpoint_path, row_of

if TYPE_CHECKING:
    from trajvqa.answering.pages import ShownVideo
    from trajvqa.datasets.questions import Questions

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "show",
        help="make a page of a question: scores, attended trajectories, words",
        description="Show a question of a data folder in the browser, with the answers of one or several models side "
        "by side: scores of the candidates, the trajectories that decided, highlighted through time, and a map of "
        "words by trajectories. The page is one file that needs no network.",
        examples={
            "a question of the test split": "trajvqa show worlds run --question test-video3_2 -o page.html",
        },
    )
    parser.add_argument("data", metavar="DATA", help="the data folder")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run, or its best.pt")
    parser.add_argument("--question", required=True, metavar="KEY", help="the question VIDEO_QID")
    parser.add_argument("--split", default="test", metavar="NAME", help="split of the question; default: test")
    parser.add_argument("-o", "--output", metavar="PAGE", help="page to write; default: KEY.html, in this folder")
    add_image_flags(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    from trajvqa.answering import explain_question, write_answers_page
    from trajvqa.training.checkpoints import load_model
    from trajvqa.training.recipes import open_split_for

    page = checked_page(arguments.output or f"{arguments.question.replace('/', '-')}.html", arguments.max_width)
    assert page is not None
    names = _names(arguments.runs)
    answers = []
    try:
        for run, name in zip(arguments.runs, names, strict=True):
            path = checkpoint_path(run)
            model, checkpoint = load_model(path)
            data = open_split_for(path, checkpoint, arguments.data, arguments.split)
            row = row_of(data, arguments.question)
            answers.append((name, explain_question(model, data, row, checkpoint.experiment.training)))
        video = _video(arguments.data, arguments.split, data.questions, row)
        line = StatusLine()
        try:
            written = write_answers_page(
                page,
                answers,
                video,
                images=arguments.video or arguments.frames,
                max_width=arguments.max_width,
                frame_rate=arguments.frame_rate,
                progress=lambda done, total: line.show(f"{page}: frame {done} of {total}"),
            )
        finally:
            line.clear()
    except (ValueError, ImportError) as error:
        raise Failure(str(error)) from error
    if arguments.json:
        print_json(
            {
                "page": str(page),
                "images": written.num_images,
                "answers": [{"model": name} | answer.to_dict() for name, answer in answers],
            }
        )
        return False
    for name, answer in answers:
        verdict = "" if answer.correct is None else ": right" if answer.correct == answer.chosen else ": wrong"
        print(f"{name}: {answer.candidates[answer.chosen]}{verdict}")
    print(f"wrote {page}")
    return False


def _names(runs: list[str]) -> list[str]:
    """Return the names of the runs: that of their folder, or the whole path if names repeat."""
    if len({os.path.realpath(checkpoint_path(run)) for run in runs}) < len(runs):
        raise UsageError("RUN: found the same checkpoint twice, expected different ones")
    names = [checkpoint_path(run).absolute().parent.name for run in runs]
    return names if len(set(names)) == len(names) else runs


def _video(data: str, split: str, questions: Questions, row: int) -> ShownVideo:
    from trajvqa.answering.pages import shown_video
    from trajvqa.data.folder import find_files
    from trajvqa.stores import open_trajectories

    path: Path | None = find_files(data, split).trajectories
    frames, widths, heights = (column[row] for column in questions.video_facts())
    size = (float(widths), float(heights)) if widths > 0 and heights > 0 else None
    return shown_video(
        questions.videos[row],
        None if path is None else open_trajectories(path),
        int(frames) if frames > 0 else None,
        size,
    )
