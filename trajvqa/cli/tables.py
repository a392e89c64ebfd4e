"""``trajvqa table``: train and compare the experiments of a table."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.running import Terminated
from trajtrack.printable import counted
from trajvqa.cli.settings import add_settings_flag, chosen_experiment
from trajvqa.experiments.charts import draw_table
from trajvqa.experiments.files import Table, list_tables, read_table
from trajvqa.experiments.reports import table_text, write_csv, write_json, write_markdown
from trajvqa.experiments.tables import RowResult, run_table

__all__ = ["add_command"]

_MAX_SEED = 2**31 - 1


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "table",
        help="train the rows of a table with several seeds",
        description="Train each row of a table with each seed, and print mean ± standard deviation of the accuracies, "
        "the largest p of McNemar's test against the table's reference row, and the paper's figures if it has the "
        "row. The same is written as table.md, with intervals as table.csv and table.json, and drawn as table.png if "
        "matplotlib is installed. Finished runs are not repeated; a table that was interrupted resumes.",
        examples={
            "two rows, one seed": "trajvqa table small --data worlds -o runs --seeds 0 --rows random 'text only'",
        },
    )
    parser.add_argument("table", choices=list_tables(), metavar="TABLE", help=f"one of {', '.join(list_tables())}")
    parser.add_argument("--data", required=True, metavar="DATA", help="the data folder")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder for the runs and the table")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="seeds; default: 0 1 2")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="number of runs at a time; default: 1")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these rows")
    add_settings_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    table = read_table(arguments.table)
    if arguments.jobs < 1:
        raise UsageError(f"--jobs: found {arguments.jobs}, expected an integer of at least 1")
    outside = next((seed for seed in arguments.seeds if not 0 <= seed <= _MAX_SEED), None)
    if outside is not None:
        raise UsageError(f"--seeds: found {outside}, expected integers from 0 to {_MAX_SEED}")
    if len(set(arguments.seeds)) < len(arguments.seeds):
        raise UsageError(f"--seeds: found {' '.join(map(str, arguments.seeds))}, expected different seeds")
    if arguments.rows is not None:
        try:
            table = table.only(arguments.rows)
        except ValueError as error:
            raise UsageError(f"--rows: {str(error).partition(': ')[2]}") from error
    experiments = {row.name: chosen_experiment(row.experiment, arguments.set, row.settings) for row in table.rows}
    total, done = len(table.rows) * len(arguments.seeds), 0

    def report(name: str, seed: int) -> None:
        nonlocal done
        done += 1
        print(f"[{done}/{total}] {name}, seed {seed}", file=sys.stderr, flush=True)

    folder = Path(arguments.output)
    try:
        rows = run_table(table, experiments, arguments.data, folder, arguments.seeds, arguments.jobs, report)
    except (KeyboardInterrupt, Terminated):
        print("interrupted; the same command resumes every run after its last complete epoch", file=sys.stderr)
        raise
    except BrokenExecutor as error:
        raise Failure("a run was killed; the same command resumes it") from error
    except ValueError as error:
        raise Failure(str(error)) from error
    _report(folder, table, arguments.seeds, rows)
    return False


def _report(folder: Path, table: Table, seeds: list[int], rows: list[RowResult]) -> None:
    title = f"{table.title}; {table.split} split, {counted(len(seeds), 'seed')}"
    text = table_text(rows, table.columns)
    print(f"{title}\n\n{text}")
    write_markdown(folder / "table.md", title, text)
    write_csv(folder / "table.csv", seeds, rows)
    write_json(folder / "table.json", table, seeds, rows)
    try:
        draw_table(folder / "table.png", table, seeds, rows)
    except ImportError as error:
        print(f"table not drawn: {error}", file=sys.stderr)
