"""``trajtrack info``: versions and features of this installation."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
from typing import Any

import numpy as np

from trajtrack import _core
from trajtrack.console.output import print_json
from trajtrack.io import FORMATS
from trajtrack.version import __version__

__all__ = ["add_command"]

_OPTIONAL = {
    "trackeval": "eval",
    "matplotlib": "view",
    "pillow": "view",
    "av": "video",
    "transformers": "detect",
    "onnxruntime": "onnx",
    "pyarrow": "io",
    "ray": "ray",
    "shtab": "completion",
}
"""Optional packages and the extra that installs each."""


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "info",
        help="show version, compiler, processor features and optional packages",
        description="Show version, compiler, processor features and optional packages.",
        examples={
            "for a bug report": "trajtrack info",
            "for machines": "trajtrack info --json",
            "layouts of files": "trajtrack info --formats",
        },
    )
    parser.add_argument("--formats", action="store_true", help="show the layouts of the file formats instead")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    found = {name: format.layout for name, format in FORMATS.items()} if arguments.formats else _installation()
    if arguments.json:
        print_json(found)
    else:
        width = max(map(len, found))
        for name, value in found.items():
            print(f"{name:{width}}  {value}")
    return False


def _installation() -> dict[str, str]:
    return {
        "trajtrack": __version__,
        "threads": str(_usable_cores()),
        **_core.build_config(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        **{package: _version(package, extra) for package, extra in _OPTIONAL.items()},
    }


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str, extra: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"not installed: pip install 'trajtrack[{extra}]'"
