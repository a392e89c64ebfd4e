"""Tests of README.md and docs/**/*.md: every example prints the output on the page, and every link has a target.

How examples are written and checked:

- ```` ```python ```` blocks run in page order, in one namespace and one initially empty folder per page. The output of
  a block is shown in a ```` ```text ```` block directly below it.
- ```` ```console ```` blocks contain commands, each after ``$ `` and followed by its output. If no output is shown, any
  output is accepted. A command must succeed unless ``$ echo $?`` follows. ``trajtrack``, ``trajvqa`` and ``head`` are
  run; the programs in `NOT_RUN` are not.
- ```` ```{eval-rst} ```` blocks are only for the documentation site, which inserts docstrings there.
- ``not-run`` after the language marks code of other tools, and code that needs a GPU or files that are missing here.
  Python must still parse. Indented code is forbidden: Markdown would show it as code, but these tests would miss it.
- ``real-data`` after the language marks examples that need the sequences in TRAJ_DATA. The folders of its data sets and
  their contents are linked into the page's folder under their own names.
- ``...`` in the shown output matches anything.

``python tests/docs/test_documentation.py [PAGE ...]`` writes the output of the examples into the pages.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import doctest
import importlib
import inspect
import io
import os
import pkgutil
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import trajtrack
from trajtrack.option_fields import documentation_of

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
SITE_PAGES = [PROJECT / "docs" / name for name in ("index.md", "contributing.md", "changelog.md")]
"""Pages that include pages of the project root in the site."""
OTHER_PAGES = [PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md"]
PACKAGES = ("trajtrack", "trajtrack.detect", "trajtrack.exports", "trajvqa")
PROGRAMS = {"trajtrack": "trajtrack.cli", "trajvqa": "trajvqa.cli"}
"""Modules with a `main`, imported on first use, so that other pages do not need torch."""
NOT_RUN = ("cd", "git", "make", "pip", "python")

_BLOCK = re.compile(r"^```([^`\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r"\s*^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", re.MULTILINE)
_INDENTED = re.compile(r"^\n {4,}\S.*", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Example:
    """A block of Python, or one command."""

    place: str
    line: int
    language: str
    needs_data: bool
    code: str
    shown: str | None
    """Output that the page shows; None if it shows none."""
    span: tuple[int, int]
    """Position in the page of the shown output, or of its insertion."""


def examples_of(page: Path) -> Iterator[Example]:
    text = page.read_text()
    for block in _BLOCK.finditer(text):
        language, *marks = block[1].split() or [""]
        line = text.count("\n", 0, block.start()) + 1
        place = f"{page.name}, line {line}"
        assert language in ("python", "console", "text", "{eval-rst}"), (
            f"{place}: found block of kind {block[1]!r}, expected python, console, text or {{eval-rst}}"
        )
        assert set(marks) <= {"real-data", "not-run"}, (
            f"{place}: found {block[1]!r}, expected the marks real-data or not-run"
        )
        if "not-run" in marks:
            assert language == "console" or ast.parse(block[2], place)
            continue
        if language == "python":
            output = _OUTPUT.match(text, block.end())
            shown, span = (output[1], output.span(1)) if output else (None, (block.end(), block.end()))
            yield Example(place, line, language, bool(marks), block[2], shown, span)
        elif language == "console":
            commands = list(_COMMAND.finditer(block[2]))
            assert commands, f"{place}: found a console block without a command"
            assert commands[0].start() == 0, f"{place}: found a console block that does not begin with a command"
            for command in commands:
                span = (block.start(2) + command.start(2), block.start(2) + command.end(2))
                yield Example(place, line, language, bool(marks), command[1], command[2] or None, span)


def run(page: Path, with_data: bool) -> Iterator[tuple[Example, str]]:
    """Run the examples of a page in the current folder; yield each with its output."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    code = 0
    for example in examples_of(page):
        if example.needs_data and not with_data:
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            if example.language == "python":
                lines = "\n" * example.line  # make tracebacks name the line of the page
                exec(compile(lines + example.code, page, "exec", dont_inherit=True), namespace)
            elif example.code == "echo $?":
                print(code)
                code = 0
            else:
                assert code == 0, f"{example.place}: the previous command failed with exit code {code}"
                code = _run_command(example)
        yield example, output.getvalue()
    assert code == 0, f"{page.name}: the last command failed with exit code {code}"


