"""The flag that names the format of a file."""

from __future__ import annotations

import argparse

from trajtrack.io import FORMATS

__all__ = ["add_format_flag"]


def add_format_flag(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    """Add the flag; ``{formats}`` in its help text becomes the names of all formats."""
    parser.add_argument(flag, choices=list(FORMATS), metavar="NAME", help=text.format(formats=", ".join(FORMATS)))
