"""What commands that answer one question have in common."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from trajtrack.console.errors import UsageError
from trajtrack.printable import counted, escaped
from trajtrack.viewer.page import PAGE_SUFFIXES

if TYPE_CHECKING:
    from trajvqa.answering import Answer
    from trajvqa.data.batches import QuestionBatches

__all__ = ["add_image_flags", "checked_page", "checkpoint_path", "print_answer", "row_of"]

_SHOWN_TRAJECTORIES = 5


def add_image_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags for the images of a page."""
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--video", metavar="V", help="video file to show behind the boxes")
    images.add_argument("--frames", metavar="DIR", help="folder of numbered .jpg or .png images to show instead")
    parser.add_argument("--max-width", type=int, metavar="N", help="scale images down to at most N pixels wide")
    parser.add_argument(
        "--frame-rate", type=float, metavar="X", help="frames per second; default: that of the video, or 25"
    )


def checked_page(path: str | None, max_width: int | None = None) -> Path | None:
    """Return the path of a page; UsageError if it has another suffix or the images have no width."""
    if max_width is not None and max_width < 1:
        raise UsageError(f"--max-width: found {max_width}, expected an integer of at least 1")
    if path is None:
        return None
    if Path(path).suffix.lower() not in PAGE_SUFFIXES:
        raise UsageError(f"--output: found {path!r}, expected a name that ends in {' or '.join(PAGE_SUFFIXES)}")
    return Path(path)


def checkpoint_path(run: str) -> Path:
    """Return the checkpoint of a run: best.pt in its folder, or the file itself."""
    return Path(run, "best.pt") if os.path.isdir(run) else Path(run)


def row_of(data: QuestionBatches, key: str) -> int:
    """Return the row of a question ``VIDEO_QID``; UsageError if there is none."""
    keys = data.questions.keys
    if key not in keys:
        raise UsageError(f"--question: found no {key!r}, expected VIDEO_QID as in {keys[0]!r}")
    return keys.index(key)


def print_answer(answer: Answer) -> None:
    """Print a question with the scores of its candidates and the trajectories that decided."""
    asked = f", question {answer.qid} ({answer.kind})" if answer.kind else ""
    _say(f"video {answer.video}{asked}")
    _say(f"{answer.question.rstrip('?')}?\n")
    for index, (text, value) in enumerate(zip(answer.candidates, answer.scores, strict=True)):
        marks = ["correct"] * (index == answer.correct) + ["chosen"] * (index == answer.chosen)
        _say(f"{value:8.3f}  {text}" + (f"  <- {' and '.join(marks)}" if marks else ""))
    if answer.unknown_words:
        _say(f"\noutside the vocabulary: {', '.join(answer.unknown_words)}")
    attended, chosen = answer.attended, answer.chosen
    if attended is None:
        return
    what = (
        "weights for the chosen candidate"
        if attended.attention is None
        else "attention of the chosen candidate's words"
    )
    _say(f"\n{what}, of {counted(len(attended.trajectories), 'trajectory', 'trajectories')}:")
    for place in attended.ranking(chosen)[:_SHOWN_TRAJECTORIES]:
        seen, weight = attended.trajectories[place], attended.weights[chosen, place]
        start, end = seen.span
        line = f"{100 * weight:7.1f} %  {seen.name}, {100 * start:.0f} to {100 * end:.0f} % of the video"
        _say(line + _words_that_attend(answer, place))


def _words_that_attend(answer: Answer, place: int) -> str:
    """Return the words that attend to a trajectory more than to any other, in their order."""
    attended, chosen = answer.attended, answer.chosen
    if attended is None or attended.attention is None or attended.words is None or len(attended.trajectories) < 2:
        return ""
    pairs = zip(attended.words[chosen], attended.attention[chosen].argmax(axis=1).tolist(), strict=True)
    words = [word for word, most in pairs if most == place]
    return f": {' '.join(words)}" if words else ""


def _say(text: str) -> None:
    print("\n".join(map(escaped, text.split("\n"))))
