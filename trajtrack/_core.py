"""Entry point to the compiled core, the extension module ``_trajtrack`` that is installed beside the packages.

Importing this module returns the extension itself, after a check that it matches these Python files.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from trajtrack.version import __version__

_INSTALL = "run 'pip install .' in the checkout"


def _hash_of_sources() -> str | None:
    """Return the hash that cmake/source_hash.cmake computes; None if csrc is not beside the package."""
    folder = Path(__file__).resolve().parents[1] / "csrc"
    if not (folder / "python" / "module.cpp").is_file():
        return None
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = "".join(f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()} {path}\n" for path in paths)
    return hashlib.sha256(lines.encode()).hexdigest()


try:
    import _trajtrack
except ModuleNotFoundError as error:
    if error.name != "_trajtrack":
        raise
    raise ImportError(f"found no compiled core _trajtrack, expected version {__version__}: {_INSTALL}") from None

if _trajtrack.__version__ != __version__:
    raise ImportError(
        f"{_trajtrack.__file__}: found a compiled core of version {_trajtrack.__version__}, expected {__version__}: "
        f"{_INSTALL}"
    )
if _hash_of_sources() not in (None, _trajtrack.source_hash):
    raise ImportError(
        f"{_trajtrack.__file__}: found a compiled core built from other sources, expected one built from csrc "
        f"of this checkout: {_INSTALL}"
    )
sys.modules[__name__] = _trajtrack
