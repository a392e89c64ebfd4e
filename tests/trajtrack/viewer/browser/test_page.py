"""The viewer's page in a real browser, opened from disk."""

from __future__ import annotations

import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from helpers.browser_pages import colour_at, texts, wait_until
from trajtrack import Detections, link, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LANE = 22  # height of a lane of the timeline in pixels
SCRIPT = "</script><script>document.title='run'</script>"


def walk(*starts: tuple[int, float], length: int = 20, **options: Any) -> Detections:
    """Return tracks of 40 x 80 boxes that move by 4 pixels per frame, from the given start frames and left edges."""
    columns = [
        (first + k, [left + 4 * k, 50, left + 4 * k + 40, 130], number)
        for number, (first, left) in enumerate(starts)
        for k in range(length)
    ]
    frames, boxes, ids = zip(*columns, strict=True)
    labels = options.pop("labels", [number % 2 for number in ids])
    scores = np.linspace(0.5, 1, len(frames))
    return Detections(boxes, scores, frames, labels, track_ids=ids, **options)


def click_image(page: Page, x: float, y: float) -> None:
    left, top = page.evaluate("([x, y]) => viewer.inWindow(x, y)", [x, y])
    page.locator("#scene").click(position={"x": left, "y": top})


def click_lane(page: Page, lane: int, x: float = 40) -> None:
    """Click a lane of the timeline: its name, or its bar at x."""
    page.locator("#bars").click(position={"x": x, "y": LANE * (lane + 0.5)})


def test_a_page_shows_its_title_and_summary(open_page):
    page = open_page(walk((0, 0), (5, 200)), title="Two <b>walkers</b> & more")
    assert page.title() == "Two <b>walkers</b> & more"
    assert texts(page, "h1") == "Two <b>walkers</b> & more"
    assert texts(page, "#summary") == "2 trajectories · 25 frames · 40 boxes"


def test_playback_advances_and_stops_at_the_end(open_page):
    page = open_page(walk((0, 0)), frame_rate=100)
    page.get_by_role("button", name="Play").click()
    wait_until(page, "document.getElementById('position').textContent === '19 / 19' && !viewer.playing")


def test_playing_again_at_the_end_starts_over(open_page):
    page = open_page(walk((0, 0)), frame_rate=1)
    page.keyboard.press("End")
    page.keyboard.press("Space")
    wait_until(page, "viewer.playing && viewer.frame === 0")


def test_the_scrubber_goes_to_a_frame(open_page):
    page = open_page(walk((0, 0)))
    page.get_by_role("slider", name="Frame").fill("12")
    wait_until(page, "document.getElementById('position').textContent === '12 / 19'")


def test_a_box_moves_with_the_frames(open_page):
    page = open_page(walk((0, 0)), size=(400, 300))
    empty = colour_at(page, 76, 90)
    page.evaluate("viewer.seek(19); viewer.draw()")
    assert colour_at(page, 76, 90) != empty  # the left edge of the box


def test_a_click_on_a_box_selects_its_trajectory(open_page):
    page = open_page(walk((0, 0), (0, 300)), size=(640, 360))
    click_image(page, 320, 90)
    details = texts(page, "#details")
    assert "Trajectory 1\n" in details
    assert "Frames\n0 to 19" in details
    assert "Detections\n20" in details
    assert "Gaps\nnone" in details
    assert "Trajectory 1, class 1, frames 0 to 19" in texts(page, "#announcement")


def test_a_click_outside_of_all_boxes_clears_the_selection(open_page):
    page = open_page(walk((0, 0)), size=(640, 360))
    click_image(page, 20, 90)
    click_image(page, 500, 300)
    assert page.evaluate("viewer.selected") is None


def test_a_second_click_selects_the_box_beneath(open_page):
    page = open_page(walk((0, 0), (0, 10)), size=(640, 360))
    chosen = set()
    for _ in range(2):
        click_image(page, 25, 90)
        chosen.add(page.evaluate("viewer.selected"))
    assert chosen == {"0", "1"}


def test_a_click_on_the_name_of_a_bar_goes_to_the_start_of_its_trajectory(open_page):
    page = open_page(walk((0, 0), (7, 200)))
    click_lane(page, 1)
    assert page.evaluate("[viewer.selected, viewer.frame]") == ["1", 7]


