"""``trajtrack tune``: search for linking options with ground truth."""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Sequence
from typing import Any

from trajtrack.arguments import warn
from trajtrack.cli.link_flags import flags_of
from trajtrack.cli.pairing import Pairs, add_pair_flags, origin_of, read_pairs
from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.output import print_json
from trajtrack.console.progress import LongLine, clock
from trajtrack.methods import METHODS
from trajtrack.metrics.scoring import METRICS
from trajtrack.tuning import Linkings, Tuned, TuningVideo, best_of, most_linkings, tune

__all__ = ["add_command"]

_DESCRIPTION = """\
Search for the linking options that suit your videos, with their ground truth,
and test on videos held out whether they are worth it: each of up to 5 videos,
or each of 5 parts, is linked with options tuned on the others. The last line
has the flags for trajtrack link: the defaults, if tuning is not worth it.

One option after the other is set to the best of a few values, twice at most:
  flow     min_score, calibrate, smooth, min_length
  seq-nms  min_score, iou_threshold, buffer, max_gap, nms_threshold, min_length
and class_agnostic if there are several classes. The values of min_score are
quantiles of the scores. The same inputs give the same result. Presets decide
which annotations count, as in trajtrack eval.
"""


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "tune",
        help="search for linking options with ground truth",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "several videos, sorted by name": "trajtrack tune 'detections/*.txt' --gt 'truth/*.txt'",
            "by another metric": "trajtrack tune 'detections/*.txt' --gt 'truth/*.txt' --metric idf1",
        },
    )
    add_pair_flags(parser, "detections")
    parser.add_argument(
        "--method", choices=(*METHODS, "both"), default="both", help="linking method to tune; default: both"
    )
    parser.add_argument("--metric", choices=METRICS, default="hota", help="what is to be high; default: hota")
    parser.add_argument("--threads", type=int, metavar="N", help="number of threads; default: number of cores")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    if arguments.threads is not None and not 1 <= arguments.threads <= 1024:
        raise UsageError(f"--threads: found {arguments.threads}, expected an integer from 1 to 1024")
    methods = list(METHODS) if arguments.method == "both" else [arguments.method]
    pairs = read_pairs(arguments, "detections")
    videos = [
        TuningVideo(own.detections, truth, (origin_of(annotated), origin_of(own)))
        for own, truth, annotated in zip(pairs.found, pairs.truths, pairs.annotated, strict=True)
    ]
    if len(videos) == 1:
        warn(f"{pairs.found[0].path}: found one video, expected several, to tell what to expect of other videos")
    with _TuningProgress() as progress:
        try:
            linkings = Linkings(
                videos,
                METHODS[methods[0]](),
                arguments.metric,
                class_agnostic=arguments.class_agnostic,
                classes=pairs.classes,
                num_threads=arguments.threads,
                on_progress=progress,
            )
            progress.most = sum(most_linkings(method, linkings) for method in methods)
            results = [tune(method, linkings) for method in methods]
        except ValueError as error:
            raise Failure(str(error)) from error
    if arguments.json:
        print_json(_report(results, pairs, arguments.metric, len(linkings), progress.most))
        return False
    print(_table(results, arguments.metric.upper()))
    print()
    for result in results:
        print(f"{result.method}: {_verdict(result)}\n  {_flags(result)}")
    count = f"{len(videos)} videos" if len(videos) > 1 else "one video"
    print(f"{len(linkings)} of at most {progress.most} linkings, {count}")
    print()
    print(f"best flags for trajtrack link: {_flags(best_of(results))}")
    return False


class _TuningProgress(LongLine):
    """Shows how many linkings are done, how many remain at most, and the time that these take."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._done = 0
        self._start = time.monotonic()

    def __call__(self) -> None:
        """Show that a linking is done."""
        self._done += 1
        now = time.monotonic()
        left = (now - self._start) / self._done * (self.most - self._done)
        self.show(f"linking {self._done} of at most {self.most}, at most {clock(left)} left", now)


def _table(results: Sequence[Tuned], metric: str) -> str:
    """Return the scores in percent, one line for the defaults and one or two for the tuned options."""
    lines = [("", "", metric, "gain", "gain by part")]
    for result in results:
        lines.append((result.method, "defaults", f"{100 * result.default_score:.2f}", "", ""))
        lines.append(("", "tuned, on the same videos", *_scores(result.score, result.default_score), ""))
        if result.held_out is not None:
            gains = [100 * fold.gain for fold in result.folds]
            spread = f"{min(gains):+.2f} to {max(gains):+.2f}"
            lines.append(("", "tuned, on videos held out", *_scores(result.held_out, result.default_score), spread))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index > 1 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _scores(score: float, default: float) -> tuple[str, str]:
    return f"{100 * score:.2f}", f"{100 * (score - default):+.2f}"


def _verdict(result: Tuned) -> str:
    if result.options == METHODS[result.method]():
        return "keep the defaults, nothing better was found"
    gained = sum(fold.gain > 0 for fold in result.folds)
    parts = f"better than the defaults in {gained} of {len(result.folds)} parts held out"
    match result.is_better:
        case None:
            return "the tuned options suit this video, which says nothing about others"
        case True:
            return f"use the tuned options, {parts}"
    return f"keep the defaults, the tuned options are {parts}"


def _flags(result: Tuned) -> str:
    return shlex.join(flags_of(result.expected[0]))


def _report(results: list[Tuned], pairs: Pairs, metric: str, done: int, most: int) -> dict[str, Any]:
    best = best_of(results)
    return {
        "files": pairs.as_reports(),
        "metric": metric,
        "methods": [
            {
                "method": result.method,
                "default": result.default_score,
                "tuned": result.score,
                "held_out": result.held_out,
                "better": result.is_better,
                "tuned_flags": shlex.join(flags_of(result.options)),
                "parts": [
                    {
                        "held_out": [pairs.found[number].path for number in fold.numbers],
                        "default": fold.default_score,
                        "tuned": fold.score,
                        "tuned_flags": shlex.join(flags_of(fold.options)),
                    }
                    for fold in result.folds
                ],
            }
            for result in results
        ],
        "linkings": done,
        "most_linkings": most,
        "method": best.method,
        "flags": _flags(best),
    }
