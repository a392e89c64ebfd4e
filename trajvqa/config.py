"""Every setting of a model and of its training; a copy is saved with every run."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin

from trajtrack.option_fields import check_options, choice, count, flag, number
from trajtrack.printable import near_name, shown

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
"""What a model sees of a video: clips (Eqs. 1-2) and trajectories (Eq. 3)."""
GRAPHS = {"VQG": ("frame",), "TQG": ("trajectory",), "VTG": ("frame", "trajectory")}
"""The graphs of Section 3.2, and the streams that each needs."""


def _names(default: tuple[str, ...], doc: str) -> Any:
    return dataclasses.field(default=default, metadata={"doc": doc})


def _check_names(name: str, found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    if not found or not set(found) <= set(expected) or len(set(found)) < len(found):
        raise ValueError(f"{name}: found {list(found)}, expected one or more of {', '.join(expected)}")


@dataclass(frozen=True)
class ModelConfig:
    """How a model is built.

    Defaults are the paper's (Section 4.2); docs/vqa-model.md explains those that the paper does not give.

    Raises
    ------
    ValueError, TypeError
        The message names the setting, what was found and what was expected.
    """

    streams: tuple[str, ...] = _names(STREAMS, "What the model sees of the video: any of `STREAMS` (Table 4).")
    graphs: tuple[str, ...] = _names(
        tuple(GRAPHS), "Graphs that contribute to the score; those whose streams are missing are ignored (Table 5)."
    )
    cycle_attention: bool = flag(True, "Whether attention aligns the modalities before the graphs, Eqs. 6-8 (Table 5).")
    trajectory_encoder: str = choice(
        "mhsa",
        ("mhsa", "gru", "segments"),
        "``mhsa``: self-attention (Eq. 3); ``gru``: a GRU over the trajectories by start time (Table 5); ``segments``: "
        "self-attention over segments that knows which belong together, and how many clips lie between them.",
    )
    text: str = choice(
        "glove",
        ("glove", "bert"),
        "``glove``: words with trainable vectors; ``bert``: features of fine-tuned BERT (Table 6).",
    )
    mean_question: bool = flag(
        False,
        "With BERT features: whether every candidate is read with the mean of the question's features over its "
        "candidates in place of its own, in training and afterwards (another reading of a-* of Table 6).",
    )
    hidden_size: int = count(256, 2, 65536, "Width d of every encoder and graph.")
    word_size: int = count(300, 1, 65536, "Width of word vectors, and of the projection of BERT features.")
    max_words: int = count(
        37,
        4,
        512,
        "Maximum number of words of question and candidate together, with their three marks; the rest is cut.",
    )
    max_trajectories: int = count(
        40, 1, 10000, "Maximum number of trajectories of a video; the highest scores are kept."
    )
    appearance_size: int = count(
        2048,
        1,
        65536,
        "Number of leading values of a clip's features that describe appearance; the rest describes motion. Used only "
        "by models that separate the two; clips without further values serve as both. Files that say it have "
        "precedence.",
    )
    attention_heads: int = count(1, 1, 64, "Number of heads of the cycle attention.")
    trajectory_layers: int = count(2, 1, 64, "Number of layers of the trajectory encoder.")
    trajectory_heads: int = count(8, 1, 64, "Number of heads of the trajectory encoder's self-attention.")
    trajectory_feed_forward: int = count(1024, 1, 65536, "Width of the trajectory encoder's feed-forward layers.")
    adjacency: str = choice(
        "softmax", ("softmax", "relu_gram"), "``softmax``: Eq. 9; ``relu_gram``: HGA's, without softmax and identity."
    )
    graph_layers: int = count(2, 1, 16, "Number L of graph convolutions.")
    pooling: str = choice(
        "attention", ("attention", "sum"), "``attention``: Eq. 11; ``sum``: what HGA's published code amounts to."
    )
    fusion: str = choice(
        "mcb", ("mcb", "hadamard"), "``mcb``: Eq. 12; ``hadamard``: a weighted sum of element-wise products."
    )
    fusion_size: int = count(16000, 1, 1 << 20, "Length of the compact bilinear sketch.")
    trajectory_weight: float = number(0.5, 0.0, 100.0, "Weight lambda 1 of Eq. 13.")
    visual_weight: float = number(0.5, 0.0, 100.0, "Weight lambda 2 of Eq. 13.")
    dropout: float = number(0.3, 0.0, 0.9, "Dropout probability, the same everywhere.")

    def __post_init__(self) -> None:
        check_options(self)
        _check_names("streams", self.streams, STREAMS)
        _check_names("graphs", self.graphs, tuple(GRAPHS))
        if not self.active_graphs:
            raise ValueError(
                f"graphs: found {list(self.graphs)}, expected at least one that needs only the streams "
                f"{list(self.streams)}"
            )
        if self.mean_question and self.text != "bert":
            raise ValueError(
                f"mean_question: found True with text {self.text!r}, expected 'bert': words are the same for all "
                "candidates"
            )
        for heads in ("attention_heads", "trajectory_heads"):
            if self.hidden_size % getattr(self, heads):
                raise ValueError(
                    f"{heads}: found {getattr(self, heads)}, expected a divisor of hidden_size {self.hidden_size}"
                )

    @property
    def active_graphs(self) -> tuple[str, ...]:
        """The chosen graphs whose streams are all in `streams`."""
        return tuple(name for name in self.graphs if set(GRAPHS[name]) <= set(self.streams))

    @property
    def used_streams(self) -> tuple[str, ...]:
        """The streams that the active graphs need, in the order of `STREAMS`."""
        return tuple(name for name in STREAMS if any(name in GRAPHS[graph] for graph in self.active_graphs))


@dataclass(frozen=True)
class NegativesConfig:
    """The sample augmentations of Section 3.4, drawn again in every epoch.

    Raises
    ------
    ValueError, TypeError
        The message names the setting, what was found and what was expected.
    """

    strategy: str = choice(
        "none",
        ("none", "a", "qa", "both"),
        "``none``; ``a``: the question with answers of other videos; ``qa``: questions and answers of other videos; "
        "``both``. With BERT features ``a`` is the paper's a-* (Table 6).",
    )
    count: int = count(5, 1, 1000, "Number M drawn for each question and strategy.")

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained.

    Raises
    ------
    ValueError, TypeError
        The message names the setting, what was found and what was expected.
    """

    epochs: int = count(49, 1, 100000, "Number of passes over the training questions; 49 as in NExT-QA's code.")
    batch_size: int = count(64, 1, 65536, "Number of questions in a step.")
    bucket_steps: int = count(
        1,
        1,
        65536,
        "Number of steps whose questions are sorted by length together, so that sentences need little padding: faster, "
        "but steps are less mixed, which costs accuracy on little data. 1 for a fully random order.",
    )
    learning_rate: float = number(
        5e-5, 1e-9, 10.0, "Initial learning rate of Adam; the paper has 5e-5 for GloVe and 1e-4 for BERT features."
    )
    plateau_factor: float = number(
        0.5, 1e-6, 0.999999, "Factor applied to the learning rate when validation accuracy stops improving."
    )
    plateau_patience: int = count(
        5,
        0,
        100000,
        "Number of epochs in a row without improvement that change nothing; the next one applies the factor.",
    )
    clip_norm: float = number(0.0, 0.0, 1e6, "Maximum norm of the gradient; 0 for no limit.")
    seed: int = count(666, 0, 2**31 - 1, "Seed of initial weights, order of questions, dropout and negatives.")
    precision: str = choice("fp32", ("fp32", "bf16"), "``fp32`` or ``bf16`` (autocast).")
    compile: bool = flag(False, "Whether torch.compile compiles the model.")
    device: str = choice(
        "auto", ("auto", "cpu", "cuda"), "``cpu``, ``cuda``, or ``auto``: CUDA if torch finds a device."
    )
    workers: int = count(0, 0, 256, "Number of processes that read batches; 0 reads in the training process.")

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True)
class Experiment:
    """A model, how it is built and how it is trained: one row of a table."""

    model: str = "trajectory"
    """Name of the model, one of `trajvqa.list_models`."""
    description: str = ""
    """What the experiment is, the accuracy to expect and the data that it needs."""
    settings: ModelConfig = ModelConfig()
    """How the model is built."""
    negatives: NegativesConfig = NegativesConfig()
    """Wrong candidates that are added in training."""
    training: TrainingConfig = TrainingConfig()
    """How the model is trained."""


