from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from helpers.data_examples import SMALL, write_data
from trajvqa.config import Experiment, ModelConfig, TrainingConfig, with_overrides
from trajvqa.experiments.files import list_experiments, list_tables, read_experiment, read_table
from trajvqa.models import texts_of
from trajvqa.training.trainer import train


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"), bert=True, regions=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", list_experiments())
def test_each_experiment_file_trains_a_step(name, data, tmp_path):
    experiment = read_experiment(name)
    settings = replace(experiment.settings, **SMALL)
    training = replace(experiment.training, epochs=1, batch_size=8, device="cpu")
    small = replace(experiment, settings=settings, training=training)
    if texts_of(experiment.model) == ("image-text",):
        data = write_data(tmp_path / "data", image_text=True)
    if experiment.settings.trajectory_encoder == "segments":
        data = write_data(tmp_path / "data", segment_clips=4)
    assert set(train(small, data, tmp_path / "run", max_steps=1).accuracies) == {"val", "test"}


@pytest.mark.parametrize("name", [name for name in list_experiments() if name.startswith("nextqa/")])
def test_the_papers_experiments_have_the_papers_settings(name):
    experiment = read_experiment(name)
    varied = ("streams", "graphs", "cycle_attention", "trajectory_encoder", "text", "mean_question", "appearance_size")
    plain = {field: getattr(ModelConfig(), field) for field in varied}
    assert replace(experiment.settings, **plain) == ModelConfig()
    assert experiment.training.batch_size == 64
    assert experiment.negatives.count == 5
    assert experiment.training.learning_rate == (1e-4 if experiment.settings.text == "bert" else 5e-5)


@pytest.mark.parametrize("name", list_experiments())
def test_each_experiment_has_a_description(name):
    assert len(read_experiment(name).description) > 20


@pytest.mark.parametrize("name", list_tables())
def test_each_row_of_a_table_has_its_experiment(name):
    table = read_table(name)
    assert {row.experiment for row in table.rows} <= set(list_experiments())
    assert table.reference is None or table.reference in [row.name for row in table.rows]


def test_every_experiment_is_in_a_table():
    used = {row.experiment for name in list_tables() for row in read_table(name).rows}
    assert set(list_experiments()) <= used


def test_an_unknown_experiment_is_named():
    with pytest.raises(FileNotFoundError, match=r"nextqa/glove-bth: found no such .*did you mean 'nextqa/glove-both'"):
        read_experiment("nextqa/glove-bth")


def test_an_unknown_table_is_named():
    with pytest.raises(
        ValueError,
        match="table: found '7', expected one of 1, 2, 3, 4, 5, 6, small, linking, events, zero-shot, negatives, "
        "small-negatives",
    ):
        read_table("7")


def test_an_experiment_can_be_a_file_of_the_user(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("settings: {hidden_size: 32}\n")
    assert read_experiment(path).settings.hidden_size == 32


@pytest.mark.parametrize("content", ["settings: [", "- 1\n", "\x80"])
def test_a_file_that_is_not_an_experiment_is_named(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=r"mine\.yaml: found"):
        read_experiment(path)


def test_a_duplicate_setting_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("settings:\n  hidden_size: 32\n  dropout: 0.1\n  hidden_size: 64\n")
    with pytest.raises(
        ValueError, match=r"mine\.yaml: .*line 4: found key 'hidden_size' again, expected it once: first on line 2"
    ):
        read_experiment(path)


def write_experiments(folder: Path, **contents: str) -> Path:
    """Write experiment files; return the path of the first."""
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(content)
    return folder / f"{next(iter(contents))}.yaml"


def test_the_settings_of_a_base_are_merged_level_by_level(tmp_path):
    path = write_experiments(
        tmp_path,
        mine="base: middle.yaml\nsettings: {dropout: 0.1, streams: [frame]}\n",
        middle="base: first.yaml\nsettings: {hidden_size: 32}\ntraining: {epochs: 3}\n",
        first="model: hga\nsettings: {hidden_size: 64, dropout: 0.2}\ntraining: {seed: 7}\n",
    )
    assert read_experiment(path) == Experiment(
        model="hga",
        settings=ModelConfig(hidden_size=32, dropout=0.1, streams=("frame",)),
        training=TrainingConfig(epochs=3, seed=7),
    )


def test_the_base_of_a_users_file_can_be_an_experiment_of_the_package(tmp_path):
    path = write_experiments(tmp_path, mine="base: small/both\nsettings: {hidden_size: 32}\n")
    both = read_experiment("small/both")
    assert read_experiment(path) == replace(both, settings=replace(both.settings, hidden_size=32))


def test_the_small_experiments_share_their_size():
    sizes = [read_experiment(name).settings for name in list_experiments() if name.startswith("small/")]
    assert {(size.hidden_size, size.word_size, size.dropout) for size in sizes} == {(64, 64, 0.0)}


def test_a_file_that_is_only_a_base_is_not_listed():
    assert "small/_shared" not in list_experiments()


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"mine": "base: other"}, r"mine\.yaml: base: found no experiment 'other', expected a \.yaml file or one of "),
        ({"mine": f"base: {'x' * 300}"}, r"mine\.yaml: base: found no experiment 'x"),
        ({"mine": "base: 3"}, r"mine\.yaml: base: found 3, expected a \.yaml file or one of "),
        ({"mine": "base: mine.yaml"}, r"mine\.yaml: base: found 'mine\.yaml', which leads back to itself, expected "),
        (
            {"mine": "base: other.yaml", "other": "base: mine.yaml"},
            r"other\.yaml: base: found 'mine\.yaml', which leads back to itself, expected bases without a circle$",
        ),
        (
            {"mine": "base: other.yaml", "other": "settings: {dropout: 2.0}"},
            r"other\.yaml: settings\.dropout: found 2\.0, expected ",
        ),
    ],
)
def test_a_bad_base_is_named(tmp_path, contents, message):
    with pytest.raises(ValueError, match=message):
        read_experiment(write_experiments(tmp_path, **contents))


def test_the_rows_of_a_sweep_go_through_the_values_of_a_setting():
    table = read_table("negatives")
    assert table.sweep is not None
    assert table.sweep.values == (1, 2, 5, 10, 15, 20)
    glove = [row for row in table.rows if row.experiment == "nextqa/glove-both"]
    assert [row.name for row in glove] == [f"both, GloVe, M = {value}" for value in table.sweep.values]
    assert [row.settings for row in glove] == [{"negatives.count": value} for value in table.sweep.values]
    assert {row.line for row in glove} == {"both, GloVe"}


@pytest.mark.parametrize("name", list_tables())
def test_the_settings_of_a_row_are_those_of_its_experiment(name):
    for row in read_table(name).rows:
        with_overrides(read_experiment(row.experiment), row.settings)
