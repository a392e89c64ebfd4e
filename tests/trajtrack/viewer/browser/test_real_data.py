"""The viewer's pages of real videos in a real browser."""

from __future__ import annotations

import pytest

from helpers.browser_pages import colour_at, texts, wait_until
from trajtrack import link, read

pytestmark = [pytest.mark.browser, pytest.mark.real_data]

VIDVRD_VIDEO = "VidVRD-dataset/test/ILSVRC2015_train_00040024.json"
COLOURS_SHOWN = """() => {
    const canvas = document.getElementById("scene");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
}"""


def test_mot17_04_has_a_bar_for_each_trajectory(open_page, data_dir):
    tracks = link(read(data_dir / "mot17/MOT17-04/det/det.txt"), min_score=0.5, min_length=5)
    page = open_page(tracks, size=(1920, 1080))
    assert texts(page, "#summary").startswith(f"{len(tracks)} trajectories · 1,050 frames · ")
    wait_until(page, "viewer.shown")
    assert page.evaluate(COLOURS_SHOWN) > 20


def test_tud_campus_is_shown_over_its_images(open_page, data_dir):
    image = pytest.importorskip("PIL.Image")
    folder = data_dir / "mot15/TUD-Campus"
    tracks = link(read(folder / "det/det_public_ACF.txt"), min_length=5)
    page = open_page(tracks, images=folder / "img1")
    assert texts(page, "#summary").startswith(f"{len(tracks)} trajectories · 71 frames · ")
    page.evaluate("viewer.seek(30)")
    wait_until(page, "viewer.shown")
    assert page.evaluate(COLOURS_SHOWN) > 1000
    with image.open(folder / "img1/000031.jpg") as image:
        assert colour_at(page, 600, 20) == pytest.approx(image.convert("RGB").getpixel((600, 20)), abs=24)


def test_a_vidvrd_video_shows_the_names_of_its_classes(open_page, data_dir):
    tracks = read(data_dir / "vidvrd/VidVRD-dataset.zip" / VIDVRD_VIDEO)
    page = open_page(tracks)
    assert texts(page, "#summary").startswith("6 trajectories · ")
    names = [name.strip() for name in page.locator("#classes .name").all_inner_texts()]
    assert sorted(names) == ["motorcycle", "person"]
    page.evaluate("viewer.select(2)")
    assert any(name in texts(page, "#details") for name in names)
    wait_until(page, "viewer.shown")
    assert page.evaluate(COLOURS_SHOWN) > 20