Config = TypeVar("Config")


def experiment_from(values: Mapping[str, Any], source: str = "experiment") -> Experiment:
    """Return the experiment that nested mappings describe; missing settings have their defaults.

    Parameters
    ----------
    values
        Settings by name, as in an experiment file.
    source
        Name of the file, for messages.

    Raises
    ------
    ValueError
        The message names the source, the setting, what was found and what was expected.
    """
    return _build(Experiment, values, f"{source}: ", "")


def with_overrides(experiment: Experiment, assignments: Mapping[str, Any]) -> Experiment:
    """Return a copy with settings replaced, each named by its path, such as ``training.epochs``.

    Raises
    ------
    ValueError
        If there is no such setting, or one has a wrong value; the message begins with its path.
    """
    values = dataclasses.asdict(experiment)
    for path, value in assignments.items():
        *parents, name = path.split(".")
        group = values
        for parent in parents:
            group = group.get(parent) if isinstance(group, dict) else None  # type: ignore[assignment]
        if not isinstance(group, dict) or name not in group or isinstance(group[name], dict):
            raise ValueError(f"{path}: found no such setting, {_expected(path, _paths(values))}")
        group[name] = value
    return _build(Experiment, values, "", "")


def _expected(path: str, known: Sequence[str]) -> str:
    """Return the end of a message about an unknown setting: those of its group, or else all, and the nearest one."""
    group = path.rpartition(".")[0]
    listed = [each for each in known if group and each.startswith(f"{group}.")] or known
    # A setting without its group is not near to any by its letters.
    meant = next((each for each in known if each.rpartition(".")[2] == path), path)
    return f"expected one of {', '.join(listed)}{near_name(meant, known)}"


