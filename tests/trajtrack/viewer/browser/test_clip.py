"""Clips that the page saves: what the scene shows, over a range of frames."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from helpers.browser_pages import texts, wait_until
from trajtrack import Detections

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
image = pytest.importorskip("PIL.Image")

SCENE = """() => {
    const { width, height } = document.getElementById("scene");
    const pixels = document.getElementById("scene").getContext("2d").getImageData(0, 0, width, height).data;
    return [width, height, btoa(Array.from(pixels, (value) => String.fromCharCode(value)).join(""))];
}"""
SPLIT = 40  # a frame between the two trajectories


def two_walks(num_frames: int = 100) -> Detections:
    """Return a track until a frame, and one from there on."""
    frames = np.arange(num_frames)
    left = 20 + frames % 50 * 4
    boxes = np.stack([left, np.full(num_frames, 50), left + 60, np.full(num_frames, 130)], axis=1)
    return Detections(boxes, np.ones(num_frames), frames, track_ids=(frames >= SPLIT).astype(int))


def save_clip(page: Page, first: int, last: int, kind: str = "GIF") -> tuple[str, bytes]:
    """Save a clip; return the name and the content of the file."""
    page.keyboard.press("c")
    page.get_by_label("First frame of the clip").fill(str(first))
    page.get_by_label("Last frame of the clip").fill(str(last))
    page.get_by_label("Format").select_option(label=kind)
    with page.expect_download(timeout=60_000) as download:
        page.locator("#clip-submit").click()
    wait_until(page, "document.getElementById('clip-progress').hidden")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def scene_of(page: Page, frame: int) -> np.ndarray:
    """Return the pixels that the scene shows of a frame."""
    page.evaluate("(frame) => { viewer.seek(frame); viewer.draw(); }", frame)
    wait_until(page, "viewer.shown")
    width, height, pixels = page.evaluate(SCENE)
    return np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)[:, :, :3].astype(int)


def images_of(content: bytes) -> tuple[list[np.ndarray], list[int]]:
    """Return the images of a GIF file and their durations in milliseconds."""
    gif, images, durations = image.open(io.BytesIO(content)), [], []
    for k in range(gif.n_frames):
        gif.seek(k)
        images.append(np.asarray(gif.convert("RGB")).astype(int))
        durations.append(gif.info["duration"])
    return images, durations


def range_of(page: Page) -> list[int]:
    return [int(page.get_by_label(f"{end} frame of the clip").input_value()) for end in ("First", "Last")]


def test_a_gif_has_the_frames_of_the_range_as_the_scene_shows_them(open_page):
    page = open_page(two_walks(), size=(640, 360), title="Street", width=1000)
    page.evaluate("viewer.select(0)")
    page.keyboard.press("+")
    name, content = save_clip(page, 30, 49)
    images, durations = images_of(content)
    assert (name, len(images), durations) == ("Street 30-49.gif", 20, [40] * 20)
    page.keyboard.press("Escape")
    for k in (0, 10, 19):
        expected = scene_of(page, 30 + k)
        difference = np.abs(images[k] - expected[: images[k].shape[0], : images[k].shape[1]])
        assert (difference.max(axis=2) > 16).mean() < 0.001
        assert difference.mean() < 1


def test_a_clip_shows_images_in_near_colours(open_page, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    y, x = np.mgrid[:240, :320]
    for number in range(6):
        pixels = np.stack([x * 0.7, y, 40 * number + 0 * x], axis=2).astype(np.uint8)
        image.fromarray(pixels).save(folder / f"{number}.png")
    page = open_page(two_walks(6), images=folder, width=1000)
    images, _ = images_of(save_clip(page, 0, 5)[1])
    page.keyboard.press("Escape")
    for k in (0, 3, 5):
        expected = scene_of(page, k)
        assert np.abs(images[k] - expected[: images[k].shape[0], : images[k].shape[1]]).mean() < 6


def test_a_wide_window_gives_a_gif_of_at_most_800_pixels(open_page):
    page = open_page(two_walks(), size=(640, 360), width=1600)
    assert image.open(io.BytesIO(save_clip(page, 0, 1)[1])).width == 800


def test_two_results_are_beside_each_other_in_a_clip(open_page):
    page = open_page(two_walks(), beside=two_walks(), size=(640, 360), width=1000)
    (left, *_), _ = images_of(save_clip(page, 0, 1)[1])
    half = left.shape[1] // 2
    coloured = np.ptp(left, axis=2) > 60
    assert coloured[:, :half].any()
    assert coloured[:, half:].any()


def test_a_gif_lasts_as_long_as_its_frames_do(open_page):
    page = open_page(two_walks(), size=(640, 360), frame_rate=30)
    _, durations = images_of(save_clip(page, 10, 39)[1])
    assert sum(durations) == 1000
    assert set(durations) == {30, 40}


def test_a_clip_begins_as_the_frames_of_the_selected_trajectory(open_page):
    page = open_page(two_walks())
    page.evaluate("viewer.select(1)")
    page.get_by_role("button", name="Save a clip").click()
    assert range_of(page) == [SPLIT, 99]


def test_without_a_selection_a_clip_begins_as_the_frames_of_the_timeline(open_page):
    page = open_page(two_walks())
    page.evaluate("viewer.seek(50)")
    page.keyboard.press("z")
    page.keyboard.press("c")
    assert range_of(page) == [25, 75]
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    page.keyboard.press("c")
    assert range_of(page) == [0, 99]


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("20", "10", "Expected two frames in order, from 0 to 1999."),
        ("0", "2000", "Expected two frames in order, from 0 to 1999."),
        ("", "5", "Expected two frames in order, from 0 to 1999."),
        ("0", "1.5", "Expected two frames in order, from 0 to 1999."),
        ("0", "1500", "1,501 frames, 60.0 s. A GIF can have at most 1,500 frames: choose a shorter range."),
    ],
)
def test_a_range_that_is_none_or_too_long_is_refused(open_page, first, last, message):
    page = open_page(two_walks(2000))
    page.keyboard.press("c")
    page.get_by_label("First frame of the clip").fill(first)
    page.get_by_label("Last frame of the clip").fill(last)
    assert texts(page, "#clip-note") == message
    assert page.locator("#clip-submit").is_disabled()


def test_a_long_video_is_refused(open_page):
    page = open_page(two_walks(), frame_rate=0.25)
    page.keyboard.press("c")
    page.get_by_label("Format").select_option(label="WebM")
    assert texts(page, "#clip-note") == "100 frames, 400.0 s. A video can have at most 300 s: choose a shorter range."


def test_a_long_gif_shows_some_of_its_frames_and_says_so(open_page):
    page = open_page(two_walks(2000), size=(64, 36), width=600)
    page.keyboard.press("c")
    page.get_by_label("First frame of the clip").fill("0")
    page.get_by_label("Last frame of the clip").fill("306")
    assert texts(page, "#clip-note") == "307 frames, 12.3 s. The clip shows one in 2 of them."
    page.keyboard.press("Escape")
    images, durations = images_of(save_clip(page, 0, 306)[1])
    assert len(images) == 154
    assert durations == [80] * 153 + [40]
    assert texts(page, "#clip-note").startswith("Saved Trajectories 0-306.gif: 154 images, ")


def test_frames_that_follow_faster_than_browsers_show_them_are_left_out(open_page):
    page = open_page(two_walks(), size=(640, 360), frame_rate=200)
    _, durations = images_of(save_clip(page, 0, 39)[1])
    assert durations == [20] * 10


def test_escape_stops_saving_and_the_page_is_as_before(open_page):
    page = open_page(two_walks(), size=(640, 360))
    page.evaluate("viewer.seek(7)")
    downloads: list[Any] = []
    page.on("download", lambda download: downloads.append(download))
    page.keyboard.press("c")
    page.locator("#clip-submit").click()
    wait_until(page, "document.getElementById('clip-progress').value > 0.1")
    page.keyboard.press("Escape")
    wait_until(page, "document.getElementById('clip-progress').hidden")
    assert texts(page, "#clip-note") == "Cancelled. Nothing was saved."
    assert page.locator("#clip").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#clip").is_visible()
    assert page.evaluate("viewer.frame") == 7
    assert downloads == []


def test_keys_of_the_page_do_nothing_while_the_dialogue_is_open(open_page):
    page = open_page(two_walks())
    page.keyboard.press("c")
    page.locator("#clip-close").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("viewer.frame") == 0


@pytest.mark.parametrize(("kind", "codec"), [("MP4", "h264"), ("WebM", "vp")])
def test_a_video_is_recorded_in_real_time(open_page, kind, codec):
    av = pytest.importorskip("av")
    page = open_page(two_walks(), size=(640, 360), frame_rate=10, width=700)
    page.keyboard.press("c")
    if kind not in page.locator("#clip-kind option").all_inner_texts():
        pytest.skip(f"this Chromium cannot record {kind}")
    page.keyboard.press("Escape")
    name, content = save_clip(page, 10, 29, kind)
    assert name == f"Trajectories 10-29.{kind.lower()}"
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.codec_context.name.startswith(codec)
    # A busy machine may miss frames and take longer, and never shows them for less time than they are due.
    assert len(frames) > 1
    assert frames[-1].time - frames[0].time > 0.8 * 1.9
    last = frames[-1].to_ndarray(format="rgb24").astype(int)
    page.keyboard.press("Escape")
    expected = scene_of(page, 29)[: last.shape[0], : last.shape[1]]
    assert np.abs(last - expected).mean() < 5


def test_a_page_without_frames_has_no_clip(open_page):
    page = open_page(Detections([], [], [], track_ids=[]))
    page.keyboard.press("c")
    assert not page.locator("#clip").is_visible()
    assert page.get_by_role("button", name="Save a clip").is_disabled()
