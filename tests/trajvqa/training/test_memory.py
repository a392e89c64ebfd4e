from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from trajvqa.training.memory import keep_freed_memory

PROGRAM = """
import resource, torch
from trajvqa.training.memory import keep_freed_memory
if {keep}:
    keep_freed_memory()
for _ in range(5):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(1 << 24).add(1)
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