def _run_command(example: Example) -> int:
    program, *words = shlex.split(example.code)
    if program in PROGRAMS:
        try:
            return importlib.import_module(PROGRAMS[program]).main(words)
        except SystemExit as exit:
            return int(exit.code or 0)
    if program == "head":
        option, count, path = words
        assert option == "-n", f"{example.place}: found {example.code}, expected head -n COUNT FILE"
        print(*Path(path).read_text().splitlines()[: int(count)], sep="\n")
        return 0
    assert program in NOT_RUN, f"{example.place}: found program {program!r}, expected one of PROGRAMS or NOT_RUN"
    return 0


def is_shown(example: Example, printed: str) -> bool:
    if example.code.split()[0] in NOT_RUN and example.language == "console":
        return True
    if example.shown is None:
        return example.language == "console" or not printed
    shown, printed = (_without_trailing_blanks(text) for text in (example.shown, printed))
    return doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1)


def _without_trailing_blanks(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def check(page: Path, with_data: bool) -> None:
    for example, printed in run(page, with_data):
        if not is_shown(example, printed):
            pytest.fail(f"{example.place}:\n{example.code}\nshows:\n{example.shown or ''}\nprints:\n{printed}")


def link_data(data_dir: Path, folder: Path) -> None:
    """Link the folders of the data sets, and their contents, into the folder."""
    for entry in (*data_dir.glob("*/*"), *data_dir.glob("*/")):
        link = folder / entry.name
        if not link.exists():
            link.symlink_to(entry)


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")  # width of help texts


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_print_what_the_page_shows(page):
    check(page, with_data=False)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(each.needs_data for each in examples_of(page))], ids=lambda page: page.name
)
def test_the_examples_on_real_data_print_what_the_page_shows(page, data_dir, tmp_path):
    link_data(data_dir, tmp_path)
    check(page, with_data=True)


@pytest.mark.parametrize(
    "page",
    [
        "```python\nprint(1)\n```\n\n```text\n2\n```\n",
        "```python\nprint('shown nowhere')\n```\n",
        "```console\n$ trajtrack --version\ntrajtrack 0.0.0\n```\n",
    ],
    ids=["python", "not shown", "command"],
)
def test_a_page_that_shows_other_output_fails(page, tmp_path):
    path = tmp_path / "page.md"
    path.write_text(page)
    with pytest.raises(pytest.fail.Exception, match=r"page\.md, line 1"):
        check(path, with_data=False)


@pytest.mark.parametrize("page", PAGES + OTHER_PAGES, ids=lambda page: page.name)
def test_links_lead_to_existing_files_and_headings(page):
    if not (PROJECT / "docs").is_dir():
        pytest.skip("a source distribution has no docs")
    for target, file, heading in links_of(page):
        assert file.exists(), f"{page.name}: {target}: found no such file"
        if heading:
            assert heading in headings_of(file), f"{page.name}: {target}: found no such heading"


