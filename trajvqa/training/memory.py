"""Keeping freed memory for the next step of training."""

from __future__ import annotations

import ctypes
import platform

__all__ = ["keep_freed_memory"]

# Options of glibc's mallopt, as in malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let this process reuse memory that it has freed, where the C library can; return whether it can.

    By default, glibc returns large arrays to the system as soon as they are freed. Each step of training then gets them
    back page by page, which takes longer than many of its layers. The process keeps its peak of memory until it ends.
    """
    if platform.system() != "Linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_TRIM_THRESHOLD, _MOST) == 1 and mallopt(_MMAP_MAX, 0) == 1
