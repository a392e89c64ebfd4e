from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.coco_examples import write_two_videos
from helpers.viewer_pages import read_page
from trajtrack import Detections, Reason, link, make_scene, read, write
from trajtrack.cli import main
from trajtrack.viewer.content import UNKNOWN


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder with detections and the tracks linked from them with min_length=4."""
    monkeypatch.chdir(tmp_path)
    detections = make_scene(num_frames=30, proposals_per_object=2).detections
    write("detections.txt", detections)
    write("tracks.txt", link(detections, method="seq-nms", min_length=4))
    return tmp_path


def reasons_of(name: str) -> set[int]:
    return set(read_page(Path(name)).columns["reasons"].tolist())


def test_the_page_has_the_name_of_the_tracks(capsys):
    assert main(["view", "tracks.txt"]) == 0
    page = read_page(Path("tracks.html"))
    assert page.title == "tracks"
    out, err = capsys.readouterr()
    number = len(page.description["trackIds"])
    size = f"{Path('tracks.html').stat().st_size / 1e6:.1f} MB"
    assert out == f"tracks.txt: {number} trajectories in 30 frames -> tracks.html, {size}\n"
    assert err == ""


def test_detections_are_linked_with_the_options_given():
    assert main(["view", "detections.txt", "-o", "new/page.html", "--method", "seq-nms", "--min-length", "4"]) == 0
    assert {Reason.LINKED, Reason.SUPPRESSED, Reason.TOO_SHORT} <= reasons_of("new/page.html")


def test_tracks_that_are_linked_again_have_exact_reasons(capsys):
    command = ["view", "tracks.txt", "--detections", "detections.txt", "-o", "page.html"]
    assert main([*command, "--method", "seq-nms", "--min-length", "4"]) == 0
    assert capsys.readouterr().err == ""
    assert {Reason.LINKED, Reason.SUPPRESSED, Reason.TOO_SHORT} <= reasons_of("page.html")


def test_reasons_are_unknown_if_the_options_do_not_reproduce_the_tracks(capsys):
    command = ["view", "tracks.txt", "--detections", "detections.txt", "-o", "page.html"]
    assert main([*command, "--method", "seq-nms", "--min-length", "9"]) == 0
    number = int((read_page(Path("page.html")).columns["reasons"] == UNKNOWN).sum())
    assert capsys.readouterr().err == (
        f"trajtrack: tracks.txt: {number} detections are in no trajectory for an unknown reason: "
        "the linking options do not reproduce these tracks\n"
    )
    assert reasons_of("page.html") == {Reason.LINKED, UNKNOWN}


@pytest.mark.filterwarnings("default")
def test_a_file_without_boxes_makes_a_page_and_a_warning(capsys):
    Path("empty.txt").write_text("")
    assert main(["view", "empty.txt"]) == 0
    assert capsys.readouterr().err == "trajtrack: warning: empty.txt: found no boxes, expected some\n"
    assert read_page(Path("empty.html")).description["trackIds"] == []


def test_missing_images_are_counted(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "frames").mkdir()
    image.new("RGB", (1280, 720)).save(tmp_path / "frames/000001.jpg")
    assert main(["view", "tracks.txt", "--frames", "frames"]) == 0
    assert ", 1 of 30 with an image ->" in capsys.readouterr().out


def test_the_suffix_of_an_image_writes_an_image():
    pytest.importorskip("matplotlib")
    assert main(["view", "tracks.txt", "-o", "tracks.svg", "--title", "A title", "--size", "1280x720"]) == 0
    assert "A title" in Path("tracks.svg").read_text()


def test_the_title_of_an_image_is_the_name_of_the_tracks():
    pytest.importorskip("matplotlib")
    assert main(["view", "tracks.txt", "-o", "image.svg"]) == 0
    assert "<!-- tracks -->" in Path("image.svg").read_text()


@pytest.mark.parametrize("name", ["page.html", "video.mkv"])
def test_json_reports_what_a_page_and_a_video_show(capsys, name):
    if name == "video.mkv":
        pytest.importorskip("av")
        pytest.importorskip("PIL")
    assert main(["view", "tracks.txt", "-o", name, "--size", "320x240", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "input": "tracks.txt",
        "output": name,
        "bytes": Path(name).stat().st_size,
        "num_tracks": len(np.unique(read("tracks.txt").track_ids)),
        "num_frames": 30,
        "num_images": None,
        "num_unknown": 0,
    }


def test_json_reports_the_size_of_an_image_file(capsys):
    pytest.importorskip("matplotlib")
    assert main(["view", "tracks.txt", "-o", "image.svg", "--json"]) == 0
    expected = {"input": "tracks.txt", "output": "image.svg", "bytes": Path("image.svg").stat().st_size}
    assert json.loads(capsys.readouterr().out) == expected


def test_a_terminal_is_shown_how_many_frames_are_done(tmp_path, monkeypatch, capsys):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "frames").mkdir()
    image.new("RGB", (1280, 720)).save(tmp_path / "frames/000001.jpg")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert main(["view", "tracks.txt", "--frames", "frames"]) == 0
    shown = capsys.readouterr().err
    assert "\rtracks.html: frame 1 of 30\r" in shown
    assert shown.endswith(" \r")


def test_the_format_of_the_detections_can_be_named():
    boxes = read("detections.txt")
    rows = zip(boxes.frames.tolist(), boxes.boxes.tolist(), boxes.scores.tolist(), strict=True)
    text = "".join(f"{frame},{','.join(map(str, box))},{score}\n" for frame, box, score in rows)
    Path("rrc.txt").write_text(text)
    assert main(["view", "tracks.txt", "--detections", "rrc.txt", "--detections-format", "kitti-rrc"]) == 0
    assert UNKNOWN in reasons_of("tracks.html")


def test_one_of_several_videos_is_chosen_by_name():
    write_two_videos(Path("two.json"))
    write("one.txt", Detections([[10, 20, 50, 80]], [1], [4], track_ids=[0]))
    assert main(["view", "one.txt", "--detections", "two.json", "--video-name", "b"]) == 0
    assert read_page(Path("one.html")).columns["reasons"].tolist() == [Reason.LINKED]


def test_the_suffix_of_a_video_writes_a_video():
    av = pytest.importorskip("av")
    pytest.importorskip("PIL")
    assert main(["view", "tracks.txt", "-o", "tracks.mp4", "--size", "320x240", "--frame-rate", "10"]) == 0
    with av.open("tracks.mp4") as container:
        assert container.streams.video[0].average_rate == 10
        assert sum(1 for _ in container.decode(video=0)) == 30


def test_the_suffix_of_a_gif_writes_a_moving_picture(capsys):
    image = pytest.importorskip("PIL.Image")
    assert main(["view", "tracks.txt", "-o", "tracks.gif", "--size", "640x480", "--max-width", "160"]) == 0
    with image.open("tracks.gif") as gif:
        assert (gif.size, gif.n_frames) == ((160, 120), 30)
    assert "trajectories in 30 frames -> tracks.gif, " in capsys.readouterr().out


@pytest.mark.filterwarnings("default")
def test_what_a_gif_leaves_out_is_told(capsys):
    pytest.importorskip("PIL.Image")
    assert main(["view", "tracks.txt", "-o", "tracks.gif", "--size", "64x48", "--frame-rate", "100"]) == 0
    expected = "tracks.gif: the GIF file shows one frame in 2: found 30 frames at 100 per second"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tracks.txt", "-o", "page.bmp"], "--output: found 'page.bmp', expected one of the suffixes .html, "),
        (["tracks.txt", "--size", "640"], "--size: found '640', expected a width and a height such as 1920x1080"),
        (
            ["tracks.txt", "--size", "6x4", "--frames", "."],
            "--size: found images, which have a size, expected one or the other",
        ),
        (["tracks.txt", "--max-width", "0"], "--max-width: found 0, expected an integer of at least 1"),
        (["tracks.txt", "--frame-rate", "0"], "--frame-rate: found 0.0, expected a number above 0 and up to 1000"),
        (["tracks.txt", "--link-video"], "--link-video: found no --video, expected a video file"),
        (["tracks.txt", "--link-video", "--video", "."], "--link-video: found the folder ., expected a video file"),
        (["tracks.txt", "--link-video", "--video", "v", "--max-width", "9"], "--link-video: found --max-width"),
        (["tracks.txt", "--link-video", "--video", "v", "-o", "a.mp4"], "--link-video: found an output with suffix"),
        (["tracks.txt", "-o", "a.png", "--max-width", "9"], "--max-width: found an output with suffix .png, to which"),
        (
            ["tracks.txt", "-o", "a.png", "--frame-rate", "9"],
            "--frame-rate: found an output with suffix .png, to which",
        ),
        (["tracks.txt", "-o", "a.png", "--frames", "."], "--frames: found an output with suffix .png, to which"),
        (["tracks.txt", "-o", "a.png", "--video", "a.mp4"], "--video: found an output with suffix .png, to which"),
        (
            ["tracks.txt", "-o", "a.mp4", "--detections", "d.txt"],
            "--detections: found an output with suffix .mp4, to which",
        ),
        (
            ["tracks.txt", "--detections-format", "mot"],
            "--detections-format: found no --detections, expected both or neither",
        ),
        (
            ["tracks.txt", "--video-name", "a"],
            "--video-name: found no video names in tracks.txt, expected a file with several videos",
        ),
        (
            ["tracks.txt", "--min-length", "4"],
            "--min-length: found tracks in tracks.txt, expected detections to link",
        ),
        (
            ["detections.txt", "--detections", "detections.txt"],
            "--detections: found no identities in detections.txt, expected tracks",
        ),
        (["tracks.txt", "-o", "a.html", "--video", "a.html"], "a.html: the output would overwrite an input"),
    ],
)
def test_contradictory_commands_are_refused(capsys, words, message):
    assert main(["view", *words]) == 2
    assert capsys.readouterr().err.startswith(f"trajtrack: error: {message}")


def test_a_broken_input_is_named(capsys):
    Path("broken.txt").write_text("1,-1,0,0,ten,10,0.9\n")
    assert main(["view", "broken.txt"]) == 1
    assert capsys.readouterr().err == "trajtrack: error: broken.txt, line 1: found 'ten', expected a finite number\n"
    assert not Path("broken.html").exists()


def test_a_missing_input_is_named(capsys):
    assert main(["view", "none.txt"]) == 1
    assert capsys.readouterr().err == "trajtrack: error: none.txt: No such file or directory\n"


def test_a_video_that_cannot_be_read_is_named(capsys):
    pytest.importorskip("av")
    Path("video.mp4").write_bytes(b"no video" * 100)
    assert main(["view", "tracks.txt", "--video", "video.mp4"]) == 1
    assert capsys.readouterr().err.startswith("trajtrack: error: video.mp4: found an unreadable file")


def test_a_text_file_is_not_read_as_a_video(capsys):
    pytest.importorskip("av")
    assert main(["view", "tracks.txt", "--video", "detections.txt", "-o", "page.html"]) == 1
    assert capsys.readouterr().err == "trajtrack: error: detections.txt: found text, expected a video\n"
    assert not Path("page.html").exists()


def test_tracks_of_another_tool_are_matched_with_the_detections(capsys):
    given = Detections([[0, 0, 10, 20], [2, 0, 12, 20], [90, 0, 99, 20]], [0.9, 0.8, 0.7], [0, 1, 1])
    write("given.txt", given)
    write("other.txt", Detections(np.round(given.boxes[:2]), [1, 1], [0, 1], track_ids=[7, 7]))
    assert main(["view", "other.txt", "--detections", "given.txt"]) == 0
    assert read_page(Path("other.html")).columns["reasons"].tolist() == [Reason.LINKED, Reason.LINKED, UNKNOWN]


def test_ground_truth_and_a_second_result_are_shown(tmp_path):
    pytest.importorskip("trackeval")
    write("truth.txt", make_scene(num_frames=30, proposals_per_object=2).truth)
    command = ["view", "tracks.txt", "--gt", "truth.txt", "--gt-class-agnostic", "--beside", "detections.txt"]
    assert main([*command, "-o", "page.html"]) == 0
    page = read_page(Path("page.html"))
    assert page.description["results"] == ["tracks", "detections"]
    assert len(page.description["metrics"]) == 2
    assert set(page.columns["trackSources"].tolist()) == {0, 1, 2}


def test_the_named_video_is_read_from_each_file_that_has_several():
    pytest.importorskip("trackeval")
    write_two_videos(Path("videos.json"))
    command = ["view", "tracks.txt", "--gt", "videos.json", "--video-name", "b", "--gt-class-agnostic", "-o", "a.html"]
    assert main(command) == 0
    assert read_page(Path("a.html")).columns["frames"].max() >= 4


def test_two_results_that_name_a_class_differently_are_refused(capsys):
    for path, name in (("a.parquet", "car"), ("b.parquet", "bus")):
        write(path, Detections([[0, 0, 9, 9]], [1], [0], track_ids=[1], label_names={0: name}))
    assert main(["view", "a.parquet", "--beside", "b.parquet", "-o", "a.html"]) == 1
    assert "label 0: found 'bus', expected 'car' as in the first result" in capsys.readouterr().err
    assert not Path("a.html").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--preset", "mot"], "--preset: found no --gt, expected both or neither"),
        (["--gt", "tracks.txt", "-o", "image.svg"], "--gt: found an output with suffix .svg"),
        (["--beside-format", "mot"], "--beside-format: found no --beside, expected both or neither"),
    ],
)
def test_flags_of_the_ground_truth_that_do_not_apply_are_refused(capsys, flags, message):
    assert main(["view", "tracks.txt", *flags]) == 2
    assert message in capsys.readouterr().err


def test_the_title_names_the_video():
    folder = Path("MOT17-04/det")
    folder.mkdir(parents=True)
    (folder / "det.txt").write_bytes(Path("tracks.txt").read_bytes())
    assert main(["view", "MOT17-04/det/det.txt", "-o", "page.html"]) == 0
    assert read_page(Path("page.html")).title == "MOT17-04"


def test_the_title_is_the_name_of_the_video_chosen_from_several():
    write_two_videos(Path("two.json"))
    assert main(["view", "two.json", "--video-name", "b", "-o", "page.html"]) == 0
    assert read_page(Path("page.html")).title == "b"
