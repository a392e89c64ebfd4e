"""Detectors that are Python functions: given as such, or by name."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from trajtrack.detect.detector import Detector, DetectorSource
from trajtrack.printable import shown

__all__ = ["GivenCallable", "NamedCallable"]


class GivenCallable(DetectorSource):
    """A function, or another object that can be called."""

    min_score = None

    def __init__(self, function: Detector) -> None:
        self._function = function
        self.name = getattr(function, "__qualname__", type(function).__qualname__)

    def recipe(self) -> dict[str, Any]:
        """Return its name, and the content of the file that defines it as far as there is one."""
        kind = self._function if inspect.isroutine(self._function) else type(self._function)
        try:
            source = inspect.getsourcefile(kind)
        except TypeError:
            source = None
        return _recipe(self.name, None if source is None else Path(source))

    def load(self, device: str | None, threads: int | None) -> Detector:
        """Return the function."""
        _refuse_device(device)
        return self._function


class NamedCallable(DetectorSource):
    """``module:function`` or ``path/file.py:function``; instead of a function a class, which is called once for one.

    Raises
    ------
    ValueError
        If there is no such file or module.
    """

    min_score = None

    def __init__(self, name: str) -> None:
        self.name = name
        self._module, _, self._attribute = name.rpartition(":")
        self._is_file = self._module.endswith(".py")
        self._path = Path(self._module) if self._is_file else _file_of_module(name, self._module)
        if self._is_file and not self._path.is_file():
            raise ValueError(f"detector: found {shown(name)}, but no file {self._module}, expected an existing one")

    def recipe(self) -> dict[str, Any]:
        """Return the names of file and function, and the content of the file."""
        name = f"{self._path.name if self._is_file else self._module}:{self._attribute}"
        return _recipe(name, self._path)

    def load(self, device: str | None, threads: int | None) -> Detector:
        """Import the module, and return its function.

        Raises
        ------
        ValueError
            If the module fails or has no such function.
        """
        _refuse_device(device)
        try:
            module = _run_file(self._path) if self._is_file else importlib.import_module(self._module)
        except Exception as error:
            raise ValueError(
                f"detector: found {type(error).__name__} ({error}) while importing {self._module}, expected a module"
            ) from error
        function = getattr(module, self._attribute, None)
        if not callable(function):
            found = "nothing" if function is None else shown(function)
            raise ValueError(f"detector: found {found} as {self._attribute} in {self._module}, expected a function")
        detector: Any = function() if inspect.isclass(function) else function
        return cast(Detector, detector)


def _recipe(name: str, source: Path | None) -> dict[str, Any]:
    digest = None
    if source is not None and source.is_file():
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return {"kind": "callable", "name": name, "sha256": digest}


def _file_of_module(name: str, module: str) -> Path:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise ValueError(f"detector: found {shown(name)}, but no module {module}, expected an installed one")
    return Path(found.origin or "")


def _run_file(path: Path) -> ModuleType:
    """Import a file that need not be on the path of modules; files beside it can be imported from it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def _refuse_device(device: str | None) -> None:
    if device is not None:
        raise ValueError(f"device: found {shown(device)} with a function as detector, which chooses its own device")
