"""``trajvqa doctor``: examine a data folder."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trajtrack.console.output import print_json
from trajvqa.data.file_reports import FileReport
from trajvqa.data.folder import QUESTIONS, VOCABULARY, WORD_VECTORS
from trajvqa.doctor import Report, examine

__all__ = ["add_command"]

_WIDTH = 16
_INSTEAD = {
    VOCABULARY.name: f"the words of {QUESTIONS.expected('train')} are used",
    WORD_VECTORS.name: "words start from random vectors",
}
"""What is used instead of an absent optional file."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="examine a data folder, and list what can be run with it",
        description="Examine every file of a data folder: which files each split has, whether they are consistent, and "
        "what can be run with them. The exit code is 1 if a file is broken; absent files are no error.",
        examples={
            "examine a folder": "trajvqa doctor worlds",
            "as JSON": "trajvqa doctor worlds --json",
        },
    )
    parser.add_argument("data", metavar="DATA", help="the data folder, or a checkout of NExT-QA, HQGA, VGT or CoVGT")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    """Return whether something is broken."""
    report = examine(arguments.data)
    if arguments.json:
        print_json(report.to_dict())
    else:
        print("\n".join(_lines(report)))
    return bool(report.problems)


def _lines(report: Report) -> Iterator[str]:
    yield str(report.folder)
    for split in report.splits:
        yield ""
        if split.empty:
            yield f"{split.split}: nothing"
            continue
        yield split.split
        for file in split.files:
            yield from _file_lines(file, report.folder)
    yield ""
    yield "all splits"
    for file in report.shared:
        yield from _file_lines(file, report.folder)
    yield ""
    yield "can be run"
    for run in report.runs:
        yield f"  {'yes' if run.possible else 'no '}  {run.name}"
        if run.missing:
            yield from textwrap.wrap(
                f"without {', '.join(run.missing)}", 100, initial_indent=" " * 7, subsequent_indent=" " * 7
            )
    yield ""
    if report.problems:
        yield f"broken: {len(report.problems)}"
        yield from (f"  {problem}" for problem in report.problems)
    else:
        yield "nothing is broken"
    yield ""
    yield f"next: {report.next_command}"


def _file_lines(file: FileReport, folder: Path) -> Iterator[str]:
    if file.path is None:
        yield f"  {file.name:{_WIDTH}}absent; {_INSTEAD.get(file.name, f'expected {file.expected}')}"
        return
    place = file.path.relative_to(folder) if file.path.is_relative_to(folder) else file.path
    yield f"  {file.name:{_WIDTH}}{place}" + (": broken, see below" if file.problems else "")
    for fact in file.facts:
        yield f"  {'':{_WIDTH}}{fact}"
