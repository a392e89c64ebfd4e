"""Pickles read as data: no class or function that they name is looked up, and nothing of theirs is called.

A pickle is a program for a stack machine. `read_pickle` runs the instructions that plain values, and calls written down
as values, need; the reader of a format decides what a call stands for. Memory and time are in proportion to the
content, whatever sizes and indices the content claims.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Function", "PickleError", "read_pickle"]

Call = Callable[[tuple[Any, ...]], Any]
Find = Callable[[str, str], Call]
SetState = Callable[[Any, Any], None]

_MAX_INTEGER_BYTES = 8
"""Longer integers are no IDs or measurements, and their hashes can be made to collide."""
_FLOATS = re.compile(rb"(?:G.{8})++", re.DOTALL)
_FLOAT_RECORD = np.dtype([("code", "u1"), ("value", ">f8")])
_QUOTED = re.compile(rb"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")


class PickleError(ValueError):
    """The content is not a pickle of what was expected."""


@dataclass(frozen=True, eq=False)
class Function:
    """A class or function that a pickle names."""

    name: str
    """Its module and name."""
    call: Call
    """Returns the value that a call with the given arguments stands for."""


def read_pickle(content: bytes, find: Find, set_state: SetState) -> Any:
    """Return the value of a pickle of any protocol.

    Lists, dictionaries with numbers or text for keys, tuples, numbers, text and bytes are built as they are; text of
    Python 2 becomes bytes. A list may occur in several places, or in itself.

    Parameters
    ----------
    content
        The pickle.
    find
        Returns what calls of the class or function ``(module, name)`` stand for, or raises `PickleError`.
    set_state
        Gives a value that stands for a call its state, or raises `PickleError`.

    Raises
    ------
    PickleError
        If the content is damaged, is no pickle, or has instructions that no such value needs.
    """
    return _Machine(content, find, set_state).run()


class _Machine:
    """The stack machine; each method without arguments is an instruction."""

    def __init__(self, content: bytes, find: Find, set_state: SetState) -> None:
        self._content = content
        self._position = 0
        self._find = find
        self._set_state = set_state
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        while True:
            start = self._position
            code = self._take(1)
            if code == b".":
                return self._pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise PickleError(f"byte {start}: found the instruction 0x{code[0]:02x}, expected one for plain values")
            try:
                instruction(self)
            except PickleError:
                raise
            except ValueError as error:
                raise PickleError(f"byte {start}: {error}") from None

    def _take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._content):
            raise PickleError(f"byte {self._position}: found the end of the content, expected {count} more bytes")
        taken = self._content[self._position : end]
        self._position = end
        return taken

    def _integer(self, size: int, signed: bool = False) -> int:
        return int.from_bytes(self._take(size), "little", signed=signed)

    def _line(self) -> bytes:
        end = self._content.find(b"\n", self._position)
        if end < 0:
            raise PickleError(f"byte {self._position}: found no end of the line, expected one")
        line = self._content[self._position : end]
        self._position = end + 1
        return line

    def _pop(self) -> Any:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise PickleError(f"byte {self._position}: found an empty stack, expected a value on it")
        return self._stack.pop()

    def _pop_to_mark(self) -> list[Any]:
        if not self._marks:
            raise PickleError(f"byte {self._position}: found no mark, expected one")
        mark = self._marks.pop()
        values = self._stack[mark:]
        del self._stack[mark:]
        return values

    def _top(self, kind: type) -> Any:
        value = self._pop()
        if type(value) is not kind:
            raise PickleError(
                f"byte {self._position}: found {type(value).__name__} on the stack, expected {kind.__name__}"
            )
        self._stack.append(value)
        return value

    def _named(self, module: str, name: str) -> Function:
        return Function(f"{module}.{name}", self._find(module, name))

    def _call(self, function: Any, arguments: Any) -> None:
        if not isinstance(function, Function) or type(arguments) is not tuple:
            raise PickleError(f"byte {self._position}: found a call of {type(function).__name__}, expected a function")
        self._stack.append(function.call(arguments))

    def _remember(self, index: int) -> None:
        value = self._pop()
        self._stack.append(value)
        self._memo[index] = value

    def _recall(self, index: int) -> None:
        if index not in self._memo:
            raise PickleError(f"byte {self._position}: found a reference to value {index}, expected an earlier one")
        self._stack.append(self._memo[index])

    def _set_items(self, pairs: list[Any]) -> None:
        target = self._top(dict)
        if len(pairs) % 2:
            raise PickleError(f"byte {self._position}: found a key without a value, expected pairs")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) not in (int, str, bytes):
                raise PickleError(f"byte {self._position}: found {type(key).__name__} for a key, expected int or text")
            target[key] = value

    def _bounded(self, size: int) -> int:
        if size > _MAX_INTEGER_BYTES:
            raise PickleError(f"byte {self._position}: found an integer of {size} bytes, expected at most 8")
        return self._integer(size, signed=True)

    def proto(self) -> None:
        version = self._integer(1)
        if version > 5:
            raise PickleError(f"byte {self._position}: found protocol {version}, expected at most 5")

    def frame(self) -> None:
        self._take(8)

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def pop(self) -> None:
        self._pop()

    def floats(self) -> None:
        self._position -= 1
        found = _FLOATS.match(self._content, self._position)
        if found is None:
            raise PickleError(f"byte {self._position}: found the end of the content, expected a number of 8 bytes")
        self._position = found.end()
        self._stack += np.frombuffer(found[0], _FLOAT_RECORD)["value"].tolist()

    def text_integer(self) -> None:
        line = self._line()
        if line in (b"00", b"01"):
            self._stack.append(line == b"01")
        elif len(line) > 20:
            raise PickleError(
                f"byte {self._position}: found an integer of {len(line)} digits, expected at most 8 bytes"
            )
        else:
            self._stack.append(int(line.removesuffix(b"L")))

    def text_float(self) -> None:
        self._stack.append(float(self._line()))

    def quoted(self) -> None:
        line = self._line()
        if _QUOTED.fullmatch(line) is None or not line.isascii():
            raise PickleError(f"byte {self._position}: found text without quotes, expected quotes")
        self._stack.append(ast.literal_eval("b" + line.decode("ascii")))

    def escaped_text(self) -> None:
        self._stack.append(self._line().decode("raw-unicode-escape"))

    def text_global(self) -> None:
        module = self._line().decode()
        self._stack.append(self._named(module, self._line().decode()))

    def stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise PickleError(f"byte {self._position}: found {type(name).__name__} for a name, expected text")
        self._stack.append(self._named(module, name))

    def reduce(self) -> None:
        arguments, function = self._pop(), self._pop()
        self._call(function, arguments)

    def instance(self) -> None:
        module = self._line().decode()
        self._call(self._named(module, self._line().decode()), tuple(self._pop_to_mark()))

    def call_to_mark(self) -> None:
        function, *arguments = self._pop_to_mark() or [None]
        self._call(function, tuple(arguments))

    def build(self) -> None:
        state = self._pop()
        value = self._pop()
        self._stack.append(value)
        self._set_state(value, state)

    def append(self) -> None:
        value = self._pop()
        self._top(list).append(value)

    def appends(self) -> None:
        values = self._pop_to_mark()
        self._top(list).extend(values)

    def set_item(self) -> None:
        value = self._pop()
        self._set_items([self._pop(), value])

    def set_items(self) -> None:
        self._set_items(self._pop_to_mark())

    def dictionary(self) -> None:
        pairs = self._pop_to_mark()
        self._stack.append({})
        self._set_items(pairs)

    def tuple_of(self, count: int) -> None:
        self._stack.append(tuple([self._pop() for _ in range(count)][::-1]))

    def push(self, value: Any) -> None:
        self._stack.append(value)


def _sized(code: str) -> Callable[[_Machine], bytes]:
    """Return a reader of bytes that follow their number."""
    size = struct.calcsize(f"<{code}")
    return lambda machine: machine._take(machine._integer(size))


def _pushing(read: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(read(machine))


def _text(code: str) -> Callable[[_Machine], None]:
    return _pushing(lambda machine: _sized(code)(machine).decode("utf-8", "surrogatepass"))


# The numbers of bytes are unsigned, as the pickle module writes them.
_INSTRUCTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.proto,
    b"\x95": _Machine.frame,
    b"(": _Machine.mark,
    b"0": _Machine.pop,
    b"N": lambda machine: machine.push(None),
    b"\x88": lambda machine: machine.push(True),
    b"\x89": lambda machine: machine.push(False),
    b"I": _Machine.text_integer,
    b"L": _Machine.text_integer,
    b"F": _Machine.text_float,
    b"G": _Machine.floats,
    b"K": _pushing(lambda machine: machine._integer(1)),
    b"M": _pushing(lambda machine: machine._integer(2)),
    b"J": _pushing(lambda machine: machine._integer(4, signed=True)),
    b"\x8a": _pushing(lambda machine: machine._bounded(machine._integer(1))),
    b"\x8b": _pushing(lambda machine: machine._bounded(machine._integer(4))),
    b"S": _Machine.quoted,
    b"U": _pushing(_sized("B")),
    b"T": _pushing(_sized("I")),
    b"V": _Machine.escaped_text,
    b"\x8c": _text("B"),
    b"X": _text("I"),
    b"\x8d": _text("Q"),
    b"C": _pushing(_sized("B")),
    b"B": _pushing(_sized("I")),
    b"\x8e": _pushing(_sized("Q")),
    b"\x96": _pushing(_sized("Q")),
    b"]": lambda machine: machine.push([]),
    b"l": lambda machine: machine.push(machine._pop_to_mark()),
    b"a": _Machine.append,
    b"e": _Machine.appends,
    b"}": lambda machine: machine.push({}),
    b"d": _Machine.dictionary,
    b"s": _Machine.set_item,
    b"u": _Machine.set_items,
    b")": lambda machine: machine.push(()),
    b"t": lambda machine: machine.push(tuple(machine._pop_to_mark())),
    b"\x85": lambda machine: machine.tuple_of(1),
    b"\x86": lambda machine: machine.tuple_of(2),
    b"\x87": lambda machine: machine.tuple_of(3),
    b"g": lambda machine: machine._recall(int(machine._line())),
    b"h": lambda machine: machine._recall(machine._integer(1)),
    b"j": lambda machine: machine._recall(machine._integer(4)),
    b"p": lambda machine: machine._remember(int(machine._line())),
    b"q": lambda machine: machine._remember(machine._integer(1)),
    b"r": lambda machine: machine._remember(machine._integer(4)),
    b"\x94": lambda machine: machine._remember(len(machine._memo)),
    b"c": _Machine.text_global,
    b"\x93": _Machine.stack_global,
    b"R": _Machine.reduce,
    b"\x81": _Machine.reduce,
    b"i": _Machine.instance,
    b"o": _Machine.call_to_mark,
    b"b": _Machine.build,
}
"""Instructions by code. Sets, persistent IDs, extension codes and buffers outside the pickle are not among them."""
