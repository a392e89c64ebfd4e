"""The linking methods by name, each with its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal

from trajtrack.flow_options import FlowOptions
from trajtrack.option_fields import with_overrides
from trajtrack.options import LinkOptions
from trajtrack.printable import shown

__all__ = ["METHODS", "Method", "method_of_option", "resolve_method"]

Method = Literal["seq-nms", "flow"]

METHODS: dict[str, type[LinkOptions] | type[FlowOptions]] = {"seq-nms": LinkOptions, "flow": FlowOptions}
"""The class of each method's options."""

_DEFAULTS = {name: options() for name, options in METHODS.items()}


def resolve_method(
    options: LinkOptions | FlowOptions | None, method: str | None, overrides: Mapping[str, Any]
) -> LinkOptions | FlowOptions:
    """Return the options of the chosen method, with the fields in `overrides` replaced.

    The method is `method`, or that of `options`, or Seq-NMS.
    """
    if method is not None and method not in METHODS:
        raise ValueError(f"method: found {shown(method)}, expected one of {', '.join(map(repr, METHODS))}")
    if options is None:
        options = _DEFAULTS[method or "seq-nms"]
    elif not isinstance(options, tuple(METHODS.values())):
        raise TypeError(
            f"options: found {type(options).__name__}, expected trajtrack.LinkOptions or trajtrack.FlowOptions"
        )
    elif method is not None and not isinstance(options, METHODS[method]):
        raise ValueError(
            f"options: found {type(options).__name__}, expected {METHODS[method].__name__} for method={method!r}"
        )
    if not overrides:
        return options
    chosen = next(each for each, kind in METHODS.items() if isinstance(options, kind))
    for name in overrides:
        other = method_of_option(name, chosen)
        if other not in (None, chosen):
            raise TypeError(f"{name}: found with method={chosen!r}, expected method={other!r}")
    return with_overrides(options, overrides)


def method_of_option(name: str, preferred: str) -> str | None:
    """Return the method that has an option of this name, `preferred` if it has, or None if none has."""
    methods = (preferred, *METHODS)
    return next((each for each in methods if name in {field.name for field in fields(METHODS[each])}), None)