def test_a_click_on_a_bar_goes_to_the_frame_clicked(open_page):
    page = open_page(walk((0, 0), (7, 200)))
    left, right = page.evaluate("[viewer.timeline.x(12), viewer.timeline.x(13)]")
    click_lane(page, 1, (left + right) / 2)
    assert page.evaluate("[viewer.selected, viewer.frame]") == ["1", 12]


def test_dragging_moves_the_image_and_fitting_moves_it_back(open_page):
    page = open_page(walk((0, 0)), size=(640, 360))
    before = page.evaluate("viewer.inWindow(0, 0)")
    box = page.locator("#scene").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 350, box["y"] + 230, steps=5)
    page.mouse.up()
    assert page.evaluate("viewer.inWindow(0, 0)") == pytest.approx([before[0] + 50, before[1] + 30])
    page.keyboard.press("f")
    assert page.evaluate("viewer.inWindow(0, 0)") == pytest.approx(before)


def test_the_wheel_zooms_about_the_pointer(open_page):
    page = open_page(walk((0, 0)), size=(640, 360))
    box = page.locator("#scene").bounding_box()
    x, y = page.evaluate("viewer.inWindow(100, 100)")
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.wheel(0, -300)
    wait_until(page, "viewer.inWindow(101, 100)[0] - viewer.inWindow(100, 100)[0] > 1.9")
    assert page.evaluate("viewer.inWindow(100, 100)") == pytest.approx([x, y], abs=1)


@pytest.mark.parametrize(
    ("keys", "frame"),
    [
        (["ArrowRight"], 1),
        (["End"], 19),
        (["End", "ArrowLeft"], 18),
        (["Shift+ArrowRight"], 10),
        (["End", "Shift+ArrowLeft"], 9),
        (["End", "Home"], 0),
        (["ArrowLeft"], 0),
    ],
)
def test_keys_step_through_the_frames(open_page, keys, frame):
    page = open_page(walk((0, 0)))
    for key in keys:
        page.keyboard.press(key)
    assert page.evaluate("viewer.frame") == frame


def test_keys_select_trajectories_and_clear_the_selection(open_page):
    page = open_page(walk((0, 0), (3, 200)))
    chosen = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Escape"):
        page.keyboard.press(key)
        chosen.append(page.evaluate("viewer.selected"))
    assert chosen == ["0", "1", "0", None]


def test_a_trajectory_is_found_by_its_number(open_page):
    page = open_page(walk((0, 0), (3, 200)))
    page.keyboard.press("/")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    assert page.evaluate("[viewer.selected, viewer.frame]") == ["1", 3]


def test_an_unknown_number_is_reported(open_page):
    page = open_page(walk((0, 0)))
    page.keyboard.press("/")
    page.keyboard.type("77")
    page.keyboard.press("Enter")
    assert texts(page, "#search-answer") == "no trajectory 77"


def test_identities_of_64_bits_are_shown_to_the_last_digit(open_page):
    identity = 2**63 - 1
    page = open_page(Detections([[0, 0, 9, 9]], [1], [0], track_ids=[identity]))
    page.keyboard.press("ArrowDown")
    assert f"Trajectory {identity}" in texts(page, "#details")


def test_the_class_filter_hides_trajectories(open_page):
    page = open_page(walk((0, 0), (0, 300), label_names={0: "cat", 1: "dog"}), size=(640, 360))
    page.get_by_role("checkbox", name="cat").uncheck()
    assert texts(page, "#filter-count") == "1 of 2"
    click_image(page, 20, 90)
    assert page.evaluate("viewer.selected") is None
    click_lane(page, 0)
    assert page.evaluate("viewer.selected") == "1"


def test_the_filters_of_length_and_score_hide_trajectories_and_can_be_reset(open_page):
    long, short = walk((0, 0)), walk((0, 300), length=3)
    boxes = np.concatenate([long.boxes, short.boxes])
    scores = np.repeat([0.9, 0.8], [20, 3])
    frames = np.concatenate([long.frames, short.frames])
    page = open_page(Detections(boxes, scores, frames, track_ids=np.repeat([0, 1], [20, 3])))
    page.get_by_role("slider", name="Detections, at least").fill("4")
    assert texts(page, "#filter-count") == "1 of 2"
    page.get_by_role("button", name="Reset").click()
    assert texts(page, "#filter-count") == ""
    page.get_by_role("slider", name="Score, at least").fill("0.85")
    assert texts(page, "#filter-count") == "1 of 2"


