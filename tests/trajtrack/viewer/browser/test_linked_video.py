"""A page that plays a video file beside it."""

from __future__ import annotations

import pytest

from helpers.browser_pages import texts, wait_until
from helpers.coded_videos import NUM_FRAMES, VARYING, frame_in, one_track, write_coded_video

pytestmark = pytest.mark.browser
pytest.importorskip("av")


def shown_frame(page):
    wait_until(page, "viewer.shown")
    page.wait_for_timeout(50)  # until the canvas is in the window
    return frame_in(page.screenshot(), page.evaluate)


@pytest.mark.parametrize("times", [None, VARYING], ids=["constant", "varying and late"])
@pytest.mark.parametrize("name", ["video.mp4", "a video#1.webm"])
def test_boxes_are_over_the_frame_that_they_belong_to(open_page, tmp_path, name, times):
    page = open_page(one_track(), images=write_coded_video(tmp_path / name, times), embed=False)
    seen = {}
    for frame in (17, 0, 39, 38, 5, 6, 31):
        page.evaluate("(frame) => viewer.seek(frame)", frame)
        seen[frame] = shown_frame(page)
    assert seen == {frame: frame for frame in seen}


def test_the_playing_video_sets_the_pace_and_stops_at_the_frame_shown(open_page, tmp_path):
    page = open_page(one_track(), images=write_coded_video(tmp_path / "video.mp4"), embed=False)
    wait_until(page, "viewer.shown")
    page.locator("#speed").select_option("0.5")
    page.keyboard.press(" ")
    wait_until(page, "viewer.frame >= 10")
    page.keyboard.press(" ")
    frame = page.evaluate("viewer.frame")
    assert 10 <= frame < NUM_FRAMES - 1
    assert shown_frame(page) == frame
    page.keyboard.press(" ")
    wait_until(page, f"viewer.frame === {NUM_FRAMES - 1} && !viewer.playing")


def test_frames_after_the_end_of_the_video_have_no_image(open_page, tmp_path):
    tracks = one_track()
    page = open_page(
        type(tracks)([*tracks.boxes, [0, 0, 9, 9]], [*tracks.scores, 1], [*tracks.frames, 50], track_ids=[0] * 41),
        images=write_coded_video(tmp_path / "video.mp4"),
        embed=False,
    )
    page.keyboard.press("End")
    wait_until(page, "viewer.shown")
    assert texts(page, "#notice") == "This frame has no image"
    page.evaluate("viewer.seek(35)")
    assert shown_frame(page) == 35


def test_crops_are_cut_from_the_video(open_page, tmp_path):
    page = open_page(one_track(), images=write_coded_video(tmp_path / "video.mp4"), embed=False)
    page.evaluate("viewer.select(0)")
    wait_until(
        page, "[...document.querySelectorAll('.crops canvas')].filter(({ height }) => height === 76).length === 6"
    )


def test_a_video_that_is_not_there_is_asked_for(browser, tmp_path):
    from trajtrack import write_page

    video = write_coded_video(tmp_path / "video.mp4")
    write_page(one_track(), tmp_path / "page.html", images=video, embed=False)
    elsewhere = video.rename(tmp_path / "elsewhere.mp4")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((tmp_path / "page.html").as_uri())
    page.locator("#video-fault").wait_for()
    assert texts(page, "#video-fault").split("\n") == ["The browser cannot open video.mp4", "Choose the file"]
    with page.expect_file_chooser() as chooser:
        page.locator("#video-choose").click()
    chooser.value.set_files(elsewhere)
    page.evaluate("viewer.seek(21)")
    assert shown_frame(page) == 21
    assert page.locator("#video-fault").is_hidden()
    page.close()


def test_a_picture_can_be_saved_once_the_file_was_chosen(open_page, tmp_path):
    video = write_coded_video(tmp_path / "video.mp4")
    page = open_page(one_track(), images=video, embed=False, title="Street")
    page.evaluate("viewer.seek(3)")
    wait_until(page, "viewer.shown")
    page.keyboard.press("s")
    page.locator("#video-fault").wait_for()
    with page.expect_file_chooser() as chooser:
        page.locator("#video-choose").click()
    chooser.value.set_files(video)
    wait_until(page, "viewer.shown")
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.suggested_filename == "Street 3.png"


def test_a_clip_has_the_frames_of_the_video_once_the_file_was_chosen(open_page, tmp_path):
    image = pytest.importorskip("PIL.Image")
    video = write_coded_video(tmp_path / "video.mp4", VARYING)
    page = open_page(one_track(), images=video, embed=False, width=1000)
    wait_until(page, "viewer.shown")
    page.keyboard.press("c")
    page.locator("#clip-submit").click()
    page.locator("#video-fault").wait_for()
    assert not page.locator("#clip").is_visible()
    with page.expect_file_chooser() as chooser:
        page.locator("#video-choose").click()
    chooser.value.set_files(video)
    wait_until(page, "viewer.shown")
    page.keyboard.press("c")
    page.get_by_label("First frame of the clip").fill("5")
    page.get_by_label("Last frame of the clip").fill("16")
    with page.expect_download() as download:
        page.locator("#clip-submit").click()
    points = [page.evaluate("(x) => viewer.inWindow(x, 90)", 20 * digit + 10) for digit in range(8)]
    frames, durations = [], []
    with image.open(download.value.path()) as gif:
        for k in range(gif.n_frames):
            gif.seek(k)
            grey = gif.convert("L")
            bright = [grey.getpixel((round(x), round(y))) > 128 for x, y in points]
            frames.append(sum(bit << digit for digit, bit in enumerate(bright)))
            durations.append(gif.info["duration"])
    assert frames == list(range(5, 17))
    assert durations == [40, 500, 20, 120] * 3
