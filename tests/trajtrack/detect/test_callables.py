from __future__ import annotations

import sys

import pytest

from trajtrack.detect.callables import GivenCallable
from trajtrack.detect.sources import source_of


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.py").write_text("NUMBER = 7\n")
    (tmp_path / "my_detector.py").write_text(
        "from beside import NUMBER\n"
        "def find(frames):\n    return NUMBER\n"
        "class Find:\n    def __call__(self, frames):\n        return 8\n"
        "word = 'word'\n"
    )


@pytest.mark.parametrize(("name", "value"), [("my_detector.py:find", 7), ("./my_detector.py:Find", 8)])
def test_a_function_or_class_of_a_file_is_a_detector(name, value):
    assert source_of(name).load(None, None)([]) == value


def test_a_function_of_a_module_is_a_detector(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    assert source_of("my_detector:find").load(None, None)([]) == 7
    monkeypatch.delitem(sys.modules, "my_detector")
    monkeypatch.delitem(sys.modules, "beside")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other.py:find", "found 'other.py:find', but no file other.py, expected an existing one"),
        ("other.module:find", "found 'other.module:find', but no module other.module, expected an installed one"),
        ("my_detector", "found 'my_detector', expected the folder of a Transformers model"),
        ("models/missing", "found 'models/missing', expected the folder of a Transformers model"),
        ("", "found '', expected the folder of a Transformers model"),
        ("yolo11n.pt", ".*; 'yolo export model=yolo11n.pt format=onnx' of Ultralytics writes a model as .onnx"),
    ],
)
def test_the_name_of_nothing_is_refused(name, message):
    with pytest.raises(ValueError, match=f"^detector: {message}"):
        source_of(name)


@pytest.mark.parametrize(("name", "found"), [("fund", "nothing"), ("word", "'word'")])
def test_what_is_no_function_is_refused_when_it_is_loaded(name, found):
    with pytest.raises(ValueError, match=f"^detector: found {found} as {name} in my_detector.py, expected a function$"):
        source_of(f"my_detector.py:{name}").load(None, None)


def test_a_file_that_fails_is_refused_when_it_is_loaded(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    message = r"^detector: found ZeroDivisionError \(division by zero\) while importing broken\.py, expected a module$"
    with pytest.raises(ValueError, match=message):
        source_of("broken.py:find").load(None, None)


def test_neither_a_name_nor_a_function_is_refused():
    with pytest.raises(TypeError, match=r"^detector: found int, expected a function, its name or a folder$"):
        source_of(3)


def test_the_recipe_changes_with_the_file_and_the_function_but_not_with_the_folder(tmp_path):
    def recipe(name):
        return source_of(name).recipe()

    first = recipe("my_detector.py:find")
    assert first == recipe(f"{tmp_path}/my_detector.py:find")
    assert first != recipe("my_detector.py:Find")
    with open("my_detector.py", "a") as file:
        file.write("\n")
    assert first != recipe("my_detector.py:find")


def test_the_recipe_of_a_function_without_a_file_is_its_name():
    assert GivenCallable(len).recipe() == {"kind": "callable", "name": "len", "sha256": None}
