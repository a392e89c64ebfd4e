"""Damage to files that knows a little of what it damages: fields of tables, values of JSON, elements of XML."""

from __future__ import annotations

import codecs
import copy
import gzip
import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

__all__ = [
    "NAMES",
    "NUMBERS",
    "damaged_bytes",
    "damaged_json",
    "damaged_rows",
    "damaged_xml",
    "often",
    "packed_text",
    "rarely",
]

_PLAIN_NUMBERS = (
    "0 -0 1 -1 2 3 0.5 -0.5 1e-400 1e400 -1e400 1e309 1e-45 3.5e38 1e9 1000000000.1 2147483647 2147483648 "
    "-2147483648 -2147483649 4294967296 9007199254740991 9007199254740992 9007199254740993 1e18 1e19 "
    "9223372036854775807 9223372036854775808 -9223372036854775809 18446744073709551616 nan NaN -nan inf "
    "-Infinity 0x10 0x1p3 1_000 +1 ++1 +-1 --1 1. .5 . - + e5 1e 1e+ 1e5 1E2 1.5.2 1,5 true null None"
)

NUMBERS = (
    *_PLAIN_NUMBERS.split(),
    *("\u0661", "\uff11", "1\u00a0", "-1.0", "1.0", "00012", "9" * 25, "9" * 400, "0." + "1" * 60, "1e99999"),
)
"""Texts that a reader may take for numbers."""

_PLAIN_NAMES = "person 0 7 -1 Car DontCare car video frame 12 null nan 1.0 9223372036854775808 %s%n ../../a {} a,b"

NAMES = (
    *_PLAIN_NAMES.split(),
    *("", " ", "a b", 'a"b', "a'b", "\0", "\x1b[31m", "\x85", "\u202e\u2066", "\ud800", "\ufeff", "\U0001f600"),
    *("e\u0301", "x" * 5000, "1" * 30, "a\nb", "a\rb", "\u2028", "\u0661\u0662"),
)
"""Texts that a reader may take for names."""

_KEYS = ("id", "frame", "score", "label", "track_id", "", "__class__", "\u001b[0m", "k" * 300)
_BYTES = b"\0\1\t\n\r\x1a\x1f \"',-09;<>[]{}\x7f\x80\xc0\xef\xfe\xff"


def often(rng: Random) -> bool:
    return rng.random() < 0.7


def rarely(rng: Random) -> bool:
    return rng.random() < 0.1


def several(rng: Random) -> range:
    """Return how many times to damage something: once mostly."""
    return range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 8)))


