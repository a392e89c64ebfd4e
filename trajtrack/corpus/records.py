"""The manifest of an output folder: the options of the run, and a record of each finished part."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from trajtrack.corpus.parts import Part
from trajtrack.corpus.places import Place
from trajtrack.files import json_fields as fields
from trajtrack.printable import shown

__all__ = [
    "PartRecord",
    "check_no_foreign_outputs",
    "check_options",
    "check_visible",
    "read_records",
    "record_place",
    "write_record",
    "write_report",
]

_FOLDER = "_manifest"
_OPTIONS = f"{_FOLDER}/options.json"
_RECORDS = f"{_FOLDER}/parts"
_REPORT = "_failed.jsonl"
_READERS = 16


@dataclass(frozen=True)
class PartRecord:
    """What became of a part."""

    name: str
    """Name of the part."""
    source: str
    """Path of its file, or its URL without secrets."""
    size: int
    """Size of the file in bytes."""
    modified: int | None
    """Time of the file's last change in nanoseconds."""
    videos: int = 0
    boxes: int = 0
    tracks: int = 0
    linked: int = 0
    """Number of boxes in trajectories."""
    failed: Sequence[tuple[Any, str]] = ()
    """Name and error of each video that could not be linked."""
    error: str | None = None
    """Why there is no output; None if there is one."""

    @classmethod
    def of(cls, part: Part, **outcome: Any) -> PartRecord:
        """Return the record of a part."""
        return cls(part.name, part.source, part.size, part.modified, **outcome)


def check_no_foreign_outputs(output: Place, parts: Iterable[Part]) -> None:
    """Raise ValueError if no run has written to the folder yet, but it holds a file of the name of an output."""
    if (output / _OPTIONS).exists():
        return
    present = {name for name, _ in output.files()}
    for part in parts:
        if part.name in present:
            raise ValueError(
                f"{(output / part.name).name}: found a file that no run has written, expected none: name another folder"
            )


def check_options(output: Place, options: Mapping[str, Any]) -> None:
    """Compare the options with those of an earlier run into the folder, or store them for later ones.

    Raises
    ------
    ValueError
        If an option differs; the message begins with its name. If the folder holds another file of that name.
    """
    place = output / _OPTIONS
    if not place.exists():
        with place.written() as file:
            file.write(json.dumps(options, indent=2).encode())
        return
    try:
        earlier = fields.parse(place.read())
    except ValueError as error:
        raise ValueError(f"{place.name}, {error}") from None
    for name in dict.fromkeys([*options, *earlier]):
        found, expected = options.get(name), earlier.get(name)
        if found != expected:
            raise ValueError(
                f"{name}: found {shown(found)}, expected {shown(expected)} as in the earlier run into {output.name}"
            )


def check_visible(output: Place) -> None:
    """Raise FileNotFoundError if a worker does not see the folder that the run writes to, but another or none."""
    if not (output / _OPTIONS).exists():
        raise FileNotFoundError(
            f"{output.name}: found no {_OPTIONS} there on {platform.node()}, expected the folder of the run: all "
            "workers must see the same files"
        )


def record_place(output: Place, name: str) -> Place:
    """Return the file with the record of a part."""
    return output / f"{_RECORDS}/{name}.json"


def write_record(output: Place, record: PartRecord) -> None:
    """Store the record of a finished part."""
    with record_place(output, record.name).written() as file:
        file.write(json.dumps(asdict(record)).encode())


def read_records(output: Place, parts: Iterable[Part]) -> dict[str, PartRecord]:
    """Return the records of the parts that are finished and whose files have not changed since, by name."""
    written = {name for name, _ in (output / _RECORDS).files()}
    outputs = {name for name, _ in output.files()}
    finished = [part for part in parts if f"{part.name}.json" in written and part.name in outputs]
    with ThreadPoolExecutor(_READERS) as executor:
        records = executor.map(lambda part: _read(output, part), finished)
        return {record.name: record for record in records if record is not None}


def _read(output: Place, part: Part) -> PartRecord | None:
    try:
        record = PartRecord(**json.loads(record_place(output, part.name).read()))
    except (ValueError, TypeError):  # not written by this version
        return None
    is_current = (record.size, record.modified) == (part.size, part.modified)
    is_same = part.modified is not None or record.source == part.source
    return record if is_current and is_same else None


def write_report(output: Place, records: Iterable[PartRecord]) -> Place | None:
    """Write one line of JSON for each broken part and video, and return the file; remove it if there is none."""
    place = output / _REPORT
    lines = []
    for record in records:
        if record.error is not None:
            lines.append({"part": record.source, "error": record.error})
        lines += [{"part": record.source, "video": video, "error": error} for video, error in record.failed]
    if not lines:
        place.remove()
        return None
    with place.written() as file:
        file.write("".join(f"{json.dumps(line)}\n" for line in lines).encode())
    return place
