from __future__ import annotations

import subprocess
import sys

import pytest

MESSAGE = "trajvqa needs {}; install it with: pip install 'trajtrack[vqa]'"


@pytest.mark.parametrize(("module", "package"), [("torch", "torch"), ("h5py", "h5py"), ("yaml", "PyYAML")])
@pytest.mark.parametrize("program", ["import trajvqa; trajvqa.train", "from trajvqa import train"])
def test_a_missing_package_is_named_with_how_to_get_it(module, package, program):
    run = without(module, program)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == f"ImportError: {MESSAGE.format(package)}"


@pytest.mark.parametrize(("module", "package"), [("torch", "torch"), ("h5py", "h5py"), ("yaml", "PyYAML")])
def test_the_program_reports_a_missing_package_in_one_line(module, package):
    words = ["trajvqa", "train", "small/both", "--data", "data", "-o", "run"]
    run = without(module, f"sys.argv = {words}; import runpy; runpy.run_module('trajvqa', run_name='__main__')")
    assert (run.returncode, run.stderr) == (1, f"trajvqa: error: {MESSAGE.format(package)}\n")


def test_the_help_of_the_program_needs_no_package():
    program = "sys.argv = ['trajvqa', '--help']; import runpy; runpy.run_module('trajvqa', run_name='__main__')"
    hidden = "; ".join(f"sys.modules[{name!r}] = None" for name in ("h5py", "yaml", "transformers", "av"))
    run = without("torch", f"{hidden}; {program}")
    assert (run.returncode, run.stderr) == (0, "")
    assert "predict" in run.stdout


def test_all_public_names_are_there_and_listed():
    import trajvqa

    assert all(getattr(trajvqa, name) is not None for name in trajvqa.__all__)
    assert set(trajvqa.__all__) <= set(dir(trajvqa))


def test_an_unknown_name_is_not_reported_as_a_missing_package():
    run = without("torch", "import trajvqa; trajvqa.trian")
    assert (
        run.stderr.splitlines()[-1]
        == "AttributeError: module 'trajvqa' has no attribute 'trian'. Did you mean: 'train'?"
    )


def without(module: str, program: str) -> subprocess.CompletedProcess[str]:
    command = f"import sys; sys.modules[{module!r}] = None; {program}"
    return subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)


@pytest.mark.parametrize(
    "program",
    ["import trajtrack, trajtrack.cli", "from trajtrack.cli import main; main(['link', 'a.txt', '-o', 'b.txt'])"],
)
def test_trajtrack_needs_only_numpy(program, tmp_path):
    (tmp_path / "a.txt").write_text("1,-1,0,0,10,10,0.9\n2,-1,0,0,10,10,0.9\n")
    heavy = {"torch", "transformers", "onnxruntime", "av", "PIL", "pyarrow", "matplotlib", "trajvqa", "h5py"}
    command = f"import sys\n{program}\nprint(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.splitlines()[-1] == "[]"
