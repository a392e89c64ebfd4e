"""Tables: experiments trained with several seeds, and compared."""

from __future__ import annotations

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
from trajvqa.config import Experiment
from trajvqa.data.folder import find_files
from trajvqa.data.splits import inputs_of
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import counted_type, is_right, read_predictions
from trajvqa.evaluation.statistics import bootstrap_interval, mcnemar, mean_interval
from trajvqa.experiments.files import BY_TYPE, Table, TableRow
from trajvqa.training.trainer import open_data, required_data, train

__all__ = ["RowResult", "run_table"]


@dataclass(frozen=True, eq=False)
class RowResult:
    """Accuracies of a table row over the seeds."""

    row: TableRow
    """The row."""
    accuracies: dict[str, tuple[float, ...]]
    """Percentages, one per seed, for each of `trajvqa.experiments.files.BY_TYPE` that has questions."""
    intervals: dict[str, tuple[float, float]]
    """95 % intervals of the same: of the mean over the seeds, or over videos if there is only one seed."""
    p_values: tuple[float, ...]
    """McNemar's p against the reference row, one per seed; empty without a reference and for the reference itself."""


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
            runs[row.name, seed] = _Run(
                row.name,
                seed,
                _seeded(experiments[row.name], seed),
                os.fspath(Path(data, row.data)),
                folder / _name_of(row, seed),
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


def _name_of(row: TableRow, seed: int) -> str:
    """Return the name of a run's folder; rows with the same name of it share the run."""
    replaced = [f"{path}-{value}" for path, value in row.settings.items()]
    return "-".join([*row.experiment.split("/"), *filter(None, [row.data]), *replaced, "seed", str(seed)])


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
    for key, run in runs.items():
        right[key] = is_right(questions, read_predictions(run / f"predictions_{table.split}.json", questions))
    columns = _rows_of_columns(questions)
    results = []
    for row in table.rows:
        answers = [right[row.name, seed] for seed in seeds]
        accuracies = {name: tuple(_percent(each[rows]) for each in answers) for name, rows in columns.items()}
        videos = {name: [questions.videos[index] for index in rows] for name, rows in columns.items()}
        intervals = {
            name: mean_interval(accuracies[name])
            if len(seeds) > 1
            else _percentages(bootstrap_interval(answers[0][rows], videos[name]))
            for name, rows in columns.items()
        }
        p_values = (
            tuple(mcnemar(right[row.name, seed], right[table.reference, seed]) for seed in seeds)
            if table.reference is not None and row.name != table.reference
            else ()
        )
        results.append(RowResult(row, accuracies, intervals, p_values))
    return results


def _rows_of_columns(questions: Questions) -> dict[str, NDArray[np.int64]]:
    """Return the rows of the questions of each type and group that has some."""
    types = np.array([counted_type(kind) for kind in questions.types])
    groups = np.array([kind[0] for kind in questions.types])
    rows = {
        name: np.flatnonzero((types == name) | (groups == name) | np.full(len(questions), name == "All"))
        for name in BY_TYPE
    }
    return {name: found for name, found in rows.items() if len(found)}


def _percent(right: NDArray[np.bool_]) -> float:
    return 100 * int(right.sum()) / len(right)


def _percentages(interval: tuple[float, float]) -> tuple[float, float]:
    low, high = interval
    return 100 * low, 100 * high


def _questions_of(table: Table, data: str | os.PathLike[str]) -> Questions:
    path = find_files(data, table.split).questions
    if path is None:
        raise FileNotFoundError(f"{os.fspath(data)}: found no {table.split}.csv, expected the split of the table")
    return read_questions(path)
