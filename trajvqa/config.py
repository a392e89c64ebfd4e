"""Every setting of a model and of its training: the one source, saved with every run."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin

__all__ = [
    "GRAPHS",
    "STREAMS",
    "Experiment",
    "ModelConfig",
    "NegativesConfig",
    "TrainingConfig",
    "experiment_from",
    "with_overrides",
]

STREAMS = ("frame", "trajectory")
"""What a video is seen as: clips (Eqs. 1-2) and trajectories (Eq. 3)."""
GRAPHS = {"VQG": ("frame",), "TQG": ("trajectory",), "VTG": ("frame", "trajectory")}
"""The graphs of Section 3.2, and the streams that each needs."""

_CHOICES = {
    "trajectory_encoder": ("mhsa", "gru"),
    "text": ("glove", "bert"),
    "adjacency": ("softmax", "relu_gram"),
    "pooling": ("attention", "sum"),
    "fusion": ("mcb", "hadamard"),
    "strategy": ("none", "a", "qa", "both"),
    "precision": ("fp32", "bf16"),
    "device": ("auto", "cpu", "cuda"),
}


def _check(config: Any) -> None:
    """Refuse values outside the choices and ranges that the fields' metadata name."""
    for each in dataclasses.fields(config):
        value = getattr(config, each.name)
        choices = _CHOICES.get(each.name)
        if choices is not None and value not in choices:
            raise ValueError(f"{each.name}: found {value!r}, expected one of {', '.join(choices)}")
        low, high = each.metadata.get("range", (None, None))
        if low is not None and not low <= value <= high:
            raise ValueError(f"{each.name}: found {value!r}, expected {low:g} to {high:g}")


