"""Labels of YOLO: a folder with a text file per frame, and in it ``class cx cy w h [confidence] [id]`` per box.

The frame is the last number of a file's name, as in ``video_12.txt``: 0 is the first if there is such a file, otherwise
1. Frames without a file are empty. Coordinates are fractions of the image, whose size the caller gives or images of
the same names have, beside the labels or under ``images`` instead of ``labels``. Without a confidence the score is 1. A
sixth column is an identity if its values are whole and some are above 1, as Ultralytics writes it for tracks without
confidences. Labels are the class, named by ``classes.txt`` in the folder, if there is one.
"""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.files.packed import decode
from trajtrack.io.checks import Where, as_scores, as_text, corners_from_centres, refuse, track_ids_or_none
from trajtrack.io.folders import Folder, frame_numbers
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import first_of_numbers, frames_in_memory
from trajtrack.io.image_sizes import size_of_images
from trajtrack.io.text_rows import MAX_INTEGER, TextRows, parse_rows

__all__ = ["FORMAT"]

_FEWEST, _MOST = 5, 7
_NAMES_FILE = "classes.txt"
_INT32 = np.iinfo(np.int32)
# Boxes may reach beyond the image a little; pixels are far beyond.
_LEAST, _GREATEST = -1, 2


def _recognise(source: Source) -> bool:
    if source.folder is None:
        return False
    for name in _label_files(source.folder):
        line = source.folder.read(name)[:1000].lstrip().split(b"\n", 1)[0]
        if line:
            return b"," not in line and _FEWEST <= len(line.split()) <= _MOST
    return False


def _label_files(folder: Folder) -> list[str]:
    return [name for name in folder.with_suffix(".txt") if name.lower() != _NAMES_FILE]


def _decode(source: Source) -> Detections:
    assert source.folder is not None
    files = frame_numbers(_label_files(source.folder))
    numbers = np.array([*files], np.int64)
    names = [*files.values()]
    frames = frames_in_memory(source, numbers, lambda row: names[row], first=first_of_numbers(numbers))
    size = source.reading.image_size or size_of_images(source.folder, [PurePath(name).stem for name in names])
    if size is None:
        raise ValueError(
            "image_size: found no images beside the labels, expected image_size= or --image-size, the size that "
            "coordinates are fractions of"
        )
    rows, file_of_row = _parse(source.folder, names)

    def where(row: int) -> str:
        return f"{names[file_of_row[row]]}, {rows.where(row)}"

    scores, ids = _scores_and_ids(rows, where)
    classes = rows.integers(0, "class", _INT32.min, _INT32.max, where)
    return Detections(
        boxes=_boxes(rows.values[:, 1:5], size, where),
        scores=as_scores(scores, where),
        frames=frames[file_of_row],
        labels=classes,
        num_frames=int(frames.max(initial=-1)) + 1,
        track_ids=track_ids_or_none(ids),
        label_names=_label_names(source.folder),
    )


def _parse(folder: Folder, names: list[str]) -> tuple[TextRows, NDArray[np.int64]]:
    """Return the rows of all files, and the index of the file of each."""
    parts: list[TextRows] = []
    for name in names:
        try:
            parts.append(parse_rows(folder.read(name), _FEWEST, _MOST))
        except ValueError as error:
            raise ValueError(f"{name}, {error}") from None
    rows = TextRows(
        np.concatenate([np.empty((0, _MOST)), *(part.values for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.lines for part in parts)]),
        np.concatenate([np.empty(0, np.int32), *(part.widths for part in parts)]),
    )
    return rows, np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _boxes(fractions: NDArray[np.float64], size: tuple[float, float], where: Where) -> NDArray[np.float32]:
    outside = np.asarray(((fractions < _LEAST) | (fractions > _GREATEST)).any(axis=1))
    refuse(
        outside,
        where,
        lambda row: f"the box {', '.join(as_text(value) for value in fractions[row])}",
        "centre and size as fractions of the image",
    )
    return corners_from_centres(fractions * np.array([*size, *size]), where)


def _scores_and_ids(rows: TextRows, where: Where) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    sixth, seventh = rows.values[:, 5], rows.values[:, 6]
    has_sixth, has_seventh = rows.widths >= 6, rows.widths == _MOST
    given = sixth[has_sixth]
    are_ids = not has_seventh.any() and bool((given == np.trunc(given)).all() and (given > 1).any())
    ambiguous = not has_seventh.any() and len(given) > 0 and bool((given == 1).all())
    refuse(
        has_sixth & ambiguous,
        where,
        lambda row: "1 in column 6 of every row, which may be a confidence or an identity",
        "a confidence below 1 in some row, or both in seven columns",
    )
    scores = np.where(has_sixth & (not are_ids), sixth, 1.0)
    refuse(
        (scores < 0) | (scores > 1), where, lambda row: f"confidence {as_text(scores[row])}", "a confidence from 0 to 1"
    )
    has_id, values = (has_sixth, sixth) if are_ids else (has_seventh, seventh)
    columns = TextRows(np.where(has_id, values, -1)[:, None], rows.lines, rows.widths)
    return scores, columns.integers(0, "id", -1, MAX_INTEGER, where)


def _label_names(folder: Folder) -> dict[int, str]:
    name = next((name for name in folder.names if name.lower() == _NAMES_FILE), None)
    if name is None:
        return {}
    try:
        lines = decode(folder.read(name), "UTF-8 text").splitlines()
    except ValueError as error:
        raise ValueError(f"{name}, {error}") from None
    return {label: line.strip() for label, line in enumerate(lines) if line.strip()}


FORMAT = Format(
    name="yolo",
    layout="a folder of text files such as video_12.txt, with rows of class cx cy w h [confidence] [id]",
    suffixes=(),
    recognise=_recognise,
    decode=_decode,
    encode=None,
    is_folder=True,
)
