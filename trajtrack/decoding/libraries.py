"""The optional libraries that decode, with a message that says how to install them."""

from __future__ import annotations

from typing import Any

__all__ = ["import_av", "pillow"]


def pillow() -> Any:
    """Return the module `PIL.Image`.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("images need Pillow: pip install 'trajtrack[view]'") from error
    return Image


def import_av() -> Any:
    """Return the module `av`.

    Raises
    ------
    ImportError
        If PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError("videos need PyAV: pip install 'trajtrack[video]'") from error
    return av
