from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from trajtrack.option_fields import check_options, choice, count, documentation_of, flag, number, with_overrides


@dataclass(frozen=True)
class Options:
    threshold: float = number(0.5, 0, 1, "Minimum overlap.")
    length: int = count(2, 1, 9, "Minimum length.")
    exact: bool = flag(False, "Whether to be exact.")
    mode: str = choice("mean", ("mean", "max"), "Kind of average.")
    free: object = None

    def __post_init__(self) -> None:
        check_options(self)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"threshold": 1.5}, ValueError, "threshold: found 1.5, expected a number from 0 to 1"),
        ({"threshold": float("nan")}, ValueError, "threshold: found nan, expected a number from 0 to 1"),
        ({"threshold": "0.5"}, TypeError, "threshold: found '0.5', expected a number"),
        ({"threshold": True}, TypeError, "threshold: found True, expected a number"),
        ({"length": 0}, ValueError, "length: found 0, expected an integer from 1 to 9"),
        ({"length": 2.0}, TypeError, "length: found 2.0, expected an integer"),
        ({"length": True}, TypeError, "length: found True, expected an integer"),
        ({"exact": 1}, TypeError, "exact: found 1, expected True or False"),
        ({"mode": "median"}, ValueError, r"mode: found 'median', expected one of mean, max \(did you mean 'mean'\?\)"),
        ({"mode": ["mean"]}, ValueError, r"mode: found \['mean'\], expected one of mean, max"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(given, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        Options(**given)


def test_limits_and_numpy_scalars_are_accepted():
    options = Options(threshold=np.float32(1), length=np.int64(9), exact=np.True_, mode="max")
    assert (options.threshold, options.length, options.exact, options.mode) == (1, 9, True, "max")


def test_overrides_replace_fields_and_are_checked():
    assert with_overrides(Options(), {"length": 3}) == Options(length=3)
    with pytest.raises(ValueError, match=r"^length: found 10, expected an integer from 1 to 9$"):
        with_overrides(Options(), {"length": 10})


def test_an_unknown_override_is_named_with_the_known_ones():
    with pytest.raises(TypeError, match=r"^found an unknown option 'lenght', expected one of exact, free, length, "):
        with_overrides(Options(), {"lenght": 3})


def test_documentation_comes_from_the_declarations():
    assert documentation_of(Options) == {
        "threshold": "Minimum overlap.",
        "length": "Minimum length.",
        "exact": "Whether to be exact.",
        "mode": "Kind of average.",
    }


@pytest.mark.parametrize("name", ["threshold", "length", "exact", "mode"])
@pytest.mark.parametrize("value", [10**400, 10**5000, -(10**5000)], ids=["400", "5000", "-5000"])
def test_an_integer_of_any_size_is_refused_by_name(name, value):
    with pytest.raises((ValueError, TypeError), match=f"^{name}: found .*, expected "):
        Options(**{name: value})


def test_a_value_that_fails_to_become_an_integer_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^length: found array\(\[5\]\), expected an integer$"):
        Options(length=np.array([5]))


def test_a_value_that_fails_to_become_a_number_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^threshold: found array\(.*\), expected a number$"):
        Options(threshold=np.array([0.5, 0.6]))
