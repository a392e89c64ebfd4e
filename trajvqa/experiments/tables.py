"""Tables: experiments trained with several seeds, and compared."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from trajtrack.console.errors import describe
from trajtrack.files.atomic import atomic_output
from trajvqa.config import Experiment
from trajvqa.data.folder import find_files
from trajvqa.data.splits import inputs_of
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import is_right, read_predictions, score
from trajvqa.evaluation.statistics import mcnemar, p_text
from trajvqa.experiments.files import Table
from trajvqa.training.trainer import open_data, required_data, train

__all__ = ["GROUPS", "RowResult", "run_table", "table_text", "write_table"]

GROUPS = ("C", "T", "D", "All")
"""Groups of questions: causal, temporal, descriptive, and all of them."""


@dataclass(frozen=True, eq=False)
class RowResult:
    """Accuracies of a table row over the seeds."""

    name: str
    """Name of the row."""
    accuracies: dict[str, tuple[float, ...]]
    """Percentages by group, one per seed."""
    p_values: tuple[float, ...]
    """McNemar's p against the reference row, one per seed; empty without a reference and for the reference itself."""
    paper: dict[str, float] | None
    """The paper's percentages by group on NExT-QA; None if the paper does not have the row."""


@dataclass(frozen=True)
class _Run:
    row: str
    seed: int
    experiment: Experiment
    data: str
    folder: Path


