"""trajvqa's stores in HDF5, features in ``.npy``, checkpoints and logs of training."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
import torch

from fuzz.mutations import NAMES, damaged_bytes, damaged_json, odd_value, often, rarely
from fuzz.target import Files, Target
from fuzz.targets.questions import damaged_npy, damaged_pickle
from helpers.data_examples import CLASSES, CLIPS, FRAME_SIZE, TRAJECTORY_SIZE, small_experiment
from trajtrack.printable import printable_errors
from trajvqa.data.splits import Schema, inputs_of
from trajvqa.models import create_model
from trajvqa.stores import BertFeatures, FrameFeatures, TrajectoryStore
from trajvqa.text import SPECIAL_WORDS
from trajvqa.training import curves
from trajvqa.training.checkpoints import Checkpoint, load_model, save_checkpoint

_IDS = np.array(["v1", "v2", "v3"], dtype=object)
_VARIANTS = 400

Columns = dict[str, Any]


def _frame_columns() -> Columns:
    return {"ids": _IDS, "feat": np.arange(3 * CLIPS * FRAME_SIZE, dtype=np.float32).reshape(3, CLIPS, FRAME_SIZE)}


def _apart_columns() -> Columns:
    return {"ids": np.array([5, 6, 7]), "resnet_features": np.ones((3, 2, 4, 5), np.float16)}


def _tempclip_columns() -> Columns:
    return {"vid": _IDS, "CLIPL_I": np.ones((3, CLIPS, FRAME_SIZE), np.float32)}


def _trajectory_columns() -> Columns:
    return {
        "ids": _IDS,
        "offset": np.array([0, 2, 2, 3]),
        "feat": np.ones((3, TRAJECTORY_SIZE), np.float32),
        "span": np.array([[0, 0.5], [0.25, 1], [0, 1]], np.float32),
        "label": np.array([0, 2, 1], np.int32),
        "score": np.array([0.5, 1, 0.25], np.float32),
        "box_offset": np.array([0, 1, 3, 4]),
        "box_frame": np.array([0, 1, 2, 0], np.int32),
        "boxes": np.ones((4, 4), np.float32),
    }


def _bert_columns() -> Columns:
    return {"feat": np.ones((2, 5, 4, 3), np.float32)}


def _odd_columns(rng: Random, column: Any) -> Any:
    array = np.asarray(column)
    odd: tuple[Any, ...] = (
        *(
            array[:-1],
            array[..., None],
            array.ravel(),
            array[:0],
            np.array(5),
            h5py.Empty("f4"),
            "text",
            np.zeros((2, 0)),
        ),
        *(
            np.array([b"a", b"\xff", b"c"]),
            np.array(["a", "a", "b"], dtype=object),
            np.array(["\x1b[0m", "b", "c"], dtype=object),
        ),
        *(np.zeros(3, [("a", "f4")]), np.zeros(3, np.complex64), np.zeros(3, "V3"), np.zeros(3, np.bool_)),
        np.array(["x" * 5000, "b", "c"], dtype=object),
    )
    if array.dtype.kind in "iuf" and often(rng):
        with np.errstate(all="ignore"):
            values = array.astype(rng.choice(("f2", "f8", "i1", "i8", ">f4", ">i4", "u8", "f4")))
            values.flat[rng.randrange(values.size)] = np.float64(rng.choice((-1, 0, 1, 99, 2**31, 2**62, 0.5))).astype(
                values.dtype
            )
            if values.dtype.kind == "f" and rarely(rng):
                values.flat[0] = rng.choice((np.nan, np.inf))
        return values
    return rng.choice(odd)


@cache
def _hdf5(columns: Callable[[], Columns], variant: int) -> bytes:
    """Return a file with the columns, or with something odd: by the number of the variant."""
    rng = Random(f"{columns.__name__} {variant}")
    stored = columns()
    output = io.BytesIO()
    if variant:
        for _ in range(rng.choice((0, 1, 1, 2))):
            name = rng.choice([*stored, "other"])
            stored[name] = _odd_columns(rng, columns().get(name, [1, 2, 3]))
        if rarely(rng):
            del stored[rng.choice([*stored])]
    with h5py.File(output, "w", libver=rng.choice(("earliest", "latest"))) as file:
        for name, values in stored.items():
            _store(rng, file, name, values, plain=variant == 0)
        file.attrs["classes"] = CLASSES
        file.attrs["tracker"] = "x"
        if variant and rarely(rng):
            classes = (
                5,
                [1, 2],
                np.array([b"\xff", b"b"]),
                "dog",
                [],
                h5py.Empty("f"),
                np.zeros((2, 2)),
                ["a", "a", "b"],
                ["\x1b"],
            )
            file.attrs["classes"] = rng.choice(classes)
    return output.getvalue()


def _store(rng: Random, file: h5py.File, name: str, values: Any, *, plain: bool) -> None:
    kind = h5py.string_dtype() if isinstance(values, np.ndarray) and values.dtype == object else None
    odd = 0 if plain else rng.randrange(12)
    shaped = isinstance(values, np.ndarray) and values.ndim > 0 and values.size > 0
    if odd == 1:
        file[name] = rng.choice((h5py.SoftLink("/nowhere"), h5py.SoftLink(f"/{name}"), h5py.ExternalLink("a.h5", "/b")))
    elif odd == 2:
        file.create_group(name)
    elif odd == 3 and shaped and kind is None:
        file.create_dataset(name, shape=(10**9, *values.shape[1:]), dtype=values.dtype, chunks=values.shape)
    elif odd == 4 and shaped and kind is None:
        file.create_dataset(name, values.shape, values.dtype, fillvalue=values.flat[0])
    elif odd == 5 and shaped and kind is None:
        file.create_dataset(f"held {name}", data=values)
        layout = h5py.VirtualLayout(values.shape, values.dtype)
        layout[...] = h5py.VirtualSource(".", rng.choice((f"held {name}", "none", "a/b")), values.shape)
        file.create_virtual_dataset(name, layout)
    elif odd in (6, 7) and shaped and kind is None:
        filters: dict[str, Any] = rng.choice(
            ({"compression": "gzip"}, {"shuffle": True, "compression": "lzf"}, {"fletcher32": True})
        )
        file.create_dataset(name, data=values, chunks=True, **filters)
    else:
        file.create_dataset(name, data=values, dtype=kind)


def _hdf5_files(columns: Sequence[Callable[[], Columns]], name: str = "in.h5") -> Callable[[Random], Files]:
    def make(rng: Random) -> Files:
        chosen = rng.choice(columns)
        content = _hdf5(chosen, 0 if rng.random() < 0.5 else rng.randrange(_VARIANTS))
        return {name: _damaged_structure(rng, content) if rng.random() < 0.7 else content}

    return make


def _damaged_structure(rng: Random, content: bytes) -> bytes:
    """Damage bytes that are not zero, as those of the structure are, or any."""
    if rarely(rng):
        return damaged_bytes(rng, content)
    data = bytearray(content)
    filled = [at for at, byte in enumerate(content) if byte]
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.choice(filled)
        data[at] = rng.choice((0, 1, 255, data[at] ^ (1 << rng.randrange(8)), rng.randrange(256)))
    return bytes(data)


def _read_frames(folder: Path, files: Files, rng: Random) -> None:
    features = FrameFeatures(folder / "in.h5")
    features.check_finite()
    features.read(features.ids[:2])


def _read_trajectories(folder: Path, files: Files, rng: Random) -> None:
    store = TrajectoryStore(folder / "in.h5")
    store.check_finite()
    if store.ids:
        store.read(store.ids[:2], 2)
        store.trajectories(store.ids[0])


def _read_bert(folder: Path, files: Files, rng: Random) -> None:
    features = BertFeatures(folder / next(iter(files)), 2)
    features.check_finite()
    features.read(np.array([0, 1]), np.array([0, features.candidates - 1]))


@cache
def _bert_npy() -> bytes:
    output = io.BytesIO()
    np.save(output, np.ones((2, 5, 4, 3), np.float16))
    return output.getvalue()


def _bert_files(rng: Random) -> Files:
    if rng.random() < 0.6:
        return _hdf5_files([_bert_columns])(rng)
    return {"in.fp16.npy": damaged_npy(rng, _bert_npy())}


@cache
def _checkpoint() -> bytes:
    experiment = small_experiment(
        hidden_size=4, fusion_size=8, word_size=4, trajectory_heads=1, trajectory_feed_forward=4
    )
    schema = Schema(vocabulary=SPECIAL_WORDS, frame_size=3, trajectory_size=2, classes=("a",))
    torch.manual_seed(0)
    model = create_model(experiment.model, experiment.settings, inputs_of(None, schema, experiment))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "last.pt")
        save_checkpoint(path, Checkpoint(replace(experiment), schema, 1, dict(model.state_dict()), {"best": 0.5}))
        return path.read_bytes()


@cache
def _checkpoint_content() -> dict[str, Any]:
    content: dict[str, Any] = torch.load(io.BytesIO(_checkpoint()), weights_only=True)
    return content


def _checkpoint_files(rng: Random) -> Files:
    match rng.randrange(3):
        case 0:
            return {"last.pt": damaged_bytes(rng, _checkpoint())}
        case 1:
            start = _checkpoint().index(b"\x80\x02}")
            return {"last.pt": _checkpoint()[:start] + damaged_pickle(rng, _checkpoint()[start:])}
    content = _damaged_values(rng, _checkpoint_content())
    output = io.BytesIO()
    torch.save(content, output)
    return {"last.pt": output.getvalue()}


def _damaged_values(rng: Random, value: Any) -> Any:
    """Return nested dictionaries with a value replaced, removed or added."""
    if not isinstance(value, dict) or not value or rarely(rng):
        tensors = (torch.zeros(3), torch.zeros(0), torch.tensor(float("nan")), torch.zeros(2, 2, dtype=torch.bool))
        return rng.choice((odd_value(rng), *tensors))
    changed = dict(value)
    key = rng.choice([*changed])
    if rarely(rng):
        del changed[key]
    elif rarely(rng):
        changed[rng.choice((*NAMES, 5, None))] = 1
    else:
        changed[key] = _damaged_values(rng, changed[key])
    return changed


_EPOCHS = [
    {"event": "start", "version": "1"},
    {"event": "epoch", "epoch": 1, "loss": 1.5, "val_accuracy": 0.5, "learning_rate": 1e-3, "train_accuracy": 0.25},
    {"event": "epoch", "epoch": 2, "loss": 1.25, "val_accuracy": 0.75, "learning_rate": 1e-3},
]


def _log(rng: Random) -> Files:
    lines = [
        damaged_json(rng, entry) if rarely(rng) or rarely(rng) else json.dumps(entry).encode() for entry in _EPOCHS
    ]
    return {"log.jsonl": b"\n".join(lines) + b"\n" * often(rng)}


def _read_log(folder: Path, files: Files, rng: Random) -> None:
    """Read the log, and rarely draw it, which takes a thousand times as long."""
    if rng.randrange(200):
        printable_errors(curves._read)(folder / "log.jsonl", "run")
    else:
        curves.draw_curves(folder / "log.jsonl", folder / "curves.svg")


TARGETS: Sequence[Target] = (
    Target("frame-features", _hdf5_files([_frame_columns, _apart_columns, _tempclip_columns]), _read_frames),
    Target("trajectory-store", _hdf5_files([_trajectory_columns]), _read_trajectories),
    Target("bert-features", _bert_files, _read_bert),
    Target("checkpoint", _checkpoint_files, lambda folder, files, rng: load_model(folder / "last.pt")),
    Target("training-log", _log, _read_log),
)
