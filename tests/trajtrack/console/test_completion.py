from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trajtrack.cli import main

CASES = [
    ("trajtrack li", ["link"]),
    ("trajtrack completion ", ["bash", "zsh"]),
    ("trajtrack link --resc", ["--rescore"]),
    ("trajtrack link --rescore ", ["max", "mean", "sum"]),
    ("trajtrack link a.txt --output-format k", ["kitti"]),
    ("trajtrack link de", ["detections.txt"]),
    ("trajtrack link detections.txt -o ou", ["out"]),
    ("trajtrack eval --gt de", ["detections.txt"]),
    ("trajtrack eval --gt detections.txt de", ["detections.txt"]),
    ("trajtrack demo -o o", ["out"]),
    ("trajtrack demo -o de", []),
]


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "detections.txt").touch()
    (tmp_path / "out").mkdir()


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    pytest.importorskip("shtab")
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def output_of(*command: str) -> list[str]:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert result.stderr == ""
    return sorted(result.stdout.splitlines())


@pytest.mark.parametrize(("line", "expected"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_bash_completes(line, expected, capsys):
    words = [*shlex.split(line), ""] if line.endswith(" ") else shlex.split(line)
    asked = f"""
COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; COMP_LINE={shlex.quote(line)}; COMPREPLY=()
function=$(complete -p trajtrack | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
$function trajtrack {shlex.quote(words[-1])} {shlex.quote(words[-2])}
for word in "${{COMPREPLY[@]}}"; do echo "$word"; done
"""
    assert output_of("bash", "--norc", "-c", script("bash", capsys) + asked) == expected


def test_zsh_loads_the_script(capsys):
    asked = f"autoload -U compinit; compinit -u -D; eval {shlex.quote(script('zsh', capsys))}; print $_comps[trajtrack]"
    assert output_of("zsh", "-f", "-c", asked) == ["_shtab_trajtrack"]


def test_without_shtab_the_error_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 1
    expected = "trajtrack: error: completion needs shtab: pip install 'trajtrack[completion]'\n"
    assert capsys.readouterr().err == expected
