"""What an open page of the viewer shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["colour_at", "texts", "wait_until"]


def wait_until(page: Page, condition: str) -> None:
    """Ask from outside: the page's policy forbids it to evaluate what it is given."""
    deadline = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"waited in vain for {condition}"
        page.wait_for_timeout(20)


def texts(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


def colour_at(page: Page, x: float, y: float) -> list[int]:
    """Return red, green and blue that the scene shows at a place in the image."""
    return page.evaluate(
        """([x, y]) => {
            const canvas = document.getElementById("scene");
            const ratio = canvas.width / canvas.clientWidth;
            const [left, top] = viewer.inWindow(x, y);
            return [...canvas.getContext("2d").getImageData(left * ratio, top * ratio, 1, 1).data].slice(0, 3);
        }""",
        [x, y],
    )
