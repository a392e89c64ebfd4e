"""Shards of the videos of a split, one for each job of a scheduler."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from trajtrack.printable import shown

__all__ = ["Shard"]


@dataclass(frozen=True)
class Shard:
    """One of several disjoint parts of the videos.

    A video's ID decides its shard, so that more videos may be added later, and need not be the same for all jobs.
    """

    number: int
    """Number of the shard, from 1."""
    count: int
    """Number of shards."""

    @staticmethod
    def parse(text: str) -> Shard:
        """Return the shard that a text such as ``3/8`` names.

        Raises
        ------
        ValueError
            If it names none.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        shard = Shard(int(found[1]), int(found[2])) if found else None
        if shard is None or not 1 <= shard.number <= shard.count:
            raise ValueError(f"found {shown(text)}, expected I/N, such as 3/8, with I from 1 to N")
        return shard

    @property
    def name(self) -> str:
        """Name of its files, such as ``00003-of-00008``."""
        return f"{self.number:05}{self.suffix}"

    @property
    def suffix(self) -> str:
        """How the names of all shards of that number end."""
        return f"-of-{self.count:05}"

    def has(self, video: str) -> bool:
        """Return whether a video with that ID is in the shard."""
        digest = hashlib.sha256(video.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1
