"""Word vectors from files, and random vectors for other words."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.packed import GZIP, other_encoding
from trajtrack.printable import printable_errors, shown
from trajvqa.text.vocabulary import SPECIAL_WORDS

__all__ = ["initial_word_vectors", "label_vectors", "label_words", "read_word_vectors"]

_PAD = SPECIAL_WORDS[0]
_HEADER = re.compile(rb"[0-9]{1,9} ([1-9][0-9]{0,5})")
_MAX_LINE = 1 << 20
_DEVIATION = 0.4
"""Standard deviation of the vectors of unknown words, as in HQGA's code; that of GloVe's own vectors is 0.38."""


@printable_errors
def read_word_vectors(
    path: str | os.PathLike[str], words: Collection[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Read word vectors in GloVe's text format: a line for each word, with the word and its numbers split by spaces.

    The first line may be that of word2vec: the number of words and that of the numbers of each.

    Parameters
    ----------
    path
        The file, in UTF-8, optionally compressed with gzip. Words may contain spaces, as in GloVe 840B. If a word
        repeats, its first line counts.
    words
        The words to read, or None for all. The numbers of other words are not checked.

    Returns
    -------
    The vectors (size,) of the words that are in the file.

    Raises
    ------
    ValueError
        The message names the file and the line, what was found and what was expected.
    """
    source = os.fspath(path)
    wanted = None if words is None else frozenset(words)
    # The first parts of the wanted words, to skip other lines quickly.
    beginnings = frozenset() if wanted is None else frozenset(word.split(" ", 1)[0].encode() for word in wanted)
    vectors: dict[str, NDArray[np.float32]] = {}
    size = 0
    for number, line in _lines(path, source):
        header = _HEADER.fullmatch(line.rstrip()) if number == 1 else None
        if header is not None:
            size = int(header[1])
            continue
        if size and wanted is not None and line.split(b" ", 1)[0] not in beginnings:
            continue
        word, vector = _parse_line(line, size, f"{source}: line {number}")
        size = len(vector)
        if wanted is None or word in wanted:
            vectors.setdefault(word, vector)
    if not size:
        raise ValueError(f"{source}: found an empty file, expected lines with a word and its numbers")
    return vectors


def _lines(path: str | os.PathLike[str], source: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that may be compressed with gzip, each with its number."""
    try:
        with open(path, "rb") as stored:
            beginning = stored.peek(8)[:8]
            is_packed = beginning.startswith(GZIP)
            other = None if is_packed else other_encoding(beginning)
            if other is not None:
                raise ValueError(f"{source}: line 1: found {other}, expected text in UTF-8")
            file = gzip.GzipFile(fileobj=stored) if is_packed else stored
            for number in count(1):
                line = file.readline(_MAX_LINE)
                if not line:
                    return
                if len(line) == _MAX_LINE:
                    raise ValueError(f"{source}: line {number}: found at least {_MAX_LINE} bytes, expected fewer")
                yield number, line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{source}: found damaged gzip ({error}), expected an intact file") from error


def _parse_line(line: bytes, size: int, where: str) -> tuple[str, NDArray[np.float32]]:
    """Return the word of a line and its vector of `size` numbers, or of any size if `size` is 0."""
    try:
        fields = line.decode().rstrip("\r\n").rstrip(" ").split(" ")
    except UnicodeDecodeError as error:
        raise ValueError(f"{where}: found byte 0x{line[error.start]:02x}, expected text in UTF-8") from None
    if len(fields) == 1 and "\t" in fields[0]:
        raise ValueError(f"{where}: found numbers separated by tabs, expected spaces")
    total = size or len(fields) - 1
    numbers = fields[-total:] if 0 < total < len(fields) else []
    beginning = fields[: len(fields) - len(numbers)]
    where = f"{where}: numbers after {shown(fields[0])}"
    if not numbers or (len(beginning) > 1 and _is_number(beginning[-1])):
        expected = f"{size}, as in line 1" if size else "at least 1"
        raise ValueError(f"{where}: found {len(fields) - 1}, expected {expected}")
    try:
        with np.errstate(over="ignore"):
            vector = np.array(numbers, np.float32)
    except ValueError:
        bad = next(field for field in numbers if not _is_number(field))
        raise ValueError(f"{where}: found {shown(bad)}, expected numbers") from None
    if not np.isfinite(vector).all():
        bad = numbers[int(np.isfinite(vector).argmin())]
        raise ValueError(f"{where}: found {shown(bad)}, expected finite numbers")
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
    """Return a vector for each word: its known vector, or a random one.

    Random vectors are drawn from N(0, 0.4^2) and depend only on the word, `size` and `seed`, so they are the same in
    every vocabulary. The vector of ``<pad>`` is zero.

    Parameters
    ----------
    words
        W words.
    known
        Known vectors (size,) by word.
    size
        Width of the vectors.
    seed
        Seed of the random vectors.

    Returns
    -------
    (W, size) vectors.

    Raises
    ------
    ValueError
        If a known vector has another size.
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
    """Return the words of a class name in lower case, split at spaces, underscores and slashes."""
    return [word for word in re.split(r"[\s_/]+", label.lower()) if word]


def label_vectors(
    classes: Sequence[str], known: Mapping[str, NDArray[np.float32]], size: int = 300, seed: int = 0
) -> NDArray[np.float32]:
    """Return the mean of the word vectors of each class name, like the "hard" classemes of VidSGG-BIG.

    Parameters
    ----------
    classes
        N class names, such as ``ball/sports_ball``.
    known, size, seed
        As for `initial_word_vectors`.

    Returns
    -------
    (N, size) vectors.

    Raises
    ------
    ValueError
        If a name has no words.
    """
    vectors = np.empty((len(classes), size), np.float32)
    for row, label in enumerate(classes):
        words = label_words(label)
        if not words:
            raise ValueError(f"classes, row {row}: found {shown(label)}, expected a name with a word in it")
        vectors[row] = initial_word_vectors(words, known, size, seed).mean(axis=0, dtype=np.float64)
    return vectors
