"""Vectors of words: out of a file, and for words that it lacks numbers that depend on the word alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trajvqa.text.vocabulary import SPECIAL_WORDS

__all__ = ["initial_word_vectors", "label_vectors", "label_words", "read_word_vectors"]

_PAD = SPECIAL_WORDS[0]
_DEVIATION = 0.4
"""Standard deviation of the numbers of unknown words, as HQGA's code has it; GloVe's own numbers have 0.38."""


def read_word_vectors(
    path: str | os.PathLike[str], words: Collection[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Read vectors in GloVe's text format: a line for each word, the word and its numbers with blanks between them.

    Parameters
    ----------
    path
        The file, in UTF-8. Words with blanks in them are understood, as GloVe 840B has some; of a word that comes
        twice the first line counts.
    words
        The words that are wanted; None for all. Other lines are skipped without a look at their numbers.

    Returns
    -------
    The vectors (size,) of the words that the file has.

    Raises
    ------
    ValueError
        Naming the file and the line, what was found and what was expected.
    """
    source = os.fspath(path)
    wanted = None if words is None else frozenset(words)
    # Words with blanks begin like one of these.
    beginnings = frozenset() if wanted is None else frozenset(word.split(" ", 1)[0].encode() for word in wanted)
    vectors: dict[str, NDArray[np.float32]] = {}
    size = 0
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if size and wanted is not None and line.split(b" ", 1)[0] not in beginnings:
                continue
            word, vector = _parse_line(line, size, f"{source}: line {number}")
            size = len(vector)
            if wanted is None or word in wanted:
                vectors.setdefault(word, vector)
    if not size:
        raise ValueError(f"{source}: found an empty file, expected lines of a word and its numbers")
    return vectors


def _parse_line(line: bytes, size: int, where: str) -> tuple[str, NDArray[np.float32]]:
    """Return the word of a line and its numbers; `size` is how many they must be, 0 for any number."""
    try:
        fields = line.decode().rstrip("\r\n").rstrip(" ").split(" ")
    except UnicodeDecodeError as error:
        raise ValueError(f"{where}: found byte 0x{line[error.start]:02x}, expected text in UTF-8") from None
    count = size or len(fields) - 1
    numbers = fields[-count:] if 0 < count < len(fields) else []
    beginning = fields[: len(fields) - len(numbers)]
    where = f"{where}: numbers behind {fields[0]!r}"
    if not numbers or (len(beginning) > 1 and _is_number(beginning[-1])):
        expected = f"{size}, as in line 1" if size else "at least 1"
        raise ValueError(f"{where}: found {len(fields) - 1}, expected {expected}")
    try:
        with np.errstate(over="ignore"):
            vector = np.array(numbers, np.float32)
    except ValueError:
        bad = next(field for field in numbers if not _is_number(field))
        raise ValueError(f"{where}: found {bad!r}, expected numbers") from None
    if not np.isfinite(vector).all():
        bad = numbers[int(np.isfinite(vector).argmin())]
        raise ValueError(f"{where}: found {bad!r}, expected finite numbers")
    return " ".join(beginning), vector


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def initial_word_vectors(
    words: Sequence[str], known: Mapping[str, NDArray[np.float32]], size: int = 300, seed: int = 0
) -> NDArray[np.float32]:
    """Return a vector for each word.

    A word that is not known gets numbers from N(0, 0.4^2) that depend on the word, `size` and `seed` alone: they are
    the same in every vocabulary. ``<pad>`` gets zeros.

    Parameters
    ----------
    words
        W words.
    known
        Vectors (size,) by word.
    size
        Numbers of a vector.
    seed
        Of the numbers of unknown words.

    Returns
    -------
    (W, size) vectors.

    Raises
    ------
    ValueError
        When a known vector has another size.
    """
    vectors = np.zeros((len(words), size), np.float32)
    for row, word in enumerate(words):
        if word in known:
            if known[word].shape != (size,):
                raise ValueError(f"known, word {word!r}: found shape {known[word].shape}, expected ({size},)")
            vectors[row] = known[word]
        elif word != _PAD:
            vectors[row] = _unknown_vector(word, size, seed)
    return vectors


def _unknown_vector(word: str, size: int, seed: int) -> NDArray[np.float64]:
    number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return np.random.Generator(np.random.PCG64([seed, number])).normal(0.0, _DEVIATION, size)


def label_words(label: str) -> list[str]:
    """Return the words of a class name in lower case: its parts between blanks, underscores and slashes."""
    return [word for word in re.split(r"[\s_/]+", label.lower()) if word]


def label_vectors(
    classes: Sequence[str], known: Mapping[str, NDArray[np.float32]], size: int = 300, seed: int = 0
) -> NDArray[np.float32]:
    """Return the mean of the word vectors of each class name, as VidSGG-BIG has its "hard" classemes.

    Parameters
    ----------
    classes
        N names, such as ``ball/sports_ball``.
    known, size, seed
        As for `initial_word_vectors`.

    Returns
    -------
    (N, size) vectors.

    Raises
    ------
    ValueError
        For a name without words.
    """
    vectors = np.empty((len(classes), size), np.float32)
    for row, label in enumerate(classes):
        words = label_words(label)
        if not words:
            raise ValueError(f"classes, row {row}: found {label!r}, expected a name with a word in it")
        vectors[row] = initial_word_vectors(words, known, size, seed).mean(axis=0, dtype=np.float64)
    return vectors
