"""The linking methods by name, each with its options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Literal

from trajtrack.flow_options import FlowOptions
from trajtrack.option_fields import check_names, with_overrides
from trajtrack.options import LinkOptions
from trajtrack.printable import near_name, shown

__all__ = ["DEFAULT_METHOD", "METHODS", "Method", "method_of_options", "methods_with", "resolve_method"]

Method = Literal["flow", "seq-nms"]

METHODS: dict[str, type[LinkOptions] | type[FlowOptions]] = {"flow": FlowOptions, "seq-nms": LinkOptions}
"""The class of each method's options."""

DEFAULT_METHOD = "flow"

_DEFAULTS = {name: options() for name, options in METHODS.items()}


def resolve_method(
    options: LinkOptions | FlowOptions | None, method: str | None, overrides: Mapping[str, Any]
) -> LinkOptions | FlowOptions:
    """Return the options of the chosen method, with the fields in `overrides` replaced.

    The method is `method`, or that of `options`, or the one that alone has an option in `overrides`, or the
    default. So a call that sets thresholds of Seq-NMS means Seq-NMS.
    """
    if method is not None and method not in METHODS:
        expected = ", ".join(map(repr, METHODS))
        raise ValueError(f"method: found {shown(method)}, expected one of {expected}{near_name(method, METHODS)}")
    undecided = options is None and method is None
    if undecided:
        check_names(overrides, *METHODS.values())
    if options is None:
        options = _DEFAULTS[method or method_of_options(overrides)]
    elif not isinstance(options, tuple(METHODS.values())):
        hint = f", or method={options!r}" if isinstance(options, str) and options in METHODS else ""
        raise TypeError(
            f"options: found {type(options).__name__}, expected trajtrack.LinkOptions or trajtrack.FlowOptions{hint}"
        )
    elif method is not None and not isinstance(options, METHODS[method]):
        raise ValueError(
            f"options: found {type(options).__name__}, expected {METHODS[method].__name__} for method={method!r}"
        )
    if not overrides:
        return options
    chosen = next(each for each, kind in METHODS.items() if isinstance(options, kind))
    for name in overrides:
        owners = methods_with(name)
        if not owners or chosen in owners:
            continue
        if undecided:
            raise TypeError(
                f"{name}: found an option of {owners[0]} beside one of {chosen}, expected options of one method"
            )
        raise TypeError(f"{name}: found with method={chosen!r}, expected method={owners[0]!r}")
    return with_overrides(options, overrides)


def method_of_options(names: Iterable[str], default: str = DEFAULT_METHOD) -> str:
    """Return the only method that has the first of these options that methods do not share, or the default."""
    owners = (methods_with(name) for name in names)
    return next((each[0] for each in owners if len(each) == 1), default)


def methods_with(name: str) -> list[str]:
    """Return the methods that have an option of this name."""
    return [method for method, options in METHODS.items() if name in {field.name for field in fields(options)}]
