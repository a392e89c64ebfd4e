"""States of the streaming linker, and options of linking."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import trajtrack
from fuzz.mutations import NAMES, NUMBERS, odd_value, often
from fuzz.target import Files, Target


@cache
def _states() -> tuple[dict[str, Any], ...]:
    states = []
    for options in ({}, {"max_open_frames": 5}):
        linker = trajtrack.Linker(label_names={1: "dog"}, **options)
        for frame in range(4):
            linker.push([[frame, 0, frame + 10, 10], [50, 50, 60, 60 + frame]], [0.5, 0.75], [1, 2])
            states.append(linker.state_dict())
        states.append(trajtrack.Linker().state_dict())
    return tuple(states)


def _odd_array(rng: Random, array: np.ndarray) -> Any:
    if array.ndim == 0 or array.dtype.kind not in "iufb":
        return array  # odd already
    values: Any = array.copy()
    if values.size and often(rng):
        with np.errstate(all="ignore"):
            values.flat[rng.randrange(values.size)] = rng.choice((0, 1, -1, 100, 127, np.iinfo(np.int32).max))
        if values.dtype.kind == "f":
            values.flat[rng.randrange(values.size)] = rng.choice((np.nan, np.inf, -np.inf, 3e38, 1e9, 2e9, -0.0, 1e-45))
        return values
    return rng.choice(
        (
            *(values[:-1], values[::-1], np.concatenate([values, values]), values.tolist(), values.astype(np.float64)),
            *(
                values.astype("O"),
                values.astype("U"),
                values[None],
                values.T,
                values.ravel(),
                np.array(5),
                np.empty((0, 9)),
            ),
            *(
                values.astype(np.complex64),
                np.zeros(values.shape, "M8[s]"),
                values.astype(np.uint8).view("S1"),
                values.astype(bool),
            ),
            *(np.lib.stride_tricks.as_strided(values, values.shape, (0,) * values.ndim), odd_value(rng)),
        )
    )


class _Hostile:
    """A value that fails when it is looked at."""

    def __repr__(self) -> str:
        return "<hostile>"

    def __len__(self) -> int:
        raise ValueError("no length")

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise ValueError("no array")


def _damaged_state(rng: Random) -> Any:
    state = copy.copy(rng.choice(_states()))
    if rng.randrange(200) == 0:
        return odd_value(rng)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        if not state:
            break
        key = rng.choice([*state])
        if isinstance(state[key], np.ndarray) and often(rng):
            with np.errstate(all="ignore"):
                state[key] = _odd_array(rng, state[key])
        elif isinstance(state[key], dict) and state[key] and often(rng):
            state[key] = dict(state[key])
            state[key][rng.choice([*state[key], rng.choice(NAMES), 5, -(2**31), 2**31])] = _odd(rng)
        elif rng.random() < 0.05:
            del state[key]
        else:
            state[key] = _odd(rng)
    return state


def _odd(rng: Random) -> Any:
    values = (
        odd_value(rng),
        np.int64(3),
        np.float32(0.5),
        np.nan,
        np.array([1]),
        1j,
        b"x",
        object,
        _Hostile(),
        2**62,
        2**62 + 1,
    )
    return rng.choice(values)


def _read_state(folder: Path, files: Files, rng: Random) -> None:
    linker = trajtrack.Linker.from_state_dict(_damaged_state(rng))
    if linker._next_frame < 2**31 - 1:
        linker.push([[0, 0, 5, 5]], [0.5], [1] if linker._labelled is not False else None)
    linker.flush()
    trajtrack.Linker.from_state_dict(linker.state_dict())


def _read_options(folder: Path, files: Files, rng: Random) -> None:
    options = rng.choice((trajtrack.LinkOptions, trajtrack.FlowOptions))
    names = [*options.__dataclass_fields__]
    given: dict[str, Any] = {rng.choice(names): rng.choice((_odd(rng), rng.choice(NUMBERS)))}
    frames = [0, 0, 1, 2, 5, 6]
    boxes = [[frame, 0, frame + 10, 10] for frame in frames]
    trajtrack.link(trajtrack.Detections(boxes, [0.5] * 6, frames), options(**given))


TARGETS: Sequence[Target] = (
    Target("linker-state", lambda rng: {}, _read_state, subject="state"),
    Target("link-options", lambda rng: {}, _read_options, subject=": found", refusals=(ValueError, TypeError)),
)
