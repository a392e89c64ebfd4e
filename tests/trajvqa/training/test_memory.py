from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from trajvqa.training.memory import keep_freed_memory

PROGRAM = """
import ctypes, resource
from trajvqa.training.memory import keep_freed_memory
if {keep}:
    keep_freed_memory()
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    memory = library.malloc(1 << 26)
    ctypes.memset(memory, 1, 1 << 26)
    library.free(memory)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    return int(subprocess.check_output([sys.executable, "-c", PROGRAM.format(keep=keep)], text=True))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_freed_memory_is_not_returned_to_the_system():
    assert faults(keep=True) < faults(keep=False) / 10


def test_it_says_whether_the_c_library_can(monkeypatch):
    monkeypatch.setattr("trajvqa.training.memory.ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False