def _paths(values: Mapping[str, Any], before: str = "") -> list[str]:
    paths: list[str] = []
    for name, value in values.items():
        paths += _paths(value, f"{before}{name}.") if isinstance(value, Mapping) else [before + name]
    return paths


def _build(kind: type[Config], values: Any, where: str, path: str) -> Config:
    if not isinstance(values, Mapping):
        raise ValueError(f"{where}{path.rstrip('.') or 'document'}: found {shown(values)}, expected settings by name")
    expected = typing.get_type_hints(kind)
    unknown = [name for name in values if name not in expected]
    if unknown:
        raise ValueError(
            f"{where}{path}{unknown[0]}: found no such setting, expected one of {', '.join(expected)}"
            f"{near_name(unknown[0], expected)}"
        )
    arguments = {name: _value(expected[name], value, where, f"{path}{name}") for name, value in values.items()}
    try:
        return kind(**arguments)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}{path}{error}") from None


def _value(kind: Any, value: Any, where: str, path: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _build(typing.cast(type[Any], kind), value, where, f"{path}.")
    if get_origin(kind) is tuple:
        (item, *_) = get_args(kind)
        if isinstance(value, list | tuple) and all(isinstance(each, item) for each in value):
            return tuple(value)
        raise ValueError(f"{where}{path}: found {shown(value)}, expected a list of names")
    if kind is float and type(value) in (int, str):
        # PyYAML reads 1e-4, which has no decimal point, as text.
        try:
            return float(value)
        except (ValueError, OverflowError):
            raise ValueError(f"{where}{path}: found {shown(value)}, expected a number") from None
    # Numbers and switches are checked by their fields.
    if kind is str and not isinstance(value, str):
        raise ValueError(f"{where}{path}: found {shown(value)}, expected text")
    return value