def test_a_slider_at_its_end_filters_nothing_whatever_the_lowest_score(open_page):
    high, low = walk((0, 0)), walk((0, 300))
    boxes, frames = np.concatenate([high.boxes, low.boxes]), np.concatenate([high.frames, low.frames])
    scores = np.repeat([0.79, 0.7033], 20)  # the slider begins at 703 times 0.001, which is not 0.703
    page = open_page(Detections(boxes, scores, frames, track_ids=np.repeat([0, 1], 20)))
    assert texts(page, "#min-score-text") == "any"


def test_a_suppressed_detection_shows_by_which_trajectory_and_the_overlap(open_page):
    boxes = [[0, 0, 40, 80], [0, 0, 40, 80], [4, 0, 44, 80]]
    page = open_page(link(Detections(boxes, [0.9, 0.9, 0.5], [0, 1, 1]), method="seq-nms"), size=(640, 360))
    page.keyboard.press("u")
    page.keyboard.press("ArrowRight")
    click_image(page, 44, 40)
    assert "Suppressed by trajectory 0, overlap 0.82." in texts(page, "#details")
    page.get_by_role("button", name="trajectory 0", exact=True).click()
    assert page.evaluate("viewer.selected") == "0"


@pytest.mark.parametrize(
    ("options", "score", "text"),
    [
        ({"min_score": 0.5}, 0.4, "Score too low"),
        ({"min_length": 2}, 0.9, "Path too short"),
        ({}, -1.0, "Not positive"),
    ],
)
@pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")  # nothing is linked
def test_an_untracked_detection_shows_the_reason(open_page, options, score, text):
    page = open_page(link(Detections([[0, 0, 40, 80]], [score], [0]), method="seq-nms", **options), size=(640, 360))
    page.keyboard.press("u")
    click_image(page, 20, 40)
    assert text in texts(page, "#details")


def test_a_gap_is_shown_and_its_box_is_interpolated(open_page):
    page = open_page(Detections([[0, 0, 40, 80], [8, 0, 48, 80]], [1, 1], [0, 4], track_ids=[5, 5]), size=(640, 360))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    wait_until(page, "viewer.shown")
    details = texts(page, "#details")
    assert "Gaps\n1, 3 frames in total" in details
    assert "Interpolated from frame 0 to 4" in details
    assert "40 × 80 at 2, 0" in details


def test_class_names_are_text_and_never_run(open_page):
    names = {0: SCRIPT, 1: "<!-- <script>"}
    page = open_page(walk((0, 0), (0, 300), label_names=names), title="plain")
    assert [name.strip() for name in page.locator("#classes .name").all_inner_texts()] == [SCRIPT, "<!-- <script>"]
    page.keyboard.press("ArrowDown")
    assert SCRIPT in texts(page, "#details")
    assert page.title() == "plain"


def test_a_page_without_trajectories_says_so(open_page):
    page = open_page(link(Detections([], [], [])))
    assert texts(page, "#no-lanes") == "There are no trajectories."
    for key in ("Space", "ArrowRight", "ArrowDown", "u", "Enter", "End"):
        page.keyboard.press(key)
    assert texts(page, "#position") == "no frames"


def test_a_video_of_one_frame_is_shown(open_page):
    page = open_page(Detections([[0, 0, 40, 80]], [1], [0], track_ids=[3]))
    page.keyboard.press("ArrowDown")
    assert texts(page, "#position") == "0 / 0"
    assert page.get_by_role("button", name="Play").is_disabled()


def test_frames_may_be_far_apart(open_page):
    far = 10**9
    page = open_page(Detections([[0, 0, 9, 9]] * 2, [1, 1], [0, far], track_ids=[0, 1]))
    click_lane(page, 1)
    assert page.evaluate("[viewer.selected, viewer.frame]") == ["1", far]
    page.keyboard.press("ArrowLeft")
    wait_until(page, "viewer.shown")
    assert texts(page, "#position") == f"{far - 1} / {far}"


def test_boxes_outside_of_the_image_can_be_selected(open_page):
    page = open_page(Detections([[-300, -200, -260, -100]], [1], [0], track_ids=[0]), size=(640, 360))
    for _ in range(5):
        page.keyboard.press("-")
    click_image(page, -280, -150)
    assert page.evaluate("viewer.selected") == "0"


