"""Tokens of English questions, split by the rules of the Penn Treebank.

NExT-QA's vocabulary was built from such tokens: ``what's`` is ``what 's``, ``don't`` is ``do n't``, ``cannot`` is
``can not``. Punctuation marks are tokens, except in numbers (``1,000``), times (``10:30``) and abbreviations
(``u.s.``).
"""

from __future__ import annotations

import re

__all__ = ["tokenize"]

_PIECE = re.compile(
    r"""
    \.{2,} | -- | '' | `+
    | [][(){}<>?!;@\#$%&*"“”‘’«»„–—]
    | [:,](?!\d)
    | (?<![\w'])'(?=\w)(?!(?:re|ve|ll|[mtsdn])\b)
    | (?: [^][(){}<>?!;@\#$%&*"“”‘’«»„–—`'\s.:,-] | [:,](?=\d) | \.(?!\.) | -(?!-)
        | '(?!') (?: (?<=\w')|(?!\w)|(?=(?:re|ve|ll|[mtsdn])\b) ) )+
    """,
    re.VERBOSE,
)
_REST_OF_SENTENCE = re.compile(r"[\])}>\"'»”’\s]*$")
# Both endings of "can't's" are split off; endings of the first kind follow those of the second.
_ENDINGS = (re.compile(r"(?<=[^'])('s|'m|'d|')$"), re.compile(r"(?<=[^'])('ll|'re|'ve|n't)$"))
_JOINED = {
    "cannot": ("can", "not"),
    "d'ye": ("d", "'ye"),
    "gimme": ("gim", "me"),
    "gonna": ("gon", "na"),
    "gotta": ("got", "ta"),
    "lemme": ("lem", "me"),
    "more'n": ("more", "'n"),
    "wanna": ("wan", "na"),
}
_TITLES = frozenset(("dr", "jr", "mr", "mrs", "ms", "sr", "st", "vs"))


def tokenize(text: str) -> list[str]:
    """Return the lower-case tokens of a text, as split by ``nltk.word_tokenize``.

    Straight double quotes become two grave accents when opening and two apostrophes when closing.

    Source: the rules of the Penn Treebank tokeniser, as far as English questions and short answers need them. Nested
    quotes, and rare abbreviations at the end of a sentence within a text, may be split differently.
    """
    text = text.lower()
    tokens: list[str] = []
    for piece in _PIECE.finditer(text):
        word = piece.group()
        if word == '"':
            before = text[: piece.start()][-1:]
            tokens.append("``" if not before or before.isspace() or before in "([{<" else "''")
        elif word.endswith(".") and len(word) > 1 and word[-2] != "." and _ends_sentence(word, text, piece.end()):
            tokens += [*_split(word[:-1]), "."]
        else:
            tokens += _split(word)
    return tokens


def _ends_sentence(word: str, text: str, end: int) -> bool:
    """Return whether the final period of a word ends a sentence: at the end of the text, or if no abbreviation."""
    stem = word[:-1]
    return _REST_OF_SENTENCE.match(text, end) is not None or ("." not in stem and stem not in _TITLES)


def _split(word: str) -> list[str]:
    """Return a word without its endings, followed by the endings."""
    endings: list[str] = []
    for ending in _ENDINGS:
        found = ending.search(word)
        if found is not None:
            word = word[: found.start()]
            endings.insert(0, found.group())
    return [*_JOINED.get(word, (word,)), *endings]
