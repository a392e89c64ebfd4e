from __future__ import annotations

import re
import time

import pytest

from trajvqa.experiments.plain_yaml import load_yaml


def test_plain_values_and_aliases_are_read():
    text = "a: &a {x: 1, y: [1.5, text, true, null]}\nb: *a\nc: {<<: *a, x: 2}"
    shared = {"x": 1, "y": [1.5, "text", True, None]}
    assert load_yaml(text) == {"a": shared, "b": shared, "c": {**shared, "x": 2}}


LEVELS = range(1, 12)
LAUGHS = "a0: &a0 [ha, ha]\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in LEVELS)
MERGES = "a0: &a0 {x: 1}\n" + "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in LEVELS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: &a [*a]", "found the alias 'a' in what it stands for", id="endless"),
        pytest.param("&a {b: *a}", "found the alias 'a' in what it stands for", id="endless-mapping"),
        pytest.param(LAUGHS, "found more than 10000 values", id="laughs"),
        pytest.param(MERGES, "found more than 10000 values", id="merges"),
        pytest.param("[" * 60000, "found more than 20 levels", id="brackets"),
        pytest.param("{a: " * 12000, "found more than 20 levels", id="braces"),
        pytest.param("- " * 30000, "found more than 20 levels", id="dashes"),
        pytest.param("a: " + "x" * 70000, "found 70003 characters, expected at most 65536", id="length"),
        pytest.param("a: 1\nb: 2\na: 3", "found key 'a' again, expected it once: first on line 1", id="key-again"),
        pytest.param("? [a, b]\n: 1", "found a key of several values, expected a name", id="list-for-a-key"),
        pytest.param("a: *b", "undefined alias", id="unknown-alias"),
        pytest.param("a: " + "9" * 5000, "integer string conversion", id="digits"),
        pytest.param("!!python/object/apply:os.getcwd []", "could not determine a constructor", id="object"),
    ],
)
def test_what_stands_for_too_much_is_refused_at_once(text, message):
    start = time.monotonic()
    with pytest.raises(ValueError, match=re.escape(message)):
        load_yaml(text)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [", r"line 2: while parsing a flow node expected the node content, but found '<stream end>'"),
        (
            "a: 1\n\tb: 2",
            r"line 2: while scanning for the next token found character '\t' that cannot start any token",
        ),
    ],
)
def test_a_message_begins_with_the_line(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        load_yaml(text)


@pytest.mark.parametrize("value", ["!!timestamp x", "!!int x", "!!float x", "!!bool x", "!!binary x", "2024-13-45"])
def test_a_value_that_is_not_what_its_tag_says_is_refused(value):
    with pytest.raises(ValueError, match=r"^.+$"):
        load_yaml(f"a: {value}")
