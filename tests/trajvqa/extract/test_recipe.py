from __future__ import annotations

from dataclasses import replace

import pytest

from trajvqa.extract.recipe import ModelRecord, Recipe, find_recipe, read_recipe

RECIPE = Recipe(
    detector=ModelRecord("models/rtdetr", {"kind": "transformers", "files": {"model.safetensors": "ab12"}}),
    fps=2.0,
    frame_rate=None,
    min_score=0.05,
    link={"method": "seq-nms", "min_length": 2, "min_score": float("-inf")},
    regions="queries",
    appearance=ModelRecord("models/resnet", {"kind": "transformers", "files": {"model.safetensors": "cd34"}}),
    motion=None,
    text=None,
    clips=16,
    frames_per_clip=16,
    classes=("cat", "dog: ä"),
)
OTHER = ModelRecord("models/other", {"kind": "transformers", "files": {"model.safetensors": "ef56"}})


def test_a_recipe_is_read_as_it_was_written(tmp_path):
    RECIPE.write(tmp_path)
    assert find_recipe(tmp_path) == RECIPE


def test_a_folder_without_a_recipe_has_none(tmp_path):
    assert find_recipe(tmp_path) is None


def test_a_model_that_was_moved_is_the_same():
    assert RECIPE.differences(replace(RECIPE, detector=replace(RECIPE.detector, path="elsewhere"))) == []


def test_classes_that_are_not_known_yet_do_not_differ():
    assert RECIPE.differences(replace(RECIPE, classes=None)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"detector": OTHER}, "detector models/rtdetr, other than models/other"),
        ({"fps": 5.0}, "fps 2 instead of 5"),
        ({"min_score": None}, "min_score 0.05 instead of none"),
        ({"link": {**RECIPE.link, "min_length": 3}}, "min_length 2 instead of 3"),
        ({"regions": OTHER}, "region features queries instead of models/other"),
        ({"appearance": OTHER}, "appearance model models/resnet, other than models/other"),
        ({"motion": OTHER}, "motion model none instead of models/other"),
        ({"frames_per_clip": 8}, "frames of a clip 16 instead of 8"),
        ({"classes": ("cat",)}, "2 classes with 'dog: ä' instead of 1"),
        ({"classes": ("cat", "dog: ä", "emu")}, "2 classes without 'emu' instead of 3"),
        ({"classes": ("dog: ä", "cat")}, "classes in another order"),
    ],
)
def test_a_difference_is_named(changes, words):
    assert RECIPE.differences(replace(RECIPE, **changes)) == [words]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clips": 0}, "clips: found 0, expected an integer of at least 1"),
        ({"fps": "fast"}, "fps: found 'fast', expected a number or none"),
        ({"colour": 1}, "found an unknown field 'colour', expected detector, "),
        ({"detector": "x"}, "detector: found 'x', expected a model"),
        ({"regions": "crops"}, "regions: found 'crops', expected queries, geometry or a model"),
        ({"motion": {"path": "x"}}, "motion: found {'path': 'x'}, expected path and identity"),
        ({"motion": {"path": "x", "identity": {}}}, "motion, identity: found {}, expected values by name"),
        ({"link": {}}, "link: found {}, expected a method and its options"),
        ({"classes": "cat"}, "classes: found 'cat', expected a list of names"),
        ({"classes": ["cat", "cat"]}, "classes: found ('cat', 'cat'), expected different names"),
        ({"version": 99}, "version: found 99, expected at most 1; use a newer trajvqa"),
    ],
)
def test_a_field_that_is_wrong_is_refused_by_name(change, message):
    with pytest.raises((ValueError, TypeError)) as error:
        Recipe.from_dict({**RECIPE.to_dict(), **change})
    assert str(error.value).startswith(message)


def test_a_missing_field_is_named():
    values = RECIPE.to_dict()
    del values["fps"]
    with pytest.raises(ValueError, match=r"^found no field fps, expected detector, fps, "):
        Recipe.from_dict(values)


def test_a_file_that_holds_no_recipe_is_refused_by_name(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("- 1\n")
    with pytest.raises(ValueError, match=r"recipe\.yaml: found \[1\], expected the fields of a recipe"):
        read_recipe(path)
