from __future__ import annotations

import re
from dataclasses import Field, asdict, fields
from pathlib import Path

import pytest

from trajvqa.config import Experiment, ModelConfig, NegativesConfig, TrainingConfig, experiment_from, with_overrides


def test_the_defaults_are_the_papers():
    config = ModelConfig()
    assert (config.hidden_size, config.max_words, config.dropout) == (256, 37, 0.3)
    assert (config.trajectory_weight, config.visual_weight) == (0.5, 0.5)
    assert (TrainingConfig().batch_size, TrainingConfig().learning_rate, NegativesConfig().count) == (64, 5e-5, 5)


def test_an_experiment_is_restored_from_its_own_values():
    experiment = Experiment(settings=ModelConfig(streams=("frame",), hidden_size=32), training=TrainingConfig(epochs=3))
    assert experiment_from(asdict(experiment)) == experiment


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"setings": {}}, "file.yaml: setings: found no such setting, expected one of model, description, settings"),
        (
            {"settings": {"hiden_size": 3}},
            "file.yaml: settings.hiden_size: found no such setting, expected one of streams",
        ),
        ({"settings": 3}, "file.yaml: settings: found 3, expected settings by name"),
        ({"settings": {"hidden_size": "256"}}, "file.yaml: settings.hidden_size: found '256', expected an integer"),
        ({"settings": {"hidden_size": True}}, "file.yaml: settings.hidden_size: found True, expected an integer"),
        (
            {"settings": {"hidden_size": 0}},
            "file.yaml: settings.hidden_size: found 0, expected an integer from 2 to 65536",
        ),
        ({"settings": {"dropout": 10**400}}, "file.yaml: settings.dropout: found .*, expected a number"),
        ({"settings": {"dropout": "much"}}, "file.yaml: settings.dropout: found 'much', expected a number"),
        (
            {"settings": {"dropout": float("nan")}},
            "file.yaml: settings.dropout: found nan, expected a number from 0 to 0.9",
        ),
        ({"settings": {"text": "clip"}}, "file.yaml: settings.text: found 'clip', expected one of glove, bert"),
        ({"settings": {"streams": "frame"}}, "file.yaml: settings.streams: found 'frame', expected a list of names"),
        ({"settings": {"streams": ["frames"]}}, r"settings.streams: found \['frames'\], expected one or more of frame"),
        ({"settings": {"graphs": []}}, r"settings.graphs: found \[\], expected one or more of VQG, TQG, VTG"),
        (
            {"settings": {"mean_question": True}},
            r"settings.mean_question: found True with text 'glove', expected 'bert': words are the same",
        ),
        (
            {"settings": {"streams": ["frame"], "graphs": ["TQG"]}},
            r"settings.graphs: found \['TQG'\], expected at least one",
        ),
        ({"settings": {"hidden_size": 20}}, "settings.trajectory_heads: found 8, expected a divisor of hidden_size 20"),
        ({"negatives": {"strategy": "b"}}, "negatives.strategy: found 'b', expected one of none, a, qa, both"),
        ({"training": {"learning_rate": 0.0}}, "training.learning_rate: found 0.0, expected a number from 1e-09 to 10"),
    ],
)
def test_bad_values_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        experiment_from(values, "file.yaml")


def test_an_integer_is_accepted_as_a_number():
    assert experiment_from({"training": {"clip_norm": 12}}).training.clip_norm == 12.0


def test_settings_are_replaced_by_their_paths():
    experiment = with_overrides(Experiment(), {"training.epochs": 2, "model": "text-only"})
    assert (experiment.training.epochs, experiment.model) == (2, "text-only")


def test_an_unknown_path_is_named():
    with pytest.raises(ValueError, match=r"training.epoch: found no such setting, .*training.epochs"):
        with_overrides(Experiment(), {"training.epoch": 2})


@pytest.mark.parametrize("path", ["training.epoch", "epochs"])
def test_an_unknown_path_is_answered_with_the_nearest(path):
    with pytest.raises(ValueError, match=r"found no such setting, .*\(did you mean 'training.epochs'\?\)$"):
        with_overrides(Experiment(), {path: 2})


def test_an_unknown_path_in_a_group_is_answered_with_those_of_the_group():
    with pytest.raises(ValueError, match=r"found no such setting, expected one of training\.") as refused:
        with_overrides(Experiment(), {"training.epoch": 2})
    assert "settings." not in str(refused.value)


def test_graphs_without_their_streams_are_ignored():
    assert ModelConfig(streams=("trajectory",)).active_graphs == ("TQG",)
    assert ModelConfig().active_graphs == ("VQG", "TQG", "VTG")


@pytest.mark.parametrize("text", ["1e-4", "5e-05", "0.0001"])
def test_a_number_may_be_text_since_pyyaml_reads_1e_4_as_text(text):
    assert experiment_from({"training": {"learning_rate": text}}).training.learning_rate == float(text)


def test_a_group_of_settings_cannot_be_replaced():
    with pytest.raises(ValueError, match="settings: found no such setting"):
        with_overrides(Experiment(), {"settings": {"text": "bert"}})


@pytest.mark.parametrize(
    ("group", "kind"), [("settings", ModelConfig), ("negatives", NegativesConfig), ("training", TrainingConfig)]
)
def test_the_documentation_shows_each_setting_as_it_is_declared(group, kind):
    page = Path(__file__).parents[2] / "docs" / "vqa-model.md"
    if not page.exists():
        pytest.skip("a source distribution has no docs")
    shown = re.findall(rf"^\| `{group}\..*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert shown == [row_of(group, each) for each in fields(kind)]


def row_of(group: str, field: Field) -> str:
    value = field.default
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, int | float):
        value = f"{value:g}"
    elif isinstance(value, tuple):
        value = ", ".join(value)
    return f"| `{group}.{field.name}` | {value} | {field.metadata['doc'].replace('``', '`')} |"
