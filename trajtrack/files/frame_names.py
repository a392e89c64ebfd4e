"""Frame numbers in the names of files and images."""

from __future__ import annotations

import re

from trajtrack.printable import shown

__all__ = ["FrameNames"]

_NUMBER = re.compile(r"[0-9]+")
_MAX_DIGITS = 18


class FrameNames:
    """The names, without suffixes, of the files or images of one video: each has the number of its frame.

    The number is the last one in the name. The rest must be the same in all names: names of several videos, or with a
    time or a hash, have a last number too, but it says nothing about the order of the frames.
    """

    def __init__(self) -> None:
        self._first: str | None = None
        self._rest: tuple[str, str] | None = None

    def number(self, name: str) -> int:
        """Return the number of the frame.

        Raises
        ------
        ValueError
            If there is none, or the name differs from the first in more than the number; the message is what was
            expected instead of the name.
        """
        *_, last = [None, *_NUMBER.finditer(name)]
        if last is None or len(last[0]) > _MAX_DIGITS:
            raise ValueError("a name with the number of the frame")
        rest = name[: last.start()], name[last.end() :]
        if self._first is None:
            self._first, self._rest = name, rest
        elif rest != self._rest:
            raise ValueError(f"a name that differs from {shown(self._first)} only in the number of the frame")
        return int(last[0])