def damaged_bytes(rng: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Flip, overwrite, cut out, repeat, cut off or splice bytes."""
    data = bytearray(content)
    for _ in several(rng):
        at = rng.randrange(len(data) + 1)
        upto = min(len(data), at + rng.choice((1, 1, 2, 4, 8, 30, 300)))
        match rng.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(data):
                data[at] = rng.choice(_BYTES)
            case 2:
                data[at:upto] = rng.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * (upto - at)
            case 3:
                number = rng.choice((0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, rng.randrange(2**20), len(data)))
                data[at : at + 8] = (number % 2**64).to_bytes(8, rng.choice(("little", "big")))[
                    : rng.choice((1, 2, 4, 8))
                ]
            case 4:
                del data[at:upto]
            case 5:
                data[at:at] = data[at:upto] * rng.choice((1, 1, 2, 50))
            case 6:
                del data[at:]
            case 7:
                other = rng.choice(others) if others else content
                data[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(data)


def packed_text(rng: Random, content: bytes) -> bytes:
    """Encode or compress text in one of the ways that readers know, mostly not."""
    match rng.randrange(40):
        case 0:
            return codecs.BOM_UTF8 + content
        case 1 | 2:
            encoding = rng.choice(("utf-16-le", "utf-16-be", "utf-16", "utf-32", "latin-1"))
            bom = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
            return bom * often(rng) + content.decode("utf-8", "replace").encode(encoding, "replace")
        case 3:
            return (
                damaged_bytes(rng, gzip.compress(content, 1, mtime=0))
                if rarely(rng)
                else gzip.compress(content, 1, mtime=0)
            )
        case _:
            return content


def damaged_rows(
    rng: Random, rows: list[list[str]], separators: Sequence[str], numbers: Sequence[str] = NUMBERS
) -> bytes:
    """Damage fields, rows and separators of a table, and rarely its bytes."""
    rows = [list(row) for row in rows]
    for _ in several(rng):
        row = rng.choice(rows) if rows else []
        at = rng.randrange(len(row)) if row else 0
        match rng.randrange(10):
            case 0 | 1 | 2 | 3 if row:
                row[at] = rng.choice(numbers)
            case 4 if row:
                row[at] = rng.choice(NAMES)
            case 5 if row:
                del row[at : len(row) if rarely(rng) else at + 1]
            case 6:
                row[at:at] = row[at : at + rng.choice((1, 2, 9))]
            case 7:
                rows.insert(rng.randrange(len(rows) + 1), list(rng.choice((row, [], [""], ["# x"], [" "], row[::-1]))))
            case 8 if row and len(rows) > 1:
                other = rng.choice(rows)
                row[at : at + 1], other[at : at + 1] = other[at : at + 1], row[at : at + 1]
            case 9:
                rows[:] = rows[: rng.randrange(len(rows) + 1)]
    separator = rng.choice(separators)
    mixed = rarely(rng) and rarely(rng)
    end = rng.choice(("\n", "\n", "\n", "\n", "\r\n", "\n\n", "\r", " \n"))
    lines = [(rng.choice(separators) if mixed else separator).join(row) for row in rows]
    content = (end.join(lines) + end * often(rng)).encode("utf-8", "surrogatepass")
    return packed_text(rng, damaged_bytes(rng, content) if rarely(rng) else content)


def damaged_json(rng: Random, document: Any) -> bytes:
    """Damage values, keys and entries of a document, and rarely its text."""
    holder = [copy.deepcopy(document)]
    for _ in several(rng):
        _damage_value(rng, holder)
    try:
        text = json.dumps(holder[0], ensure_ascii=rng.random() < 0.8, indent=rng.choice((None, None, 1)))
    except (ValueError, RecursionError):
        return b"[" * 100_000
    if rarely(rng):
        text = _damage_text(rng, text)
    content = text.encode("utf-8", "surrogatepass")
    return packed_text(rng, damaged_bytes(rng, content) if rarely(rng) else content)


_REALS = (0.5, -0.5, 1e308, -1e308, 1e-320, float("nan"), float("inf"))
_INTEGERS = (0, 1, -1, 2, 10**6, 10**7 - 1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400)


def odd_value(rng: Random) -> Any:
    """Return a value that JSON can hold, of any type."""
    others = (None, True, False, "", [], {}, [[]], [None], {"a": 1}, [1] * 5, rng.choice(NAMES), rng.choice(NUMBERS))
    return rng.choice((*_REALS, *_INTEGERS, *others, rng.randrange(100), rng.random() * 1000))


def _damage_value(rng: Random, holder: list[Any]) -> None:
    """Damage one value somewhere below the only entry of a list."""
    parent: Any = holder
    while True:
        places = list(parent) if isinstance(parent, dict) else range(len(parent))
        if not places:
            break
        place = rng.choice(places)
        inner = parent[place]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.15:
            break
        parent = inner
    if not places:
        return
    match rng.randrange(10):
        case 0 | 1 | 2 | 3:
            parent[place] = odd_value(rng)
        case 4 | 5 if parent is not holder:
            del parent[place]
        case 6 if isinstance(parent, dict):
            parent[rng.choice((*parent, *_KEYS, rng.choice(NAMES)))] = parent.pop(place)
        case 6 | 7 if isinstance(parent, list) and parent is not holder:
            parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(rng.choice(parent)))
        case 7 if isinstance(parent, dict):
            parent[rng.choice(_KEYS)] = odd_value(rng)
        case 8:
            parent[place] = [parent[place]] if often(rng) else {"a": parent[place]}
        case 9 if isinstance(parent, list) and parent is not holder:
            rng.shuffle(parent)
        case _:
            parent[place] = -parent[place] if type(parent[place]) in (int, float) else odd_value(rng)


def _damage_text(rng: Random, text: str) -> str:
    """Damage the text of a document where a parser of JSON may stumble."""
    at = rng.randrange(len(text) + 1)
    match rng.randrange(9):
        case 0:
            return text[:at]
        case 1:
            return (
                text[:at]
                + rng.choice(('"', "\\", "\\u12", "\\ud800", "\t", "\0", ",", ":", "]", "}", "//", "\u2028"))
                + text[at:]
            )
        case 2:
            return text[:at] + rng.choice(("[" * 2000, "[" * 100_000, '{"a":' * 5000)) + text[at:]
        case 3:
            return re.sub(r"\d+", lambda match: rng.choice(NUMBERS) if rarely(rng) else match[0], text)
        case 4:
            return text.replace(",", ", ,", 1)
        case 5:
            pairs = [*re.finditer(r'"(?:[^"\\]|\\.)*": [^,\[\]{}]+(?=,)', text)]
            return text if not pairs else text[: (m := rng.choice(pairs)).start()] + m[0] + ", " + text[m.start() :]
        case 6:
            return text + rng.choice((text, "x", "\0", "]", "\n\n", "\x1a"))
        case 7:
            return rng.choice((" " * 2000, "\n" * 5, "\ufeff", "#\n")) + text
        case _:
            return text.replace('"', "'")


_TOKEN = re.compile(r"<[^>]*>|[^<]+")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')


def damaged_xml(rng: Random, text: str, numbers: Sequence[str] = NUMBERS) -> bytes:
    """Damage attributes, elements and texts of a document, and rarely its bytes."""
    tokens = _TOKEN.findall(text)
    for _ in several(rng):
        at = rng.randrange(len(tokens))
        token = tokens[at]
        attributes = [*_ATTRIBUTE.finditer(token)]
        match rng.randrange(10):
            case 0 | 1 | 2 | 3 if attributes:
                chosen = rng.choice(attributes)
                value = rng.choice((rng.choice(numbers), rng.choice(numbers), _xml(rng.choice(NAMES))))
                tokens[at] = token[: chosen.start(2)] + value + token[chosen.end(2) :]
            case 4 if attributes:
                chosen = rng.choice(attributes)
                tokens[at] = (
                    token[: chosen.start()] + rng.choice(("", chosen[0] + " ", 'x="1"')) + token[chosen.end() :]
                )
            case 5:
                tokens[at] = ""
            case 6:
                tokens[at] = token * rng.choice((2, 2, 3, 200))
            case 7:
                other = rng.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], token
            case 8:
                tokens[at] = token + rng.choice(_XML)
            case _:
                tokens[at] = _xml(rng.choice(NAMES)) if not token.startswith("<") else token.swapcase()
    content = "".join(tokens).encode("utf-8", "surrogatepass")
    return packed_text(rng, damaged_bytes(rng, content) if rarely(rng) else content)


_XML = (
    *("<!-- x -->", "<![CDATA[1]]>", "&amp;", "&lt;", "&bomb;", "&#0;", "&#27;", "&#x202e;", "<?pi x?>", "]]>", "\0"),
    *("<box/>", "<image/>", "<target/>", "<frame/>", '<box frame="0"/>', '<polygon points="1,1"/>', "</track>"),
    *('<track id="9" label="x">', '<!DOCTYPE a [<!ENTITY bomb "b">]>', '<?xml version="1.0" encoding="utf-7"?>'),
    *("<a>" * 3000, "<" + "a" * 5000 + "/>", "<\u00e9/>", "<\u0627\u0644/>"),
)


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
