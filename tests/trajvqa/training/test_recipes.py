from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.data_examples import small_experiment, write_data
from trajvqa.extract.recipe import GEOMETRY, ModelRecord, Recipe
from trajvqa.training.checkpoints import load_checkpoint, load_model
from trajvqa.training.recipes import kinds_read, open_split_for, require_recipe
from trajvqa.training.trainer import train

RECIPE = Recipe(
    detector=ModelRecord("models/detr", {"hash": "1"}),
    fps=1.0,
    frame_rate=None,
    min_score=0.1,
    link={"method": "greedy"},
    regions=GEOMETRY,
    appearance=ModelRecord("models/resnet", {"hash": "2"}),
    motion=None,
    text=ModelRecord("models/bert", {"hash": "3"}),
    clips=4,
    frames_per_clip=2,
    classes=None,
)
OTHER_IMAGES = replace(RECIPE, appearance=ModelRecord("models/clip", {"hash": "9"}))


def check(found, expected, *kinds):
    require_recipe(found, "data", expected, "run/best.pt", kinds)


def test_models_read_streams_and_text_features():
    assert kinds_read(small_experiment()) == ("frame", "trajectory")
    assert kinds_read(small_experiment("text-only", text="bert")) == ("bert",)
    assert kinds_read(small_experiment("text-only")) == ()


def test_the_same_recipe_is_accepted_wherever_its_models_lie():
    check(replace(RECIPE, appearance=ModelRecord("elsewhere", {"hash": "2"})), RECIPE, "frame", "trajectory", "bert")
    check(None, None, "frame")


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"appearance": OTHER_IMAGES.appearance}, "frame", "appearance model models/clip, other than models/resnet"),
        ({"clips": 8}, "frame", "clips 8 instead of 4"),
        ({"fps": 2.0}, "trajectory", "fps 2 instead of 1"),
        ({"detector": ModelRecord("d", {"hash": "0"})}, "trajectory", "detector d, other than models/detr"),
        ({"text": None}, "bert", "text model none instead of models/bert"),
    ],
)
def test_what_differs_is_named_if_the_model_reads_it(changes, kind, words):
    message = f"^data: found features of another recipe than those that run/best.pt was trained on: {words}$"
    with pytest.raises(ValueError, match=message):
        check(replace(RECIPE, **changes), RECIPE, kind)
    check(replace(RECIPE, **changes), RECIPE, *({"frame", "trajectory", "bert"} - {kind}))


@pytest.mark.parametrize(("found", "expected", "known"), [(None, RECIPE, "run/best.pt"), (RECIPE, None, "data")])
def test_a_recipe_on_one_side_alone_is_refused_unless_nothing_extracted_is_read(found, expected, known):
    with pytest.raises(ValueError, match=f"the recipe of {known} is known and that of .* is not"):
        check(found, expected, "frame")
    check(found, expected)


def test_a_checkpoint_carries_the_recipe_of_its_data_and_refuses_others(tmp_path):
    data = write_data(tmp_path / "data")
    RECIPE.write(data)
    train(small_experiment(epochs=1), data, tmp_path / "run")
    path = tmp_path / "run" / "best.pt"
    _, checkpoint = load_model(path)
    assert checkpoint.recipe == RECIPE
    assert len(open_split_for(path, checkpoint, data, "test")) == 24
    OTHER_IMAGES.write(data)
    with pytest.raises(ValueError, match="appearance model models/clip, other than models/resnet"):
        open_split_for(path, checkpoint, data, "test")


def test_a_checkpoint_of_data_without_a_recipe_has_none(tmp_path):
    data = write_data(tmp_path / "data")
    train(small_experiment(epochs=1), data, tmp_path / "run")
    assert load_checkpoint(tmp_path / "run" / "best.pt").recipe is None
