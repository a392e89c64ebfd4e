"""Sphinx configuration; `make docs` builds the site from these pages and the docstrings."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch  # noqa: F401  (trajvqa imports it, which needs `typing` unpatched: see below)
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import trajtrack
from trajtrack.option_fields import documentation_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

project = "trajtrack"
author = "The trajtrack developers"
version = release = trajtrack.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "sphinx.ext.viewcode"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4  # the same anchors as on code hosts

default_role = "py:obj"  # `name` in a docstring links to that name, if it exists
add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
numpydoc_show_class_members = False
toc_object_entries = False  # each object has a heading, to which code hosts can link

html_theme = "furo"
html_title = f"trajtrack {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False

# Types of other packages, and names in docstrings that are not defined in the package, are not linked.
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:class", r"(np|os|nn|torch|collections\.abc|trajtrack\.overrides)\..*|[A-Z]\w*|optional|.* .*|\d"),
]

_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "trajtrack/reference.py": "reference/specification.md",
}
"""Files outside docs/, and their pages in the site."""


def _as_written(*_: Any, **__: Any) -> typing.NoReturn:
    """Make autodoc show types as written in the source: NDArray[np.float32] instead of its definition."""
    raise NameError


typing.get_type_hints = _as_written


def _document_options(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Show the fields of an option class, whose documentation is in their declarations."""
    if what == "class" and dataclasses.is_dataclass(obj):
        texts = documentation_of(obj)
        for field in dataclasses.fields(obj):
            if field.name in texts:
                facts = (f"   :type: {field.type}", f"   :value: {field.default!r}", "", f"   {texts[field.name]}", "")
                lines += [f".. attribute:: {field.name}", *facts]


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", _document_options)
    app.connect("source-read", _link_pages_of_the_site)
    app.connect("include-read", _link_pages_of_the_site)
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_visit_inline_math, None), block_renderers=(_visit_math_block, None)
    )


def _link_pages_of_the_site(app: Sphinx, page: str | Path, *parent_and_text: Any) -> None:
    """Rewrite links for the site, where README.md and similar files are beside the pages and not above docs/."""
    text: list[str] = parent_and_text[-1]
    is_above = str(page).startswith("..")
    for path, own in _PAGES.items():
        if is_above:
            text[0] = text[0].replace(f"]({path}", f"]({own}")
        else:
            text[0] = text[0].replace(f"](../{path}", f"]({own}").replace(f"](../../{path}", f"](../{own}")
    if is_above:
        text[0] = text[0].replace("](docs/", "](").replace("](examples/", "](../examples/")


def _visit_inline_math(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _visit_math_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(tex2mathml(node.astext(), as_block=True))
    raise nodes.SkipNode
