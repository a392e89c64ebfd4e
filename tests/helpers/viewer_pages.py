"""Reading pages of the viewer back."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["ReadPage", "read_page"]


@dataclass(frozen=True)
class ReadPage:
    """Content of a page."""

    title: str
    policy: str
    description: dict[str, Any]
    columns: dict[str, Any]
    images: dict[int, tuple[str, bytes]]
    scripts: list[str]
    """Texts of the executable script elements."""
    html: str


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self.is_open = True

    def handle_endtag(self, tag: str) -> None:
        self.is_open = False

    def handle_data(self, data: str) -> None:
        if self.is_open:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)


def read_page(path: Path) -> ReadPage:
    html = path.read_text("utf-8")
    elements = _Elements()
    elements.feed(html)
    texts = {attributes["id"]: text for _, attributes, text in elements.found if "id" in attributes}
    description = json.loads(texts["description"])
    return ReadPage(
        title=next(text for tag, _, text in elements.found if tag == "title"),
        policy=next(a["content"] or "" for t, a, _ in elements.found if t == "meta" and "http-equiv" in a),
        description=description,
        columns=_unpack(description["columns"], gzip.decompress(base64.b64decode(texts["columns"]))),
        images={
            int((attributes["id"] or "").removeprefix("image-")): (
                (attributes["type"] or "").split(";")[0],
                base64.b64decode(text),
            )
            for _, attributes, text in elements.found
            if (attributes.get("id") or "").startswith("image-")
        },
        scripts=[text for tag, attributes, text in elements.found if tag == "script" and "type" not in attributes],
        html=html,
    )


def _unpack(layout: dict[str, list[Any]], content: bytes) -> dict[str, Any]:
    columns, offset = {}, 0
    for name, (kind, size) in layout.items():
        dtype = np.dtype(f"<{kind}")
        planes = np.frombuffer(content, np.uint8, size * dtype.itemsize, offset).reshape(dtype.itemsize, size)
        columns[name] = np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
        offset += size * dtype.itemsize
    assert offset == len(content)
    return columns
