"""The viewer's page in the Firefox of the system."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest

from helpers.coded_videos import VARYING, frame_in, one_track, write_coded_video
from helpers.firefox import FIREFOX, Firefox, headless_firefox
from trajtrack import Detections, make_scene, write_page

pytestmark = [pytest.mark.browser, pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed")]


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    with headless_firefox() as firefox:
        yield firefox


def test_a_page_opens_plays_and_selects(firefox, tmp_path):
    boxes = [[40 + 4 * frame, 40, 120 + 4 * frame, 140] for frame in range(50)]
    tracks = Detections(boxes, np.ones(50), np.arange(50), track_ids=np.full(50, 7))
    write_page(tracks, tmp_path / "page.html", size=(640, 360))
    firefox.open(tmp_path / "page.html")
    firefox.evaluate("viewer.select(7)")
    assert firefox.evaluate("viewer.selected") == "7"
    firefox.evaluate("document.getElementById('play').click()")
    firefox.wait_until("viewer.frame > 5")


def test_a_page_with_ground_truth_and_two_results_opens(firefox, tmp_path):
    pytest.importorskip("trackeval")
    scene = make_scene(num_frames=20)
    options = {"truth": scene.truth, "beside": scene.truth, "class_agnostic": True}
    write_page(scene.truth, tmp_path / "page.html", **options)
    firefox.open(tmp_path / "page.html")
    firefox.wait_until("viewer.shown")
    assert firefox.evaluate("document.querySelectorAll('.metrics tbody tr').length") == 11


@pytest.mark.parametrize("times", [None, VARYING], ids=["constant", "varying and late"])
def test_boxes_are_over_the_frame_of_a_linked_video_that_they_belong_to(firefox, tmp_path, times):
    pytest.importorskip("av")
    video = write_coded_video(tmp_path / "video.webm", times)
    write_page(one_track(), tmp_path / "page.html", images=video, embed=False)
    firefox.open(tmp_path / "page.html")
    for frame in (17, 0, 39, 38, 5):
        firefox.evaluate(f"viewer.seek({frame})")
        firefox.wait_until("viewer.shown")
        assert frame_in(firefox.screenshot(), firefox.evaluate) == frame


@pytest.mark.parametrize("kind", ["gif", "webm"])
def test_a_clip_is_saved(firefox, tmp_path, kind):
    boxes = [[40 + 4 * frame, 40, 120 + 4 * frame, 140] for frame in range(50)]
    tracks = Detections(boxes, np.ones(50), np.arange(50), track_ids=np.full(50, 7))
    write_page(tracks, tmp_path / "page.html", size=(640, 360), title="Street")
    firefox.open(tmp_path / "page.html")
    firefox.evaluate(
        """(() => {
            URL.createObjectURL = (blob) => {
                const reader = new FileReader();
                reader.onload = () => (window.saved = reader.result.split(",")[1]);
                reader.readAsDataURL(blob);
                return "";
            };
            HTMLAnchorElement.prototype.click = function () { window.nameSaved = this.download; };
            document.getElementById("clip-open").click();
            document.getElementById("clip-first").value = 10;
            document.getElementById("clip-last").value = 29;
        })()"""
    )
    names = firefox.evaluate("[...document.getElementById('clip-kind').options].map(({ text }) => text.toLowerCase())")
    if kind not in names:
        pytest.skip(f"this Firefox cannot record {kind}")
    firefox.evaluate(f"document.getElementById('clip-kind').value = {names.index(kind)}")
    firefox.evaluate("document.getElementById('clip-submit').click()")
    firefox.wait_until("window.saved !== undefined")
    assert firefox.evaluate("window.nameSaved") == f"Street 10-29.{kind}"
    content = io.BytesIO(base64.b64decode(firefox.evaluate("window.saved")))
    if kind == "gif":
        gif = pytest.importorskip("PIL.Image").open(content)
        assert (gif.n_frames, gif.info["duration"]) == (20, 40)
        return
    with pytest.importorskip("av").open(content) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert len(times) > 1
    assert times[-1] - times[0] > 0.4 * 0.76  # a busy machine takes longer
