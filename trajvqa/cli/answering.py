"""``trajvqa answer``: answer a typed question about a video file."""

from __future__ import annotations

import argparse
from typing import Any

from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.inputs import same_file
from trajtrack.console.output import StatusLine, print_json
from trajvqa.answering import write_answers_page
from trajvqa.answering.opening import open_answerer
from trajvqa.answering.untrained import open_zero_shot
from trajvqa.cli.answers import checked_page, checkpoint_path, print_answer

__all__ = ["add_command"]

_FOLDERS = {
    "detector": "detector",
    "appearance": "image model of clips",
    "motion": "video model of clips",
    "regions": "image model of boxes",
    "text-encoder": "language model, of models that read text features",
}


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "answer",
        help="answer a typed question about a video",
        description="Answer a typed question about a video file with a trained model: the video is seen as the "
        "training data were, which 'trajvqa extract' has made. Prints the scores of the candidates and the "
        "trajectories and words that decided, or makes a page of them over the video.",
        examples={
            "without training": "trajvqa answer in.mp4 --image-text models/clip -q 'what runs' -a dog -a cat",
            "a page of the answer": "trajvqa answer in.mp4 -c run -q 'what runs' -a dog -a cat -o page.html",
        },
    )
    parser.add_argument("video", metavar="VIDEO", help="video file")
    parser.add_argument("-q", "--question", required=True, metavar="Q", help="the question")
    parser.add_argument(
        "-a", "--candidate", required=True, action="append", metavar="A", help="a possible answer; give two or more"
    )
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("-c", "--checkpoint", metavar="C", help="best.pt of a run, or its folder")
    who.add_argument(
        "--image-text",
        metavar="FOLDER",
        help="answer without training, by the similarity that CLIP or SigLIP sees between candidates and the clips "
        "and, with --detector, the trajectories",
    )
    parser.add_argument("-o", "--output", metavar="PAGE", help="page to write")
    parser.add_argument("--max-width", type=int, metavar="N", help="scale images down to at most N pixels wide")
    for name, model in _FOLDERS.items():
        parser.add_argument(f"--{name}", metavar="FOLDER", help=f"where the {model} lies now; default: where it was")
    parser.add_argument("--device", metavar="D", help="device of torch for these; default: a GPU if there is one")
    parser.add_argument("--threads", type=int, metavar="N", help="number of threads; default: torch's own choice")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    page = checked_page(arguments.output, arguments.max_width)
    if page is not None and same_file(page, arguments.video):
        raise UsageError(f"{page}: the output would overwrite an input")
    if len(arguments.candidate) < 2:
        raise UsageError(f"--candidate: found {len(arguments.candidate)}, expected at least 2")
    given = {name: getattr(arguments, name.replace("-", "_")) for name in _FOLDERS}
    folders = {name.removesuffix("-encoder"): folder for name, folder in given.items() if folder is not None}
    if arguments.image_text is not None and folders.keys() - {"detector"}:
        other = sorted(folders.keys() - {"detector"})[0]
        raise UsageError(f"--{other}: found with --image-text, which sees and reads with one model")
    line = StatusLine()
    try:
        models = {"device": arguments.device, "threads": arguments.threads}
        if arguments.image_text is not None:
            answerer = open_zero_shot(arguments.image_text, arguments.detector, **models)
        else:
            answerer = open_answerer(checkpoint_path(arguments.checkpoint), folders=folders, **models)
        answer, video = answerer.ask(arguments.video, arguments.question, arguments.candidate)
        if page is not None:
            write_answers_page(
                page,
                [(answerer.experiment.model, answer)],
                video,
                images=arguments.video,
                max_width=arguments.max_width,
                progress=lambda done, total: line.show(f"{page}: frame {done} of {total}"),
            )
    except (ValueError, TypeError, RuntimeError) as error:  # detectors of others raise any of these
        raise Failure(str(error)) from error
    finally:
        line.clear()
    if arguments.json:
        print_json({"page": None if page is None else str(page)} | answer.to_dict())
        return False
    print_answer(answer)
    if page is not None:
        print(f"\nwrote {page}")
    return False
