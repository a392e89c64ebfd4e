"""Errors about missing packages of the extra ``vqa``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

__all__ = ["explained", "raising_on_use"]

_PACKAGES = {"torch": "torch", "h5py": "h5py", "yaml": "PyYAML"}
"""Distribution names of the packages of the extra, by the name under which each is imported."""


def explained(error: ModuleNotFoundError) -> ImportError:
    """Return an error that says how to install the missing package; other packages leave the error as it is."""
    if error.name not in _PACKAGES:
        return error
    return ImportError(f"trajvqa needs {_PACKAGES[error.name]}; install it with: pip install 'trajtrack[vqa]'")


def raising_on_use(error: ModuleNotFoundError, module: str, names: Sequence[str]) -> Callable[[str], NoReturn]:
    """Return a module's ``__getattr__`` that reports the missing package when one of `names` is used."""

    def get(name: str) -> NoReturn:
        if name in names:
            raise explained(error)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return get