def test_the_theme_follows_the_system_and_can_be_switched(open_page):
    background = "getComputedStyle(document.body).backgroundColor"
    page = open_page(walk((0, 0)), dark=True)
    dark = page.evaluate(background)
    page.get_by_role("button", name="Light or dark").click()
    light = page.evaluate(background)
    assert max(map(int, dark[4:-1].split(","))) < 64 < 192 < min(map(int, light[4:-1].split(",")))
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(background) == dark


def test_colours_of_trajectories_are_the_same_in_both_themes(open_page):
    light = open_page(walk((0, 0)), size=(100, 150))
    dark = open_page(walk((0, 0)), size=(100, 150), dark=True)
    edge = (20, 50)
    assert colour_at(light, *edge) == colour_at(dark, *edge)


def test_the_help_opens_and_closes_by_key(open_page):
    page = open_page(walk((0, 0)))
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    assert page.evaluate("viewer.frame") == 0


def test_space_presses_the_button_that_has_the_focus(open_page):
    page = open_page(walk((0, 0)), frame_rate=1)
    page.get_by_role("button", name="One frame forward").focus()
    page.keyboard.press("Space")
    assert page.evaluate("[viewer.frame, viewer.playing]") == [1, False]


def test_all_controls_have_an_accessible_name(open_page):
    page = open_page(walk((0, 0), (0, 200)))
    page.keyboard.press("ArrowDown")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select")].filter((element) =>
            !element.getAttribute("aria-label") && !element.innerText.trim() && !element.labels?.length
        ).map((element) => element.outerHTML)"""
    )
    assert unnamed == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(open_page, width):
    page = open_page(walk((0, 0), (0, 200)), width=width, title="A title that is longer than any window " * 5)
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_images_are_shown_behind_the_boxes(open_page, tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "images"
    folder.mkdir()
    for number, colour in enumerate([(200, 0, 0), (0, 0, 200)], start=1):
        image.new("RGB", (320, 240), colour).save(folder / f"{number:06}.png")
    page = open_page(walk((0, 0), length=3), images=folder)
    seen = []
    for frame in range(3):
        page.evaluate("(frame) => viewer.seek(frame)", frame)
        wait_until(page, "viewer.shown")
        seen.append((colour_at(page, 300, 200), page.locator("#notice").is_visible()))
    assert seen == [([200, 0, 0], False), ([0, 0, 200], False), (seen[2][0], True)]
    assert texts(page, "#notice") == "This frame has no image"


def test_an_image_that_arrives_in_pieces_is_shown_once_it_is_whole(browser, tmp_path):
    image = pytest.importorskip("PIL.Image")
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    (tmp_path / "images").mkdir()
    image.fromarray(noise).save(tmp_path / "images" / "1.png")
    write_page(walk((0, 0), length=1), tmp_path / "page.html", images=tmp_path / "images")
    content = (tmp_path / "page.html").read_bytes()
    middle = content.index(b'id="image-0"') + 100_000
    may_end = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content[:middle])
            may_end.wait(60)
            self.wfile.write(content[middle:])

        def log_message(self, format: str, *values: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/", wait_until="commit")
        page.wait_for_function("document.getElementById('image-0')?.textContent.length > 50000")
        page.evaluate("viewer.seek(0)")
        may_end.set()
        wait_until(page, "document.readyState === 'complete' && viewer.shown")
        assert not page.locator("#notice").is_visible()
        page.close()
        server.shutdown()


def test_boxes_refer_to_the_original_size_of_scaled_images(open_page, tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "images"
    folder.mkdir()
    image.new("RGB", (640, 480), (0, 120, 0)).save(folder / "1.png")
    page = open_page(walk((0, 0), length=1), images=folder, max_width=64)
    wait_until(page, "viewer.shown")
    assert colour_at(page, 630, 470) == pytest.approx([0, 120, 0], abs=3)
    click_image(page, 20, 90)
    assert page.evaluate("viewer.selected") == "0"


def test_a_page_of_two_hundred_thousand_boxes_opens_and_plays(open_page):
    num_frames, num_tracks = 2000, 100
    ids, frames = np.divmod(np.arange(num_frames * num_tracks), num_frames)
    x = 400 + 300 * np.sin(frames / 100 + ids)
    y = 5.0 * ids
    boxes = np.stack([x, y, x + 20, y + 30], axis=1)
    page = open_page(Detections(boxes, np.ones(len(ids)), frames, track_ids=ids))
    assert texts(page, "#summary") == "100 trajectories · 2,000 frames · 200,000 boxes"
    page.keyboard.press("Space")
    wait_until(page, "viewer.frame > 5")
    click_lane(page, 2)
    assert page.evaluate("viewer.selected") == "2"


def test_the_timeline_scrolls_to_the_selected_trajectory(open_page):
    page = open_page(walk(*((0, 10.0 * k) for k in range(200)), length=2))
    page.evaluate("viewer.select(150)")
    top = page.evaluate("document.getElementById('lanes').scrollTop")
    height = page.evaluate("document.getElementById('lanes').clientHeight")
    assert top <= 150 * LANE <= top + height - LANE
    assert math.isfinite(top)


def test_a_link_leads_to_a_frame_and_a_selection(open_page):
    page = open_page(walk((0, 0), (3, 200)))
    page.evaluate("viewer.select(1); viewer.seek(9)")
    wait_until(page, "location.hash === '#frame=9&track=1'")
    page.evaluate("location.hash = '#frame=4&track=0'")
    wait_until(page, "viewer.frame === 4 && viewer.selected === '0'")


@pytest.mark.parametrize("link", ["#frame=x", "#frame=-1&track=no", "#track=<b>", "#row=99999"])
def test_a_link_to_nothing_is_ignored(open_page, link):
    page = open_page(walk((0, 0)))
    page.evaluate("(link) => (location.hash = link)", link)
    page.wait_for_timeout(50)
    assert page.evaluate("[viewer.frame, viewer.selected]") == [0, None]


def test_lanes_are_sorted_by_length(open_page):
    long, short = walk((5, 0)), walk((0, 300), length=3)
    boxes, frames = np.concatenate([long.boxes, short.boxes]), np.concatenate([long.frames, short.frames])
    page = open_page(Detections(boxes, np.ones(23), frames, track_ids=np.repeat([0, 1], [20, 3])))
    click_lane(page, 0)
    assert page.evaluate("viewer.selected") == "1"
    page.locator("#lane-order").select_option("length")
    click_lane(page, 0)
    assert page.evaluate("viewer.selected") == "0"


def test_the_timeline_zooms_about_the_frame_and_shows_the_whole_video_again(open_page):
    page = open_page(walk((0, 0), length=100))
    page.evaluate("viewer.seek(50)")
    page.keyboard.press("z")
    assert page.evaluate("[viewer.timeline.from, viewer.timeline.span]") == [25.25, 50]
    page.keyboard.press("0")
    assert page.evaluate("[viewer.timeline.from, viewer.timeline.span]") == [0, 100]


def test_frame_numbers_of_the_timeline_are_not_cut_off(open_page):
    page = open_page(Detections([[0, 0, 9, 9]], [1], [1_000_000], track_ids=[0]), width=390)
    numbers = page.evaluate(
        """() => {
          const { timeline } = viewer, context = timeline.ruler.getContext("2d"), numbers = [];
          context.fillText = (text, x) => {
            if (context.textAlign === "center") numbers.push([text, x + context.measureText(text).width / 2]);
          };
          timeline.drawRuler({});
          return { numbers, width: timeline.width };
        }"""
    )
    assert numbers["numbers"][-1][0] == "1000000"
    assert max(right for _, right in numbers["numbers"]) < numbers["width"]


def test_the_timeline_is_resized_by_key(open_page):
    page = open_page(walk((0, 0)))
    before = page.locator("#timeline").bounding_box()["height"]
    page.locator("#splitter").focus()
    page.keyboard.press("ArrowUp")
    assert page.locator("#timeline").bounding_box()["height"] == pytest.approx(before + 24, abs=1)


def test_boxes_without_classes_show_none(open_page):
    page = open_page(walk((0, 0), labels=[0] * 20))
    page.keyboard.press("ArrowDown")
    assert "lass" not in texts(page, "#details") + texts(page, "#announcement")


def test_the_picture_is_saved_as_a_png_file(open_page):
    page = open_page(walk((0, 0)), title="A/B <b>")
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.suggested_filename == "A-B -b- 0.png"


def test_a_trajectory_shows_crops_of_its_images(open_page, tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        image.new("RGB", (320, 240), (9, 99, 9)).save(folder / f"{number}.png")
    page = open_page(walk((0, 0), length=3), images=folder)
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Go to frame 2").click()
    assert page.evaluate("viewer.frame") == 2


def shortened_truth() -> tuple[Detections, Detections]:
    """Return a true object, and tracks that miss its last frame, switch in frame 10, and have a false box."""
    truth = walk((0, 0))
    boxes = [*truth.boxes[:19], [500, 50, 540, 130]]
    frames, ids = [*range(19), 4], [0] * 10 + [1] * 9 + [2]
    return truth, Detections(boxes, np.ones(20), frames, track_ids=ids)


def test_errors_against_the_truth_are_listed_and_jumped_to(open_page):
    pytest.importorskip("trackeval")
    truth, tracks = shortened_truth()
    page = open_page(tracks, truth=truth, class_agnostic=True, size=(640, 360))
    assert page.locator(".errors li").all_inner_texts() == [
        "4\ntrajectory 2 false",
        "10\nobject 0: 0 → 1",
        "19\nobject 0 missed",
    ]
    frames = []
    for key in "nnnp":
        page.keyboard.press(key)
        frames.append(page.evaluate("viewer.frame"))
    assert frames == [4, 10, 19, 10]
    page.get_by_role("button", name="object 0 missed").click()
    assert page.evaluate("viewer.frame") == 19
    assert "True object 0" in texts(page, "#details")
    assert "Missed" in texts(page, "#details")


def test_the_metrics_are_those_of_the_evaluation(open_page):
    trajtrack_metrics = pytest.importorskip("trajtrack.metrics")
    pytest.importorskip("trackeval")
    truth, tracks = shortened_truth()
    metrics = trajtrack_metrics.evaluate(truth, tracks, class_agnostic=True)
    page = open_page(tracks, truth=truth, class_agnostic=True)
    rows = dict(row.split("\t") for row in page.locator(".metrics tbody tr").all_inner_texts())
    assert (rows["HOTA"], rows["MOTA"]) == (f"{100 * metrics.hota:.1f}", f"{100 * metrics.mota:.1f}")
    assert (rows["Missed boxes"], rows["False boxes"], rows["Switches"]) == ("1", "1", "1")


LANES = "viewer.timeline.lanes.map((track) => viewer.timeline.content.shortName(track))"


def test_the_lane_of_a_true_object_is_below_that_of_the_trajectory_that_finds_it(open_page):
    pytest.importorskip("trackeval")
    tracks = walk((0, 0), (0, 200), (0, 400), labels=[0] * 60)
    truth = walk((0, 900), (0, 400), (0, 0), labels=[0] * 60)
    page = open_page(tracks, truth=truth, class_agnostic=True)
    assert page.evaluate(LANES) == ["0", "GT 2", "1", "2", "GT 1", "GT 0"]
    page.locator("#lane-source").select_option("1")
    assert page.evaluate(LANES) == ["GT 0", "GT 1", "GT 2"]


def test_true_objects_are_below_trajectories_of_the_result_whose_errors_are_listed(open_page):
    pytest.importorskip("trackeval")
    names = ["a result with a long name", "another result with a long name"]
    left, right = walk((0, 900)), walk((0, 0), (0, 300), labels=[0] * 40)
    page = open_page(left, beside=right, truth=walk((0, 0)), class_agnostic=True, names=names)
    heads = page.locator(".metrics thead button")
    assert page.evaluate(LANES) == ["A 0", "B 0", "B 1", "GT 0"]
    heads.nth(1).click()
    assert page.evaluate(LANES) == ["A 0", "B 0", "GT 0", "B 1"]
    assert [box["height"] < 24 for box in (heads.nth(0).bounding_box(), heads.nth(1).bounding_box())] == [True, True]


def test_two_results_are_shown_side_by_side(open_page):
    page = open_page(walk((0, 0)), beside=walk((0, 300)), names=["first", "<b>second"], size=(640, 360))
    assert page.locator(".pane-name").all_inner_texts() == ["A first", "B <b>second"]
    left, top = page.evaluate("viewer.inWindow(320, 90)")
    page.locator("#scene-beside").click(position={"x": left, "y": top})
    assert "Trajectory B 0" in texts(page, "#details")
    page.locator("#scene").click(position={"x": left, "y": top})
    assert page.evaluate("viewer.selected") is None
