"""The GIF files that the page writes, as Pillow decodes them."""

from __future__ import annotations

import base64
import io
import re
from importlib import resources
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.browser
image = pytest.importorskip("PIL.Image")

ENCODE = """
({ pictures, width, height, delays, kept, most }) => {
    const images = pictures.map((bytes) => Uint8ClampedArray.from(atob(bytes), (c) => c.charCodeAt(0)));
    const palette = new Palette(images, kept, most);
    const file = new GifFile(width, height, palette.colours);
    images.forEach((pixels, k) => file.add(palette.indicesOf(pixels), delays[k]));
    return file.blob().arrayBuffer().then((buffer) => Array.from(new Uint8Array(buffer)));
}
"""


def modules(*names: str) -> str:
    """Return modules of the page's program as one script."""
    assets = resources.files("trajtrack.viewer").joinpath("assets")
    text = "\n".join(assets.joinpath(f"{name}.js").read_text("utf-8") for name in names)
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


@pytest.fixture
def encoded(browser):
    """Return a function that encodes RGB images as a GIF file in the browser."""
    page = browser.new_page()

    def encoded(images: Any, delays: Any = None, kept: Any = (), most: int = 255) -> bytes:
        images = np.asarray(images, np.uint8)
        count, height, width, _ = images.shape
        opaque = np.concatenate([images, np.full((count, height, width, 1), 255, np.uint8)], axis=3)
        given = {
            "pictures": [base64.b64encode(picture.tobytes()).decode() for picture in opaque],
            "width": width,
            "height": height,
            "delays": delays or [4] * count,
            "kept": list(kept),
            "most": most,
        }
        script = f"(given) => {{ {modules('palette', 'gif')}; return ({ENCODE})(given); }}"
        return bytes(page.evaluate(script, given))

    yield encoded
    page.close()


def frames_of(content: bytes) -> np.ndarray:
    gif, frames = image.open(io.BytesIO(content)), []
    for k in range(gif.n_frames):
        gif.seek(k)
        frames.append(np.asarray(gif.convert("RGB")))
    return np.stack(frames)


def noise(count: int, height: int, width: int, num_colours: int = 200) -> np.ndarray:
    """Return images of random pixels, of colours that are far apart."""
    rng = np.random.default_rng(3)
    cells = rng.choice(32**3, num_colours, replace=False)
    colours = np.stack([cells >> 10, cells >> 5 & 31, cells & 31], axis=1) * 8 + 3
    return colours[rng.integers(num_colours, size=(count, height, width))].astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (7, 5), (90, 120), (16, 300)])
def test_images_of_few_colours_are_decoded_as_they_were(encoded, height, width):
    images = noise(3, height, width)
    assert (frames_of(encoded(images)) == images).all()


@pytest.mark.parametrize("count", [*range(250, 262), 766, 767, 768, 3837, 3838, 3839, 3840, 3841])
def test_codes_grow_and_start_again_as_decoders_expect(encoded, count):
    images = noise(1, 1, count)
    assert (frames_of(encoded(images)) == images).all()


def test_an_image_of_one_colour_is_small(encoded):
    images = np.full((1, 300, 400, 3), 99)
    gif = encoded(images)
    assert (frames_of(gif) == images).all()
    assert len(gif) < 2500


def test_what_stays_as_it_was_takes_no_space(encoded):
    still = noise(1, 200, 200)
    images = np.repeat(still, 4, axis=0)
    images[2, 20:30, 40:50] = images[0, 50:60, 70:80]
    images[3] = images[2]
    gif = encoded(images)
    alone = len(encoded(still))
    assert (frames_of(gif) == images).all()
    assert len(gif) < alone + 500


def test_images_last_as_long_as_told_and_are_repeated(encoded):
    gif = image.open(io.BytesIO(encoded(noise(3, 4, 4), delays=[2, 50, 300])))
    durations = []
    for k in range(3):
        gif.seek(k)
        durations.append(gif.info["duration"])
    assert durations == [20, 500, 3000]
    assert gif.info["loop"] == 0


def test_many_colours_become_near_ones(encoded):
    y, x = np.mgrid[:120, :160]
    images = np.stack([x * 255 / 159, y * 255 / 119, 255 - (x + y) * 255 / 278], axis=2)[None]
    difference = np.abs(frames_of(encoded(images)).astype(int) - images.astype(np.uint8))
    assert difference.mean() < 6
    assert difference.max() < 40


def test_a_colour_of_few_pixels_stays_exact_if_told_to(encoded):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1, 100, 100, 3))
    images[0, 50, :4] = (250, 90, 60)
    kept = [[0, 250, 30], [250, 90, 60]]
    assert frames_of(encoded(images, kept=kept, most=32))[0, 50, :4].tolist() == [[250, 90, 60]] * 4
