"""Training that can be interrupted at any time and resumes with identical results."""

from __future__ import annotations

import errno
import io
import json
import math
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output, naming_full_disk, remove_unfinished
from trajtrack.files.folders import make_folder
from trajtrack.files.locks import locked_folder
from trajtrack.printable import shown
from trajvqa.config import Experiment
from trajvqa.data.batches import Batch, QuestionBatches
from trajvqa.data.fingerprints import fingerprints
from trajvqa.data.folder import available_splits
from trajvqa.data.negatives import draw_negatives
from trajvqa.data.splits import Schema, inputs_of, open_split, schema_of
from trajvqa.evaluation.accuracy import Accuracy, score, write_predictions
from trajvqa.evaluation.predict import autocast, device_of, predict, read_batches
from trajvqa.extract.recipe import find_recipe
from trajvqa.models import create_model, streams_of
from trajvqa.processes import ALONE, Processes
from trajvqa.training.checkpoints import (
    Checkpoint,
    decisive_settings,
    load_checkpoint,
    load_weights,
    require_same_experiment,
    save_checkpoint,
)
from trajvqa.training.gradients import sum_gradients
from trajvqa.training.interruption import complete_before_signals
from trajvqa.training.logs import log_records
from trajvqa.training.losses import hinge_loss
from trajvqa.training.memory import keep_freed_memory
from trajvqa.training.order import epoch_order

__all__ = ["OpenedData", "Progress", "RunResult", "open_data", "required_data", "train"]

LAST, BEST, LOG = "last.pt", "best.pt", "log.jsonl"
_STATE = {
    "optimiser": dict,
    "schedule": dict,
    "best": float,
    "log_length": int,
    "max_steps": int | None,
    "data": dict,
}
"""What a checkpoint holds of a run besides its weights, and of which types."""


@dataclass(frozen=True)
class Progress:
    """Progress of training."""

    epoch: int
    """The current epoch, from 1."""
    epochs: int
    """Number of epochs of the run."""
    step: int
    """Number of steps done in the epoch."""
    steps: int
    """Number of steps in the epoch."""
    loss: float
    """Mean loss of the epoch so far."""
    val_accuracy: float | None = None
    """Share of validation questions answered correctly; None until the epoch is done."""


@dataclass(frozen=True, eq=False)
class RunResult:
    """Result of a run, with the weights of the epoch with the best validation accuracy."""

    folder: Path
    """The run's folder."""
    accuracies: dict[str, Accuracy]
    """Accuracy by split: ``val``, and ``test`` if the data have it and answers of it; over the questions with one."""


def train(
    experiment: Experiment,
    data: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    on_progress: Callable[[Progress], None] | None = None,
    max_steps: int | None = None,
    processes: Processes = ALONE,
) -> RunResult:
    """Train a model, and answer the validation and test questions with the weights of its best epoch.

    The folder receives ``experiment.json``, ``log.jsonl`` (one record per epoch), ``last.pt`` and ``best.pt``, and
    ``predictions_val.json`` and ``predictions_test.json`` in NExT-QA's form. An unfinished run of the same experiment
    in the folder resumes after its last complete epoch, and a finished one goes on if the experiment has more epochs.
    On a CPU with the same number of threads, weights and log are then bit for bit those of an uninterrupted run.

    Parameters
    ----------
    experiment
        The experiment to train.
    data
        The data folder.
    folder
        The run's folder; created if missing.
    on_progress
        Called after each step and each epoch, in the first process.
    max_steps
        Maximum number of steps in each epoch, for a quick check that everything works; None for all.
    processes
        The processes that `trajvqa.processes.joined` returns, which share the questions of each step and of each
        split. The first reads and writes the folder. Another number of processes may resume a run.

    Raises
    ------
    FileNotFoundError, ValueError
        Before training starts, if data are missing or broken, if the folder holds a run of another experiment or of
        other data, or if another process trains in it. Of several processes, the first raises it.
    FailedElsewhere
        If another process failed or has ended.
    """
    if max_steps is not None and max_steps < 1:
        raise ValueError(f"max_steps: found {max_steps}, expected at least 1")
    keep_freed_memory()
    opened = processes.together(lambda: open_data(experiment, data))
    run = processes.together(lambda: _Run(experiment, opened.schema, data, Path(folder), max_steps, processes))
    processes.require_equal(run.conditions())
    if not processes.is_first:
        on_progress = None
    with ExitStack() as stack:
        processes.together(lambda: _claim(run.folder, stack) if processes.is_first else None)
        return _train(run, opened, on_progress)


