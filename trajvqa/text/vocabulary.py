"""Vocabularies: words and their IDs."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output
from trajtrack.files.packed import decode, read_unpacked
from trajtrack.files.pickles import Function, PickleError, read_pickle
from trajtrack.printable import printable_errors, shown
from trajvqa.text.tokenizer import tokenize

__all__ = ["SPECIAL_WORDS", "Vocabulary", "read_vocabulary", "write_vocabulary"]

SPECIAL_WORDS = ("<pad>", "<start>", "<end>", "<unk>")
"""First four words of every vocabulary: padding, start and end of a sequence, and unknown words."""
_UNKNOWN = SPECIAL_WORDS.index("<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """Words in the order of their IDs, starting with `SPECIAL_WORDS`.

    Raises
    ------
    ValueError
        If the first words are not `SPECIAL_WORDS`, or a word repeats.
    """

    words: tuple[str, ...]
    """All words; the ID of a word is its index."""

    def __post_init__(self) -> None:
        if self.words[: len(SPECIAL_WORDS)] != SPECIAL_WORDS:
            found = ", ".join(map(shown, self.words[: len(SPECIAL_WORDS)])) or "no words"
            raise ValueError(f"words: found {found} first, expected {', '.join(map(repr, SPECIAL_WORDS))}")
        if len(self._ids) != len(self.words):
            word, times = Counter(self.words).most_common(1)[0]
            raise ValueError(f"words: found {shown(word)} {times} times, expected unique words")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words)}

    def encode(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """Return the (len(tokens),) IDs of words, with the ID of ``<unk>`` for words not in the vocabulary."""
        return np.array([self._ids.get(token, _UNKNOWN) for token in tokens], np.int64)

    @staticmethod
    def from_tokens(sentences: Iterable[Iterable[str]], max_words: int | None = None, min_count: int = 1) -> Vocabulary:
        """Return the vocabulary of tokenised sentences, in order of decreasing frequency, then alphabetically.

        Parameters
        ----------
        sentences
            The tokens of each sentence.
        max_words
            Maximum number of words besides `SPECIAL_WORDS`; default: no limit.
        min_count
            Minimum frequency of a word; rarer words are omitted.
        """
        counts = Counter(token for sentence in sentences for token in sentence)
        frequent = [word for word in counts if counts[word] >= min_count and word not in SPECIAL_WORDS]
        frequent.sort(key=lambda word: (-counts[word], word))
        return Vocabulary(SPECIAL_WORDS + tuple(frequent[:max_words]))

    @staticmethod
    def from_texts(texts: Iterable[str], max_words: int | None = None, min_count: int = 1) -> Vocabulary:
        """Return the vocabulary of texts, split by `trajvqa.text.tokenize`; see `from_tokens`."""
        return Vocabulary.from_tokens(map(tokenize, texts), max_words, min_count)


def write_vocabulary(path: str | os.PathLike[str], vocabulary: Vocabulary) -> None:
    """Write the words as a JSON list in the order of their IDs, atomically."""
    with atomic_output(path) as file:
        file.write((json.dumps(vocabulary.words, ensure_ascii=False, indent=0) + "\n").encode())


@printable_errors
def read_vocabulary(path: str | os.PathLike[str]) -> Vocabulary:
    """Read a vocabulary.

    Parameters
    ----------
    path
        A file of `write_vocabulary`, or a ``.pkl`` of NExT-QA or HQGA: a pickled object of a class ``Vocabulary`` with
        a dictionary ``idx2word`` from IDs to words, also one of Python 2. No code in the pickle is run.

    Raises
    ------
    ValueError
        The message names the file, what was found and what was expected.
    """
    source = os.fspath(path)
    try:
        content = read_unpacked(path)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    is_pickle = source.removesuffix(".gz").endswith(".pkl")
    words = _pickled_words(content, source) if is_pickle else _json_words(content, source)
    for index, word in enumerate(words):
        if not isinstance(word, str):
            raise ValueError(f"{source}: word {index}: found {shown(word)}, expected text")
    try:
        return Vocabulary(tuple(words))
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None


def _json_words(content: bytes, source: str) -> list[Any]:
    try:
        words = json.loads(decode(content))
    # The parser raises RecursionError for deeply nested brackets.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source}: found no JSON that can be read ({error}), expected a JSON list of words") from None
    if not isinstance(words, list):
        raise ValueError(f"{source}: found JSON of type {type(words).__name__}, expected a list of words")
    return words


@dataclass(eq=False)
class _PickledVocabulary:
    """Stands for an object of the class in NExT-QA's code."""

    attributes: Any = None


def _find(module: str, name: str) -> Callable[[tuple[Any, ...]], Any]:
    """Return what creates the object, whatever module its class was defined in; Python 2 goes through two functions."""
    if name == "Vocabulary":
        return _created
    if (module, name) in (("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")):
        return _reconstructed
    if (module, name) in (("__builtin__", "object"), ("builtins", "object")):
        return _base_class
    raise PickleError(f"it uses {module[:60]}.{name[:60]}")


def _created(arguments: tuple[Any, ...]) -> _PickledVocabulary:
    if arguments:
        raise PickleError(f"it creates a Vocabulary with {len(arguments)} arguments")
    return _PickledVocabulary()


def _base_class(arguments: tuple[Any, ...]) -> Any:
    raise PickleError("it creates an object without a class")


def _reconstructed(arguments: tuple[Any, ...]) -> _PickledVocabulary:
    match arguments:
        case (Function(call=created), Function(call=base), None) if created is _created and base is _base_class:
            return _PickledVocabulary()
    raise PickleError("it creates another object than one of a class Vocabulary")


def _set_attributes(value: Any, attributes: Any) -> None:
    if not isinstance(value, _PickledVocabulary):
        raise PickleError(f"it sets a state of {type(value).__name__}")
    value.attributes = attributes


def _pickled_words(content: bytes, source: str) -> list[Any]:
    expected = "expected a pickled object of a class Vocabulary with a dictionary idx2word from IDs to words"
    try:
        found = read_pickle(content, _find, _set_attributes)
    except PickleError as error:
        raise ValueError(f"{source}: found an unreadable pickle ({error}), {expected}") from None
    if not isinstance(found, _PickledVocabulary):
        raise ValueError(f"{source}: found an object of type {type(found).__name__}, {expected}")
    attributes = found.attributes if isinstance(found.attributes, dict) else {}
    # Python 2 writes all text as bytes.
    words = attributes.get("idx2word", attributes.get(b"idx2word"))
    if not isinstance(words, dict):
        raise ValueError(f"{source}: idx2word: found {shown(words)}, expected a dictionary from IDs to words")
    if set(words) != set(range(len(words))):
        raise ValueError(f"{source}: idx2word: found IDs with gaps, expected 0 to {len(words) - 1}")
    return [_as_text(words[index], f"{source}: word {index}") for index in range(len(words))]


def _as_text(word: Any, where: str) -> Any:
    if not isinstance(word, bytes):
        return word
    try:
        return word.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{where}: found {shown(word)}, expected text in UTF-8") from None
