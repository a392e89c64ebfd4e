"""Headless Firefox for the tests of the viewer's page, by WebDriver BiDi over a socket.

Playwright drives only the Firefox that it brings along; this drives the one of the system.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["FIREFOX", "Firefox", "headless_firefox"]

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
_SECONDS = 60


class Firefox:
    """A tab of a running Firefox."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._number = 0
        key = base64.b64encode(os.urandom(16)).decode()
        host = "{}:{}".format(*connection.getpeername()[:2])
        connection.sendall(
            f"GET /session HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while self._stream.readline() not in (b"\r\n", b""):
            pass
        self.command("session.new", capabilities={})
        self._tab = self.command("browsingContext.getTree")["contexts"][0]["context"]
        self.command("browsingContext.setViewport", context=self._tab, viewport={"width": 1280, "height": 800})

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        payload = json.dumps({"id": self._number, "method": method, "params": parameters}).encode()
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        size = struct.pack("!B", 128 + len(payload)) if len(payload) < 126 else struct.pack("!BH", 254, len(payload))
        self._connection.sendall(b"\x81" + size + mask + masked)
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def _message(self) -> bytes:
        """Return the next message, of one or several frames."""
        parts = []
        while True:
            first, second = self._stream.read(2)
            length = second & 0x7F
            if length > 125:
                kind = "!H" if length == 126 else "!Q"
                (length,) = struct.unpack(kind, self._stream.read(struct.calcsize(kind)))
            parts.append(self._stream.read(length))
            if first & 0x80:
                return b"".join(parts)

    def open(self, path: Path) -> None:
        """Open a viewer page and wait until it is ready."""
        self.command("browsingContext.navigate", context=self._tab, url=path.as_uri(), wait="complete")
        self.wait_until("document.documentElement.dataset.ready === ''")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, by way of JSON."""
        expression = f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))"
        target = {"context": self._tab}
        found = self.command("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def wait_until(self, condition: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not self.evaluate(condition):
            assert time.monotonic() < deadline, f"timed out waiting for {condition}"
            time.sleep(0.02)

    def close(self) -> None:
        self._stream.close()

    def screenshot(self) -> bytes:
        """Return the window as a PNG file."""
        return base64.b64decode(self.command("browsingContext.captureScreenshot", context=self._tab)["data"])


@contextmanager
def headless_firefox() -> Iterator[Firefox]:
    """Start Firefox and end it at the end of the context."""
    assert FIREFOX is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [FIREFOX, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        # A file, since a pipe that nobody reads fills up.
        messages = Path(profile, "messages.txt")
        with messages.open("wb") as file:
            process = subprocess.Popen(command, stderr=file, stdout=subprocess.DEVNULL)
        try:
            with socket.create_connection(_address(messages), _SECONDS) as connection:
                firefox = Firefox(connection)
                try:
                    yield firefox
                finally:
                    firefox.close()
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _address(messages: Path) -> tuple[str, int]:
    """Return host and port that Firefox says it listens on."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"ws://([\w.]+):(\d+)", messages.read_text(errors="replace"))
        if found is not None:
            return found[1], int(found[2])
        time.sleep(0.05)
    raise AssertionError(f"Firefox does not listen: {messages.read_text(errors='replace')}")