def _check_names(name: str, found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    if not found or not set(found) <= set(expected) or len(set(found)) < len(found):
        raise ValueError(f"{name}: found {list(found)}, expected one or more of {', '.join(expected)}")


def _ranged(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class ModelConfig:
    """How a model is built. Defaults are the paper's (Section 4.2); where it is silent, docs/vqa-model.md says why.

    Raises
    ------
    ValueError
        Naming the setting, what was found and what was expected.
    """

    streams: tuple[str, ...] = STREAMS
    """What is seen of the video: any of `STREAMS` (Table 4)."""
    graphs: tuple[str, ...] = tuple(GRAPHS)
    """Which graphs score; those whose streams are missing are left out (Table 5)."""
    cycle_attention: bool = True
    """Whether the modalities are aligned by attention before the graphs, Eqs. 6-8 (Table 5)."""
    trajectory_encoder: str = "mhsa"
    """``mhsa`` (Eq. 3) or ``gru``, over trajectories by start (Table 5)."""
    text: str = "glove"
    """``glove``: words with trainable vectors; ``bert``: features of fine-tuned BERT (Table 6)."""
    hidden_size: int = _ranged(256, 2, 65536)
    """Width d of every encoder and graph."""
    word_size: int = _ranged(300, 1, 65536)
    """Width of word vectors, and of what BERT features are projected to."""
    max_words: int = _ranged(37, 4, 512)
    """Words of question and candidate together, with their three marks; the rest is cut off."""
    max_trajectories: int = _ranged(40, 1, 10000)
    """Trajectories of a video, those of the greatest score."""
    appearance_size: int = _ranged(2048, 1, 65536)
    """Numbers of a clip's features that are its appearance; motion is behind them. Only models that tell the two apart
    ask; where there are no more numbers, all of them are both."""
    attention_heads: int = _ranged(1, 1, 64)
    """Heads of the cycle attention."""
    trajectory_layers: int = _ranged(2, 1, 64)
    """Layers of the trajectory encoder."""
    trajectory_heads: int = _ranged(8, 1, 64)
    """Heads of its self-attention."""
    trajectory_feed_forward: int = _ranged(1024, 1, 65536)
    """Width of its feed-forward layers."""
    adjacency: str = "softmax"
    """``softmax`` is Eq. 9; ``relu_gram`` what HGA does: no softmax, no identity."""
    graph_layers: int = _ranged(2, 1, 16)
    """Graph convolutions L."""
    pooling: str = "attention"
    """``attention`` is Eq. 11; ``sum`` what HGA's published code amounts to."""
    fusion: str = "mcb"
    """``mcb`` is Eq. 12; ``hadamard`` a weighted sum of the products of coordinates."""
    fusion_size: int = _ranged(16000, 1, 1 << 20)
    """Length of the compact bilinear sketch."""
    trajectory_weight: float = _ranged(0.5, 0.0, 100.0)
    """Lambda 1 of Eq. 13."""
    visual_weight: float = _ranged(0.5, 0.0, 100.0)
    """Lambda 2 of Eq. 13."""
    dropout: float = _ranged(0.3, 0.0, 0.9)
    """Share of values dropped, wherever something is dropped."""

    def __post_init__(self) -> None:
        _check(self)
        _check_names("streams", self.streams, STREAMS)
        _check_names("graphs", self.graphs, tuple(GRAPHS))
        if not self.active_graphs:
            raise ValueError(
                f"graphs: found {list(self.graphs)}, expected one that needs no more than the streams "
                f"{list(self.streams)}"
            )
        for heads in ("attention_heads", "trajectory_heads"):
            if self.hidden_size % getattr(self, heads):
                raise ValueError(
                    f"{heads}: found {getattr(self, heads)}, expected a divisor of hidden_size {self.hidden_size}"
                )

    @property
    def active_graphs(self) -> tuple[str, ...]:
        """The chosen graphs whose streams are there."""
        return tuple(name for name in self.graphs if set(GRAPHS[name]) <= set(self.streams))

    @property
    def used_streams(self) -> tuple[str, ...]:
        """The streams that the active graphs need."""
        return tuple(name for name in STREAMS if any(name in GRAPHS[graph] for graph in self.active_graphs))


@dataclass(frozen=True)
class NegativesConfig:
    """The sample augmentations of Section 3.4, drawn anew every epoch.

    Raises
    ------
    ValueError
        Naming the setting, what was found and what was expected.
    """

    strategy: str = "none"
    """``none``; ``a``: answers of other videos behind the own question; ``qa``: questions with answers of other
    videos; ``both``. With BERT features ``a`` is the paper's a-* (Table 6)."""
    count: int = _ranged(5, 1, 1000)
    """M, the number drawn for each question and strategy."""

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained.

    Raises
    ------
    ValueError
        Naming the setting, what was found and what was expected.
    """

    epochs: int = _ranged(49, 1, 100000)
    """Passes over the training questions; 49 as in NExT-QA's code."""
    batch_size: int = _ranged(64, 1, 65536)
    """Questions a step."""
    learning_rate: float = _ranged(5e-5, 1e-9, 10.0)
    """Of Adam at the start; the paper has 5e-5 for GloVe and 1e-4 for BERT features."""
    plateau_factor: float = _ranged(0.5, 1e-6, 0.999999)
    """What the learning rate is multiplied by when validation accuracy has stopped to grow."""
    plateau_patience: int = _ranged(5, 0, 100000)
    """Epochs without growth before that."""
    clip_norm: float = _ranged(0.0, 0.0, 1e6)
    """Largest norm of the gradient, 0 for no limit."""
    seed: int = _ranged(666, 0, 2**31 - 1)
    """Seed of weights, order, dropout and negatives."""
    precision: str = "fp32"
    """``fp32`` or ``bf16`` (autocast)."""
    compile: bool = False
    """Whether the model is compiled by torch.compile."""
    device: str = "auto"
    """``cpu``, ``cuda``, or ``auto``: CUDA where torch finds a device."""
    workers: int = _ranged(0, 0, 256)
    """Processes that read batches; 0 reads in the training process."""

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class Experiment:
    """One row of a table: which model, how built, how trained."""

    model: str = "trajectory"
    """A name of `trajvqa.list_models`."""
    description: str = ""
    """What the row is, what to expect and what it costs."""
    settings: ModelConfig = ModelConfig()
    """How the model is built."""
    negatives: NegativesConfig = NegativesConfig()
    """Which wrong answers are added."""
    training: TrainingConfig = TrainingConfig()
    """How it is trained."""


Config = TypeVar("Config")


def experiment_from(values: Mapping[str, Any], source: str = "experiment") -> Experiment:
    """Return the experiment that nested mappings describe; what they leave out has its default.

    Parameters
    ----------
    values
        As an experiment file holds them.
    source
        The file, for messages.

    Raises
    ------
    ValueError
        Naming the source, the setting, what was found and what was expected.
    """
    return _build(Experiment, values, source, "")


def with_overrides(experiment: Experiment, assignments: Mapping[str, Any]) -> Experiment:
    """Return the experiment with settings replaced, each named by its path, as in ``training.epochs``.

    Raises
    ------
    ValueError
        As `experiment_from`.
    """
    values = dataclasses.asdict(experiment)
    for path, value in assignments.items():
        *parents, name = path.split(".")
        place = values
        for parent in parents:
            place = place.get(parent) if isinstance(place, dict) else None  # type: ignore[assignment]
        if not isinstance(place, dict) or name not in place or isinstance(place[name], dict):
            raise ValueError(f"{path}: found no such setting, expected one of {', '.join(_paths(values))}")
        place[name] = value
    return experiment_from(values, "setting")


def _paths(values: Mapping[str, Any], before: str = "") -> list[str]:
    paths: list[str] = []
    for name, value in values.items():
        paths += _paths(value, f"{before}{name}.") if isinstance(value, Mapping) else [before + name]
    return paths


def _build(kind: type[Config], values: Any, source: str, path: str) -> Config:
    if not isinstance(values, Mapping):
        raise ValueError(f"{source}: {path.rstrip('.') or 'document'}: found {values!r}, expected settings by name")
    expected = typing.get_type_hints(kind)
    unknown = [name for name in values if name not in expected]
    if unknown:
        raise ValueError(f"{source}: {path}{unknown[0]}: unknown setting, expected one of {', '.join(expected)}")
    arguments = {name: _value(expected[name], value, source, f"{path}{name}") for name, value in values.items()}
    try:
        return kind(**arguments)
    except ValueError as error:
        raise ValueError(f"{source}: {path}{error}") from None


def _value(kind: Any, value: Any, source: str, path: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _build(typing.cast(type[Any], kind), value, source, f"{path}.")
    if get_origin(kind) is tuple:
        (item, *_) = get_args(kind)
        if isinstance(value, list | tuple) and all(isinstance(each, item) for each in value):
            return tuple(value)
        raise ValueError(f"{source}: {path}: found {value!r}, expected a list of {item.__name__}")
    if kind is float and type(value) in (int, str):
        # YAML takes 1e-4 for text: it wants a point in it.
        try:
            return float(value)
        except ValueError:
            raise ValueError(f"{source}: {path}: found {value!r}, expected a number") from None
    if type(value) is not kind:
        raise ValueError(f"{source}: {path}: found {value!r}, expected {kind.__name__}")
    return value