def _claim(folder: Path, stack: ExitStack) -> None:
    """Create the folder of a run if it is missing, and hold its lock until the stack ends."""
    make_folder(folder)
    try:
        stack.enter_context(locked_folder(folder))
    except BlockingIOError as error:
        raise ValueError(
            f"{folder}: found another run that writes to this folder, expected none; wait for it, or train in another "
            "folder"
        ) from error


@dataclass(frozen=True, eq=False)
class OpenedData:
    """The splits of a data folder, opened and checked for an experiment."""

    schema: Schema
    """Their sizes, words and classes."""
    train: QuestionBatches
    """Questions to train on."""
    val: QuestionBatches
    """Questions that choose the best epoch."""
    test: QuestionBatches | None
    """Further questions to answer, if the folder has them; they need no answers."""


def required_data(experiment: Experiment) -> tuple[str, ...]:
    """Return the kinds of data that an experiment reads; `open_data` checks the same for others with the same kinds."""
    return experiment.settings.text, *streams_of(experiment.model, experiment.settings)


def open_data(experiment: Experiment, data: str | os.PathLike[str]) -> OpenedData:
    """Open and check all that training an experiment reads of a data folder, except word vectors.

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the file, the field, what was found and what was expected.
    """
    schema = schema_of(data, experiment, streams_of(experiment.model, experiment.settings))
    has_test = "test" in available_splits(data)
    return OpenedData(
        schema,
        open_split(data, "train", experiment, schema),
        open_split(data, "val", experiment, schema),
        open_split(data, "test", experiment, schema, require_answers=False) if has_test else None,
    )


def _train(run: _Run, data: OpenedData, on_progress: Callable[[Progress], None] | None) -> RunResult:
    run.resume()
    lengths = data.train.lengths()
    for epoch in range(run.epoch + 1, run.experiment.training.epochs + 1 if run.parameters else 2):
        run.train_epoch(epoch, data.train, lengths, data.val, on_progress)
    run.load_best()
    accuracies = {}
    for split, batches in (("val", data.val), ("test", data.test)):
        if batches is not None:
            chosen = predict(run.model, batches, run.experiment.training, run.processes)
            predictions = dict(zip(batches.questions.keys, chosen.tolist(), strict=True))
            if run.processes.is_first:
                write_predictions(run.folder / f"predictions_{split}.json", batches.questions, predictions)
            answered = batches.questions.answered()
            if len(answered):
                accuracies[split] = score(answered, predictions)
    return RunResult(run.folder, accuracies)


