"""Queries of an open viewer page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["colour_at", "texts", "wait_until"]


def wait_until(page: Page, condition: str) -> None:
    """Poll a condition; the page's security policy does not allow `wait_for_function`."""
    deadline = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"timed out waiting for {condition}"
        page.wait_for_timeout(20)


def _wait_until_drawn(page: Page) -> None:
    """Wait for what the last input changes, which the page draws in its next animation frame."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def texts(page: Page, selector: str) -> str:
    _wait_until_drawn(page)
    return page.locator(selector).inner_text()


def colour_at(page: Page, x: float, y: float) -> list[int]:
    """Return red, green and blue of the scene at a position in the image."""
    _wait_until_drawn(page)
    return page.evaluate(
        """([x, y]) => {
            const canvas = document.getElementById("scene");
            const ratio = canvas.width / canvas.clientWidth;
            const [left, top] = viewer.inWindow(x, y);
            return [...canvas.getContext("2d").getImageData(left * ratio, top * ratio, 1, 1).data].slice(0, 3);
        }""",
        [x, y],
    )
