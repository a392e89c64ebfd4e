from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from helpers.coded_videos import NUM_FRAMES, VARYING, one_track, write_coded_video
from helpers.viewer_pages import read_page
from trajtrack import Detections, ViewSummary, link, make_scene, write_page
from trajtrack.viewer.content import content_of

TRACKS = Detections([[0, 0, 10, 20], [2, 0, 12, 20]], [0.5, 0.75], [0, 1], track_ids=[4, 4], label_names={0: "cat"})
HOSTILE = ["</script><script>alert(1)</script>", "<!-- <script>", "]]>", "\u2028&amp;'\"", "{{script}}"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the images 7, 8 and 10."""
    image = pytest.importorskip("PIL.Image")
    images = tmp_path / "images"
    images.mkdir()
    for number in (7, 8, 10):
        image.new("RGB", (64, 48), (number, 0, 0)).save(images / f"frame{number}.png")
    return images


def test_the_columns_of_the_page_are_those_of_the_content(tmp_path):
    tracks = link(make_scene(num_frames=40, proposals_per_object=2).detections, min_length=3)
    write_page(tracks, tmp_path / "page.html")
    content, page = content_of(tracks), read_page(tmp_path / "page.html")
    for name, expected in {
        "frames": content.frames,
        "boxes": content.boxes.reshape(-1),
        "scores": content.scores,
        "labels": content.labels,
        "reasons": content.reasons,
        "suppressedBy": content.suppressed_by,
        "offsets": content.offsets,
        "trackLabels": content.track_labels,
        "trackScores": content.track_scores,
    }.items():
        np.testing.assert_array_equal(page.columns[name], expected)
    assert page.description["trackIds"] == [str(number) for number in content.track_ids]
    assert page.description["numFrames"] == 40


def test_the_summary_describes_the_page(tmp_path, folder):
    assert write_page(TRACKS, tmp_path / "page.html") == ViewSummary(1, 2, None, 0)
    assert write_page(TRACKS, tmp_path / "page.html", images=folder) == ViewSummary(1, 2, 2, 0)


def test_progress_counts_the_frames_with_an_image(tmp_path, folder):
    calls = []
    tracks = Detections(TRACKS.boxes, TRACKS.scores, TRACKS.frames, track_ids=TRACKS.track_ids, num_frames=9)
    write_page(tracks, tmp_path / "a.html", images=folder, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 9), (2, 9), (4, 9)]


def test_only_tracks_are_shown(tmp_path):
    with pytest.raises(TypeError, match=r"^tracks: found list, expected Trajectories or Detections with track_ids$"):
        write_page([TRACKS], tmp_path / "page.html")


def test_the_same_call_gives_the_same_bytes(tmp_path):
    for name in ("a.html", "b.html"):
        write_page(TRACKS, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize("text", HOSTILE)
def test_class_names_and_titles_cannot_escape_their_element(tmp_path, text):
    boxes = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0], label_names={0: text})
    write_page(boxes, tmp_path / "hostile.html", title=text)
    write_page(boxes, tmp_path / "plain.html", title="plain")
    page, plain = read_page(tmp_path / "hostile.html"), read_page(tmp_path / "plain.html")
    assert page.description["labelNames"] == {"0": text}
    assert page.title == text
    assert page.scripts == plain.scripts
    for mark in ("<script", "</script", "<!--"):
        assert page.html.count(mark) == plain.html.count(mark)


def test_what_cannot_be_shown_in_names_and_titles_is_escaped(tmp_path):
    text, shown = "a\x1b\u202e\udcff", r"a\x1b\u202e\udcff"
    boxes = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0], label_names={0: text})
    write_page(boxes, tmp_path / "page.html", title=text)
    page = read_page(tmp_path / "page.html")
    assert (page.title, page.description["labelNames"]) == (shown, {"0": shown})


def test_the_policy_allows_only_the_program_and_the_style_of_the_page(tmp_path):
    write_page(TRACKS, tmp_path / "page.html")
    page = read_page(tmp_path / "page.html")
    (program,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert page.policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in page.policy
    assert "unsafe" not in page.policy
    assert not re.search(r"https?:|\bimport\b|\bexport\b", re.sub(r"//[^\n]*", "", program))


def test_images_are_embedded_unchanged_with_the_number_in_their_name(tmp_path, folder):
    boxes = Detections([[0, 0, 1, 1]] * 2, [1, 1], [0, 3], track_ids=[0, 0])
    write_page(boxes, tmp_path / "page.html", images=folder)
    page = read_page(tmp_path / "page.html")
    assert page.images == {
        frame: ("image/png", (folder / f"frame{number}.png").read_bytes())
        for frame, number in ((0, 7), (1, 8), (3, 10))
    }
    assert page.description["size"] == [64, 48]


def test_numbers_are_compared_as_numbers(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for number in (9, 10, 11):
        image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"{number}.png")
    boxes = Detections([[0, 0, 1, 1]], [1], [2], track_ids=[0])
    write_page(boxes, tmp_path / "page.html", images=tmp_path)
    first = (tmp_path / "9.png").read_bytes()
    assert read_page(tmp_path / "page.html").images[0] == ("image/png", first)


def test_wide_images_are_scaled_down_and_the_size_stays(tmp_path, folder):
    write_page(TRACKS, tmp_path / "page.html", images=folder, max_width=16)
    page = read_page(tmp_path / "page.html")
    assert {kind for kind, _ in page.images.values()} == {"image/jpeg"}
    assert page.description["size"] == [64, 48]


def test_frames_of_a_video_are_embedded(tmp_path, folder):
    av = pytest.importorskip("av")
    video = tmp_path / "video.mkv"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    assert write_page(TRACKS, tmp_path / "page.html", images=video).num_images == 2
    page = read_page(tmp_path / "page.html")
    assert page.description["size"] == [64, 48]
    assert page.description["rate"] == 10
    assert [content[:2] for _, content in page.images.values()] == [b"\xff\xd8"] * 2


def test_two_images_of_the_same_number_are_refused(tmp_path, folder):
    (folder / "frame07.png").write_bytes((folder / "frame7.png").read_bytes())
    with pytest.raises(ValueError, match=r"frame7\.png: found the same number as in frame07\.png, expected one"):
        write_page(TRACKS, tmp_path / "page.html", images=folder)


def test_an_image_without_a_number_is_refused(tmp_path, folder):
    (folder / "cover.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"found the image 'cover\.png', expected a name with the number of"):
        write_page(TRACKS, tmp_path / "page.html", images=folder)


def test_an_image_of_another_size_is_refused_and_leaves_no_page(tmp_path, folder):
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (32, 48)).save(folder / "frame8.png")
    with pytest.raises(ValueError, match=r"frame8\.png: found an image of 32x48 pixels, expected 64x48 like the first"):
        write_page(TRACKS, tmp_path / "page.html", images=folder)
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_a_file_that_is_not_an_image_is_refused(tmp_path, folder):
    (folder / "frame8.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"frame8\.png: found an unreadable file, expected a JPEG or PNG image"):
        write_page(TRACKS, tmp_path / "page.html", images=folder)


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r": found no images, expected numbered files with \.jpg, \.jpeg, \.png"):
        write_page(TRACKS, tmp_path / "page.html", images=tmp_path)


def test_a_file_that_is_not_a_video_is_refused(tmp_path):
    pytest.importorskip("av")
    (tmp_path / "video.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(ValueError, match=r"video\.mp4: found an unreadable file"):
        write_page(TRACKS, tmp_path / "page.html", images=tmp_path / "video.mp4")


def test_a_missing_video_is_reported(tmp_path):
    pytest.importorskip("av")
    with pytest.raises(FileNotFoundError):
        write_page(TRACKS, tmp_path / "page.html", images=tmp_path / "video.mp4")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_width": 0}, r"^max_width: found 0, expected an integer of at least 1"),
        ({"frame_rate": 0}, r"^frame_rate: found 0, expected frames per second above 0 and up to 1000"),
        ({"size": (6, 4), "images": "."}, r"^size: found \(6, 4\) and images, which have a size"),
        ({"size": (640, 0)}, r"^size: found \(640, 0\), expected a width and a height above 0"),
    ],
)
def test_options_out_of_range_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_page(TRACKS, tmp_path / "page.html", **options)


def test_without_pillow_the_error_says_what_to_install(tmp_path, folder):
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from trajtrack import Detections, write_page\n"
        f"try: write_page(Detections([], [], []), {str(tmp_path / 'page.html')!r}, images={str(folder)!r})\n"
        "except ImportError as error: print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "images need Pillow: pip install 'trajtrack[view]'\n"


def test_a_page_with_a_linked_video_holds_the_times_of_its_frames_and_no_image(tmp_path):
    pytest.importorskip("av")
    video = write_coded_video(tmp_path / "a street.mp4", VARYING)
    (tmp_path / "pages").mkdir()
    path = tmp_path / "pages" / "page.html"
    summary = write_page(one_track(), path, images=video, embed=False)
    page = read_page(path)
    assert page.description["video"] == "../a%20street.mp4"
    assert page.images == {}
    assert summary.num_images == NUM_FRAMES
    assert page.columns["videoSteps"].tolist() == [0, *(1e6 * float(b - a) for a, b in pairwise(VARYING))]
    assert "media-src" in page.policy


def test_only_pages_with_a_linked_video_may_open_media(tmp_path):
    write_page(one_track(), tmp_path / "page.html")
    page = read_page(tmp_path / "page.html")
    assert "media-src" not in page.policy
    assert page.description["video"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "embed: found False and no images, expected a video file"),
        ({"images": "."}, "embed: found False and a folder of images, expected a video file"),
        ({"images": "a.mp4", "max_width": 9}, "max_width: found a number and embed=False, expected images"),
    ],
)
def test_what_cannot_be_linked_is_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_page(one_track(), tmp_path / "page.html", embed=False, **options)
