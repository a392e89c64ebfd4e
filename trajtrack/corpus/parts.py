"""The parts of a corpus: Parquet files with the detections of whole videos."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from trajtrack.corpus.places import Place, open_place, without_secrets

__all__ = ["Part", "find_parts"]


@dataclass(frozen=True)
class Part:
    """A file of the corpus, as it was when the corpus was listed."""

    name: str
    """Path of the output in its folder: that of the file in the given folder, or its name."""
    given: str
    """File, or folder that holds it, as given."""
    inner: str | None
    """Path in the folder; None if the file was given."""
    size: int
    """Size in bytes."""
    modified: int | None
    """Time of the last change in nanoseconds; None if the file system does not know."""

    @property
    def source(self) -> str:
        """Path of the file, or its URL without secrets."""
        named = without_secrets(self.given)
        return named if self.inner is None else f"{named.rstrip('/')}/{self.inner}"

    def place(self) -> Place:
        """Return the file."""
        place = open_place(self.given)
        return place if self.inner is None else place / self.inner


def find_parts(inputs: Iterable[str], output: str) -> list[Part]:
    """List the Parquet files of a corpus, in the order given and sorted by path in each folder.

    Parameters
    ----------
    inputs
        Files and folders, by path or URL. Names that begin with a dot or an underscore are skipped in folders.
    output
        Folder of the outputs.

    Raises
    ------
    FileNotFoundError
        If an input does not exist.
    ValueError
        If a folder holds no Parquet file, or outputs would have the same name or overwrite inputs.
    """
    target = open_place(output)
    parts: dict[str, Part] = {}
    for given in inputs:
        for part in _parts_of(given, target):
            other = parts.setdefault(part.name.casefold(), part)
            if other is part or _same(other.place(), part.place()):
                continue
            alike = "of the same name" if other.name == part.name else "whose names differ in case only"
            raise ValueError(f"{other.source} and {part.source}: found two inputs {alike}, expected different names")
    _check_names(parts)
    _check_outputs(list(parts.values()), target)
    return list(parts.values())


def _check_names(parts: Mapping[str, Part]) -> None:
    """Raise ValueError if the output of a part would be the folder of another's."""
    for name, part in parts.items():
        for folder in PurePosixPath(name).parents:
            other = parts.get(str(folder))
            if other is not None:
                raise ValueError(
                    f"{other.source} and {part.source}: found a file and a folder of the same name, expected "
                    "different names"
                )


def _check_outputs(parts: Sequence[Part], target: Place) -> None:
    """Raise ValueError if the output of a part would overwrite a file of the corpus, itself or another."""
    inputs = {_real(place): part for part in parts if (place := part.place()).filesystem.equals(target.filesystem)}
    for part in parts:
        overwritten = inputs.get(_real(target / part.name))
        if overwritten is not None:
            raise ValueError(f"{overwritten.source}: the output would overwrite an input")


def _parts_of(given: str, output: Place) -> list[Part]:
    from pyarrow.fs import FileType

    place = open_place(given)
    info = place.info()
    if info.type == FileType.NotFound:
        raise FileNotFoundError(2, "No such file or folder", without_secrets(given))
    if info.is_file:
        return [Part(os.path.basename(place.path), given, None, info.size, info.mtime_ns)]
    if _holds(place, output):
        raise ValueError(f"{without_secrets(given)}: found the folder of the outputs in it, expected another one")
    found = sorted(
        (name, info) for name, info in place.files() if name.lower().endswith(".parquet") and not _is_hidden(name)
    )
    if not found:
        raise ValueError(
            f"{without_secrets(given)}: found no Parquet file in the folder, expected files with the suffix .parquet"
        )
    return [Part(name, given, name, info.size, info.mtime_ns) for name, info in found]


def _is_hidden(name: str) -> bool:
    return any(each.startswith((".", "_")) for each in name.split("/"))


def _same(one: Place, other: Place) -> bool:
    return one.filesystem.equals(other.filesystem) and _real(one) == _real(other)


def _holds(folder: Place, other: Place) -> bool:
    return folder.filesystem.equals(other.filesystem) and f"{_real(other)}/".startswith(f"{_real(folder)}/")


def _real(place: Place) -> str:
    return os.path.realpath(place.path) if place.is_local else place.path.rstrip("/")
