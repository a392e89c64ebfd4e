from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.chromium import headless_chromium
from trajtrack import Detections, Trajectories, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that writes and opens a page; fail if one logs an error or sends a request."""
    faults: list[str] = []
    contexts = []

    def open_page(
        tracks: Trajectories | Detections, /, *, dark: bool = False, width: int = 1280, **options: Any
    ) -> Page:
        path = tmp_path / "page.html"
        write_page(tracks, path, **options)
        expected = {path.as_uri()} if options.get("embed", True) else {path.as_uri(), options["images"].as_uri()}
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)

        def is_expected(url: str) -> bool:
            return url in expected or url.startswith("blob:")

        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: faults.append(f"request: {request.url}") if not is_expected(request.url) else None,
        )
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
