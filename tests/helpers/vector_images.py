"""What an image of matplotlib says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path


def texts_of(path: Path) -> set[str]:
    """Return the texts of an SVG file, which matplotlib repeats as comments."""
    builder = ElementTree.TreeBuilder(insert_comments=True)
    tree = ElementTree.parse(path, ElementTree.XMLParser(target=builder))
    return {comment.text.strip() for comment in tree.iter(ElementTree.Comment)}
