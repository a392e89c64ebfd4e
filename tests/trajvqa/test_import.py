from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; "


@pytest.mark.parametrize("rest", ["import trajvqa", "from trajvqa.__main__ import main; sys.exit(main())"])
def test_without_torch_one_line_says_how_to_get_it(rest):
    run = subprocess.run([sys.executable, "-c", WITHOUT_TORCH + rest], capture_output=True, text=True)
    assert run.returncode == 1
    last = run.stderr.splitlines()[-1]
    assert "trajvqa needs torch; install it with: pip install 'trajtrack[vqa]'" in last


def test_trajtrack_needs_neither_torch_nor_trajvqa():
    program = "import sys, trajtrack, trajtrack.cli; print(sorted({'torch', 'trajvqa', 'h5py'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