def run_table(
    table: Table,
    experiments: Mapping[str, Experiment],
    data: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    seeds: Sequence[int],
    jobs: int = 1,
    on_done: Callable[[str, int], None] | None = None,
) -> list[RowResult]:
    """Train each row with each seed and compare the rows.

    Runs that the folder already holds are not trained again; unfinished ones resume. The data of all rows are checked
    before the first is trained. If a run fails or this process ends, the others end, too.

    Parameters
    ----------
    table
        The table.
    experiments
        The experiment of each row, by the row's name.
    data
        The data folder.
    folder
        Receives a folder for each experiment and seed.
    seeds
        Seeds to train with.
    jobs
        Number of runs at a time; they share the threads that torch would use.
    on_done
        Called with the row's name and the seed when a run is done.

    Raises
    ------
    FileNotFoundError, ValueError
        As `trajvqa.training.trainer.train`; naming the row if data are missing or broken.
    """
    _questions_of(table, data)
    folder = Path(folder)
    runs = {}
    for row in table.rows:
        for seed in seeds:
            name = "-".join([*row.experiment.split("/"), *filter(None, [row.data]), "seed", str(seed)])
            runs[row.name, seed] = _Run(
                row.name, seed, _seeded(experiments[row.name], seed), os.fspath(Path(data, row.data)), folder / name
            )
    _check_data(table, experiments, data)
    threads = max(torch.get_num_threads() // jobs, 1)
    context = get_context("spawn")
    # Nothing is sent: the end that the workers watch breaks when this process ends, however it ends.
    watched, held = context.Pipe(duplex=False)
    with held, watched, ProcessPoolExecutor(jobs, context, initializer=_end_with, initargs=(watched,)) as pool:
        # Rows with the same experiment share one run.
        tasks = {
            pool.submit(_train_quietly, run.experiment, run.data, run.folder, threads): run
            for run in {run.folder: run for run in runs.values()}.values()
        }
        try:
            for task in as_completed(tasks):
                task.result()
                if on_done is not None:
                    on_done(tasks[task].row, tasks[task].seed)
        except BaseException:
            held.close()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _compare(table, {key: run.folder for key, run in runs.items()}, data, seeds)


def _seeded(experiment: Experiment, seed: int) -> Experiment:
    return replace(experiment, training=replace(experiment.training, seed=seed))


def _check_data(table: Table, experiments: Mapping[str, Experiment], data: str | os.PathLike[str]) -> None:
    """Open the data of each row, so that none fails after others have been trained for hours."""
    checked = set()
    for row in table.rows:
        experiment = experiments[row.name]
        required = row.data, required_data(experiment)
        if required in checked:
            continue
        try:
            opened = open_data(experiment, Path(data, row.data))
            inputs_of(Path(data, row.data), opened.schema, experiment)
        except (ValueError, OSError) as error:
            raise ValueError(f"row {row.name!r}: {describe(error)}") from error
        checked.add(required)


def _end_with(watched: Connection) -> None:
    """End this worker when the process that started it ends or gives up; what it was writing stays unfinished."""

    def watch() -> None:
        with suppress(EOFError, OSError):
            watched.recv()
        os.kill(os.getpid(), signal.SIGTERM)

    # Ctrl-C reaches all processes of a terminal; the one that started this worker answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()


def _train_quietly(experiment: Experiment, data: str, folder: Path, threads: int) -> None:
    torch.set_num_threads(threads)
    train(experiment, data, folder)


def _compare(
    table: Table, runs: Mapping[tuple[str, int], Path], data: str | os.PathLike[str], seeds: Sequence[int]
) -> list[RowResult]:
    questions = _questions_of(table, data)
    right: dict[tuple[str, int], NDArray[np.bool_]] = {}
    accuracies: dict[str, dict[str, list[float]]] = {}
    for row in table.rows:
        accuracies[row.name] = {group: [] for group in GROUPS}
        for seed in seeds:
            predictions = read_predictions(runs[row.name, seed] / f"predictions_{table.split}.json", questions)
            right[row.name, seed] = is_right(questions, predictions)
            accuracy = score(questions, predictions)
            for group in GROUPS:
                share = accuracy.overall if group == "All" else accuracy.groups.get(group, float("nan"))
                accuracies[row.name][group].append(100 * share)
    return [
        RowResult(
            row.name,
            {group: tuple(values) for group, values in accuracies[row.name].items()},
            tuple(mcnemar(right[row.name, seed], right[table.reference, seed]) for seed in seeds)
            if table.reference is not None and row.name != table.reference
            else (),
            row.paper,
        )
        for row in table.rows
    ]


def _questions_of(table: Table, data: str | os.PathLike[str]) -> Questions:
    path = find_files(data, table.split).questions
    if path is None:
        raise FileNotFoundError(f"{os.fspath(data)}: found no {table.split}.csv, expected the split of the table")
    return read_questions(path)


def table_text(rows: Sequence[RowResult]) -> str:
    """Return the table in Markdown: mean ± standard deviation over the seeds, and the largest p of any seed."""
    with_paper = any(row.paper for row in rows)
    with_p = any(row.p_values for row in rows)
    head = ["", *GROUPS] + ["p"] * with_p + ["paper: " + " / ".join(GROUPS)] * with_paper
    lines = [head, ["---", *("---:" for _ in head[1:])]]
    for row in rows:
        cells = [row.name]
        for group in GROUPS:
            values = np.array(row.accuracies[group])
            spread = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
            cells.append("" if np.isnan(values).any() else f"{values.mean():.2f}{spread}")
        if with_p:
            cells.append(p_text(max(row.p_values)).removeprefix("= ") if row.p_values else "")
        if with_paper:
            cells.append(" / ".join(f"{row.paper[group]:.2f}" for group in GROUPS) if row.paper else "")
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_table(path: str | os.PathLike[str], table: Table, seeds: Sequence[int], rows: Sequence[RowResult]) -> None:
    """Write the figures of a table as a JSON file."""
    content = {
        "title": table.title,
        "split": table.split,
        "seeds": list(seeds),
        "rows": [
            {
                "name": row.name,
                "accuracies": {group: list(values) for group, values in row.accuracies.items()},
                "p_values": list(row.p_values),
                "paper": row.paper,
            }
            for row in rows
        ],
    }
    with atomic_output(path) as file:
        file.write(json.dumps(content, indent=2).encode() + b"\n")
