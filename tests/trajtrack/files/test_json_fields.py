from __future__ import annotations

import re

import pytest

import trajtrack
from trajtrack.files.json_fields import parse


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "line 1: found the key 'a' a second time, expected distinct keys"),
        ('{"a": [\n{"b": {"a": 1}},\n{"b": 1,\n"b": 2}]}', "line 4: found the key 'b' a second time"),
        ('{"a": "{\\"b\\": 1, ",\n"\\u0061": 2}', "line 2: found the key 'a' a second time"),
        ('{"\\u001b": 1,\n"\\u001b": 2}', "line 2: found the key '\\x1b' a second time"),
    ],
    ids=["top", "nested", "escaped", "control character"],
)
def test_a_repeated_key_is_refused_where_it_stands(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        parse(text.encode())


def test_the_same_key_in_different_objects_is_read() -> None:
    text = '{"a": {"a": 1}, "b": [{"a": "a"}, {"a": 2}]}'
    assert parse(text.encode()) == {"a": {"a": 1}, "b": [{"a": "a"}, {"a": 2}]}


def test_a_file_with_a_repeated_key_is_refused_instead_of_read_as_empty(tmp_path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"subject/objects": [],\n"trajectories": [[{"tid": 0}]],\n"trajectories": []}')
    with pytest.raises(ValueError, match=r"a.json, line 3: found the key 'trajectories' a second time"):
        trajtrack.read(path)


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_thousands_of_digits_is_an_error_with_its_place(tmp_path, sign) -> None:
    digits = sign + "9" * 5000
    box = f'{{"tid": 0, "bbox": {{"xmin": {digits}, "ymin": 0, "xmax": 1, "ymax": 1}}}}'
    objects = '"subject/objects": [{"tid": 0, "category": "dog"}]'
    path = tmp_path / "a.json"
    path.write_text(f'{{{objects}, "trajectories": [[{box}]]}}')
    with pytest.raises(ValueError, match=r"a.json, trajectories\[0\]\[0\]\.bbox\.xmin: found -?inf, expected a finite"):
        trajtrack.read(path)
    path.write_text(f'{{{objects}, "trajectories": [], "frame_count": {digits}}}')
    with pytest.raises(ValueError, match=r"a.json, frame_count: found -?inf, expected an integer from"):
        trajtrack.read(path)