class _Run:
    """The state of a run: model, optimiser, schedule and log."""

    def __init__(
        self,
        experiment: Experiment,
        schema: Schema,
        data: str | os.PathLike[str],
        folder: Path,
        max_steps: int | None,
        processes: Processes,
    ) -> None:
        self.experiment, self.schema, self.folder, self.max_steps = experiment, schema, folder, max_steps
        self.processes = processes
        self.data_folder = data
        self.data = fingerprints(data, ("train", "val"))
        self.recipe = find_recipe(data)
        self.device = device_of(experiment.training)
        self.epoch = 0
        self.best = -1.0
        self.log_length = 0
        torch.manual_seed(experiment.training.seed)
        inputs = inputs_of(data, schema, experiment)
        self.model = create_model(experiment.model, experiment.settings, inputs).to(self.device)
        self.parameters = [each for each in self.model.parameters() if each.requires_grad]
        config = experiment.training
        # Adam rejects an empty list, which the random baseline has. Fused, it reads and writes each parameter once.
        self.optimiser = torch.optim.Adam(self.parameters or [torch.zeros(())], lr=config.learning_rate, fused=True)
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimiser, "max", config.plateau_factor, config.plateau_patience
        )
        self.step_model = torch.compile(self.model) if config.compile else self.model

    def conditions(self) -> dict[str, str]:
        """Return what must be the same in all processes, as text by name."""
        facts = {
            "max_steps": self.max_steps,
            "training.epochs": self.experiment.training.epochs,
            "device": self.device.type,
            "torch": torch.__version__,
        }
        values = decisive_settings(self.experiment) | facts | self.data | self._test_data()
        return {name: str(value) for name, value in values.items()}

    def _test_data(self) -> dict[str, str]:
        # Another process must not answer other test questions; a run resumes whatever they are.
        return fingerprints(self.data_folder, ("test",)) if self.processes.size > 1 else {}

    def resume(self) -> None:
        """Resume from the folder's latest checkpoint, or begin a new run."""
        self._as_first(self._resume)

    def load_best(self) -> None:
        """Load the weights of the epoch with the best validation accuracy."""
        path = self.folder / BEST
        self._as_first(lambda: load_weights(path, self.model, load_checkpoint(path)))

    def _as_first(self, change: Callable[[], None]) -> None:
        """Change the state in the first process, which alone reads files of the run, and send it to the others."""
        processes = self.processes
        processes.together(change if processes.is_first else lambda: None)
        if processes.size == 1:
            return
        packed = io.BytesIO()
        if processes.is_first:
            checkpoint = self._checkpoint()
            torch.save((checkpoint.epoch, checkpoint.weights, checkpoint.training), packed)
        sent = processes.of_first(packed.getvalue())
        if not processes.is_first:
            self.epoch, weights, state = torch.load(io.BytesIO(sent), map_location="cpu", weights_only=True)
            self.model.load_state_dict(weights)
            self._restore(state)

    def _restore(self, state: dict[str, Any]) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.best, self.log_length = state["best"], state["log_length"]

    def _resume(self) -> None:
        # A killed run may have written its best checkpoint and not yet the same as its last.
        found = [(path, load_checkpoint(path)) for name in (LAST, BEST) if (path := self.folder / name).exists()]
        for path, checkpoint in found:
            require_same_experiment(path, checkpoint.experiment, self.experiment)
        if found and not (self.folder / BEST).exists():
            raise FileNotFoundError(
                errno.ENOENT, "No such file, expected the checkpoint of the best epoch", str(self.folder / BEST)
            )
        if found:
            self._go_on(*max(found, key=lambda each: each[1].epoch))
        else:
            self._begin()

    def _go_on(self, path: Path, checkpoint: Checkpoint) -> None:
        if checkpoint.epoch > self.experiment.training.epochs:
            raise ValueError(
                f"{path}: training.epochs: found a run of {checkpoint.epoch}, expected at most "
                f"{self.experiment.training.epochs}"
            )
        if checkpoint.schema != self.schema:
            raise ValueError(f"{path}: schema: found other sizes, words or classes, expected those of the data")
        state = checkpoint.training
        missing = [name for name in _STATE if name not in state]
        if missing:
            raise ValueError(f"{path}: training.{missing[0]}: found no such field, expected the state of a run")
        for name, kind in _STATE.items():
            if not isinstance(state[name], kind):
                raise ValueError(f"{path}: training.{name}: found {shown(state[name])}, expected the state of a run")
        if state["max_steps"] != self.max_steps:
            raise ValueError(
                f"{path}: max_steps: found a run with {state['max_steps']}, expected one with {self.max_steps}"
            )
        for name in sorted({*state["data"], *self.data}):
            if state["data"].get(name) != self.data.get(name):
                raise ValueError(f"{path}: data: found a run with another {name}, expected one with the present file")
        load_weights(path, self.model, checkpoint)
        try:
            self._restore(state)
        # A damaged state makes torch raise errors of many types.
        except Exception as error:
            raise ValueError(f"{path}: training: found a state that does not fit ({error})") from error
        self.epoch = checkpoint.epoch
        self._cut_log()
        self._write_experiment()

    def _cut_log(self) -> None:
        """Leave the records up to the checkpoint in the log; those after it will be logged again."""
        log = self.folder / LOG
        content = log.read_bytes()
        if len(content) < self.log_length:
            raise ValueError(f"{log}: found {len(content)} bytes, expected at least {self.log_length}")
        # Read to its end: a damaged line would otherwise be noticed after the last epoch.
        for _ in log_records(content[: self.log_length], str(log)):
            pass
        os.truncate(log, self.log_length)

    def _write_experiment(self) -> None:
        remove_unfinished(self.folder)
        with atomic_output(self.folder / "experiment.json") as file:
            file.write(json.dumps(asdict(self.experiment), indent=2).encode() + b"\n")

    def _begin(self) -> None:
        self._write_experiment()
        (self.folder / LOG).write_bytes(b"")
        self._log({"event": "start", "parameters": sum(each.numel() for each in self.parameters)})

    def train_epoch(
        self,
        epoch: int,
        training_data: QuestionBatches,
        lengths: NDArray[np.int64],
        validation_data: QuestionBatches,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """Train one epoch, validate, log, and write checkpoints."""
        config = self.experiment.training
        # All randomness of an epoch follows from seed and epoch, so checkpoints need no generator states. Only dropout
        # differs between processes: negatives and order are those of all questions.
        torch.manual_seed(_mix(config.seed, epoch, self.processes.rank))
        training_data.negatives = draw_negatives(training_data.questions, self.experiment.negatives, config.seed, epoch)
        order = epoch_order(lengths, config, epoch)[: self.max_steps]
        total, count = 0.0, 0
        self.model.train()
        own = [rows[self.processes.share(len(rows))] for rows in order]
        batches = iter(read_batches(training_data, [rows for rows in own if len(rows)], config))
        for step, (rows, all_rows) in enumerate(zip(own, order, strict=True), 1):
            # The last step may have fewer questions than there are processes.
            batch = next(batches).to(self.device) if len(rows) else None
            total += self._step(batch, len(rows) / len(all_rows))
            count += 1
            if on_progress is not None:
                on_progress(Progress(epoch, config.epochs, step, len(order), total / count))
        right = predict(self.model, validation_data, config, self.processes) == validation_data.questions.answers
        accuracy = float(right.mean())
        rate = self.optimiser.param_groups[0]["lr"]
        self.schedule.step(accuracy)
        is_best = accuracy > self.best
        self.best = max(self.best, accuracy)
        self.epoch = epoch
        record = {"event": "epoch", "epoch": epoch, "loss": total / count, "val_accuracy": accuracy}
        if self.processes.is_first:
            with complete_before_signals():
                self._log(record | {"learning_rate": rate, "best": is_best})
                # The best is written first: `resume` uses it if the run is killed in between.
                for name in (BEST, LAST) if is_best else (LAST,):
                    save_checkpoint(self.folder / name, self._checkpoint())
        if on_progress is not None:
            on_progress(Progress(epoch, config.epochs, len(order), len(order), total / count, accuracy))

    def _step(self, batch: Batch | None, share: float) -> float:
        """Take a step with the batch of this process, None if it has no question, and its share of all questions."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = torch.zeros(())
        if batch is not None:
            with autocast(self.experiment.training, self.device):
                scores = self.step_model(batch)
            loss = share * hinge_loss(scores.to(torch.promote_types(scores.dtype, torch.float32)), batch.answers)
            if self.parameters:
                loss.backward()  # type: ignore[no-untyped-call]
        total = sum_gradients(self.parameters, loss.detach(), self.processes)
        if not math.isfinite(total):
            raise self.processes.shared(
                ValueError(
                    f"loss: found {total} in epoch {self.epoch + 1}, expected a finite number; try a lower "
                    "training.learning_rate or a training.clip_norm"
                )
            )
        if self.parameters:
            if self.experiment.training.clip_norm:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.experiment.training.clip_norm)
            self.optimiser.step()
        return total

    def _checkpoint(self) -> Checkpoint:
        training = {
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "best": self.best,
            "log_length": self.log_length,
            "max_steps": self.max_steps,
            "data": self.data,
        }
        return Checkpoint(self.experiment, self.schema, self.epoch, self.model.state_dict(), training, self.recipe)

    def _log(self, record: dict[str, Any]) -> None:
        with naming_full_disk(self.folder / LOG), open(self.folder / LOG, "ab") as file:
            file.write(json.dumps(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self.log_length = file.tell()


def _mix(seed: int, epoch: int, rank: int) -> int:
    # The first process of several draws as one that is alone.
    sequence = np.random.SeedSequence([seed, epoch], spawn_key=(rank,) if rank else ())
    return int(sequence.generate_state(1)[0])