def links_of(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Yield the internal links of a page: target as written, file, and heading."""
    for target in _LINK.findall(_BLOCK.sub("", page.read_text())):
        if not target.startswith(("http://", "https://")):
            path, _, heading = target.partition("#")
            yield target, (page.parent / path).resolve() if path else page, heading


def headings_of(page: Path) -> set[str]:
    """Return the heading anchors of a page, as GitHub generates them."""
    text = _BLOCK.sub("", page.read_text())
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES + OTHER_PAGES, ids=lambda page: page.name)
def test_prose_has_lines_of_at_most_120_characters(page):
    prose = _BLOCK.sub("", page.read_text())
    long = [line for line in prose.splitlines() if len(line) > 120 and not line.startswith("|")]
    assert long == []


@pytest.mark.parametrize("page", PAGES + OTHER_PAGES, ids=lambda page: page.name)
def test_every_fence_belongs_to_a_block(page):
    assert "```" not in _BLOCK.sub("", page.read_text())


@pytest.mark.parametrize("page", PAGES + OTHER_PAGES, ids=lambda page: page.name)
def test_no_code_is_hidden_by_indentation(page):
    assert _INDENTED.findall(_BLOCK.sub("", page.read_text())) == []


def test_every_page_is_linked_from_the_readme():
    reached: set[Path] = set()
    ahead = [PROJECT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            ahead += [file for _, file, _ in links_of(page)]
    assert [page.name for page in PAGES if page not in reached and page not in SITE_PAGES] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_has_every_public_name(package):
    reference = PROJECT / "docs" / "reference"
    if not reference.exists():
        pytest.skip("a source distribution has no docs")
    text = "".join(page.read_text() for page in reference.glob("*.md"))
    shown = [pkgutil.resolve_name(name) for name in re.findall(r"^\.\. auto\w+:: ([\w.]+)", text, re.MULTILINE)]
    public = importlib.import_module(package)
    names = [name for name in public.__all__ if name != "__version__"]
    assert [name for name in names if not any(getattr(public, name) is each for each in shown)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_and_field_and_method_is_documented(package):
    public = importlib.import_module(package)
    bare = []
    for name in public.__all__:
        item = getattr(public, name)
        if not inspect.isclass(item):
            bare += [name] if callable(item) and not item.__doc__ else []
            continue
        body = ast.parse(inspect.getsource(item)).body[0].body
        fields = [
            statement.target.id
            for statement, next_one in pairwise([*body, ast.Pass()])
            if isinstance(statement, ast.AnnAssign) and not _is_docstring(next_one)
        ]
        declared = documentation_of(item) if dataclasses.is_dataclass(item) else {}
        fields = [field for field in fields if not declared.get(field)]
        methods = [each.name for each in body if isinstance(each, ast.FunctionDef) and not ast.get_docstring(each)]
        bare += [f"{name}.{member}" for member in fields + methods if not member.startswith("_")]
    assert bare == []


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_the_command_line_names_every_format():
    page = PROJECT / "docs" / "command-line.md"
    if not page.exists():
        pytest.skip("a source distribution has no docs")
    written = [name for name, format in trajtrack.FORMATS.items() if format.encode]
    for row, names in (("format of the inputs", list(trajtrack.FORMATS)), ("format to write", written)):
        (listed,) = re.findall(rf"\| {row}: (.*) \|$", page.read_text(), re.MULTILINE)
        assert re.findall(r"`(.+?)`", listed) == names


def test_the_pages_of_trajvqa_name_every_public_name_and_setting():
    import trajvqa

    pages = [PROJECT / "docs" / name for name in ("vqa.md", "vqa-model.md")]
    if not pages[0].exists():
        pytest.skip("a source distribution has no docs")
    text = "".join(page.read_text() for page in pages)
    names = list(trajvqa.__all__)
    for kind in (trajvqa.Experiment, trajvqa.ModelConfig, trajvqa.NegativesConfig, trajvqa.TrainingConfig):
        names += kind.__dataclass_fields__
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def update(page: Path) -> None:
    """Write the output of the examples into the page."""
    text = page.read_text()
    for example, printed in reversed(list(run(page, with_data=True))):
        if is_shown(example, printed):
            continue
        begin, end = example.span
        printed = _without_trailing_blanks(printed)
        if example.shown is None:
            printed = f"\n\n```text\n{printed}```"
        elif example.language == "console" and text[begin:end].endswith("\n\n"):
            printed += "\n"
        text = text[:begin] + printed + text[end:]
        print(f"{example.place}: changed")
    page.write_text(text)


if __name__ == "__main__":
    import tempfile

    sys.path.append(str(PROJECT / "tests"))
    from conftest import DATA

    os.environ["COLUMNS"] = "80"
    for chosen in [Path(word).resolve() for word in sys.argv[1:]] or PAGES:
        with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
            link_data(DATA, Path(name))
            update(chosen)
