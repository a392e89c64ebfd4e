"""YAML of plain values, in which a few lines cannot stand for more than memory holds."""

from __future__ import annotations

from typing import Any

import yaml

from trajtrack.printable import shown

__all__ = ["load_yaml"]

_MAX_LENGTH = 1 << 16
_MAX_LEVELS = 20
_MAX_VALUES = 10_000


def load_yaml(text: str) -> Any:
    """Return the value of a YAML document.

    Raises
    ------
    ValueError
        If the text is no YAML or repeats a key, of which PyYAML would silently keep the last; if it has more than
        64 KiB, 20 levels or, with every alias replaced by what it stands for, 10,000 values.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"found {len(text)} characters, expected at most {_MAX_LENGTH}")
    try:
        return yaml.load(text, _PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}: "
        raise ValueError(where + " ".join(filter(None, (error.context, error.problem)))) from None
    # PyYAML lets errors of many types through, as for dates that a tag promises.
    except Exception as error:
        raise ValueError(" ".join(str(error).split())) from None


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Counts what aliases stand for before anything is built from it."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._level = 0
        self._sizes: dict[yaml.Node, int] = {}
        """Number of values in each complete node, itself included."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        event = self.peek_event()
        if self._level == _MAX_LEVELS:
            self._refuse(event, f"found more than {_MAX_LEVELS} levels, expected fewer")
        self._level += 1
        node = super().compose_node(parent, index)
        self._level -= 1
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:
                self._refuse(event, f"found the alias {shown(event.anchor)} in what it stands for, expected none")
            return node
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        self._sizes[node] = 1 + sum(self._sizes[part] for part in parts)
        if self._sizes[node] > _MAX_VALUES:
            self._refuse(event, f"found more than {_MAX_VALUES} values, expected fewer")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "found a key of several values, expected a name")
            before = first.setdefault(key.value, key)
            if before is not key:
                line = before.start_mark.line + 1
                self._refuse(key, f"found key {shown(key.value)} again, expected it once: first on line {line}")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping

    def _refuse(self, place: yaml.Event | yaml.Node, message: str) -> None:
        raise yaml.constructor.ConstructorError(None, None, message, place.start_mark)
