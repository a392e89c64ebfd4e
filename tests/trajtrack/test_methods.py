"""Linking methods are chosen by name, or by the class of their options."""

from __future__ import annotations

import pytest

from helpers.comparisons import exactly
from trajtrack import FlowOptions, LinkOptions
from trajtrack.methods import resolve_method


def test_the_method_follows_from_its_name() -> None:
    assert resolve_method(None, "seq-nms", {"max_gap": 3}) == LinkOptions(max_gap=3)
    assert resolve_method(None, "flow", {"smooth": False}) == FlowOptions(smooth=False)


def test_the_default_method_is_flow() -> None:
    assert resolve_method(None, None, {}) == FlowOptions()
    assert resolve_method(None, None, {"min_length": 3}) == FlowOptions(min_length=3)


def test_the_method_follows_from_an_option_that_only_it_has() -> None:
    assert resolve_method(None, None, {"min_length": 3, "max_gap": 2}) == LinkOptions(min_length=3, max_gap=2)
    assert resolve_method(None, None, {"min_length": 3, "smooth": False}) == FlowOptions(min_length=3, smooth=False)


def test_the_method_follows_from_the_class_of_the_options() -> None:
    assert resolve_method(FlowOptions(min_length=3), None, {}) == FlowOptions(min_length=3)
    assert resolve_method(FlowOptions(min_length=3), "flow", {"rescore": "sum"}) == FlowOptions(
        min_length=3, rescore="sum"
    )


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match=exactly("method: found 'sort', expected one of 'flow', 'seq-nms'")):
        resolve_method(None, "sort", {})


def test_options_of_another_class_are_refused() -> None:
    with pytest.raises(
        TypeError, match=exactly("options: found int, expected trajtrack.LinkOptions or trajtrack.FlowOptions")
    ):
        resolve_method(3, None, {})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=exactly("options: found LinkOptions, expected FlowOptions for method='flow'")):
        resolve_method(LinkOptions(), "flow", {})


def test_an_option_of_another_method_names_that_method() -> None:
    with pytest.raises(TypeError, match=exactly("max_gap: found with method='flow', expected method='seq-nms'")):
        resolve_method(None, "flow", {"max_gap": 3})
    with pytest.raises(
        TypeError,
        match=exactly("smooth: found an option of flow beside one of seq-nms, expected options of one method"),
    ):
        resolve_method(None, None, {"max_gap": 3, "smooth": True})


def test_an_unknown_option_is_named_with_those_of_the_methods_in_question() -> None:
    with pytest.raises(TypeError, match=r"^found an unknown option 'gap', expected one of (?!.*max_gap).*smooth"):
        resolve_method(None, "flow", {"gap": 3})
    with pytest.raises(TypeError, match=r"^found an unknown option 'gap', expected one of .*max_gap.*smooth"):
        resolve_method(None, None, {"gap": 3})


def test_a_misspelt_method_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"^method: found 'flwo', .*did you mean 'flow'\?"):
        resolve_method(None, "flwo", {})


def test_a_method_given_as_the_options_is_answered_with_its_argument():
    with pytest.raises(TypeError, match=r"^options: found str, .*, or method='seq-nms'$"):
        resolve_method("seq-nms", None, {})
