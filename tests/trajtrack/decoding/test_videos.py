from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from helpers.videos import moving_square, square_image, write_video
from trajtrack.decoding import open_frames

av = pytest.importorskip("av")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".avi", ".webm", ".ts"])
def test_frames_of_any_container_have_numbers_times_and_pixels(tmp_path, suffix):
    images = moving_square(12)
    video = open_frames(write_video(tmp_path / f"video{suffix}", images))
    frames = list(video.frames())
    assert (video.size, video.rate) == ((96, 64), 25)
    assert [frame.index for frame in frames] == list(range(12))
    assert [float(frame.time) for frame in frames] == pytest.approx([k / 25 for k in range(12)])
    for frame, image in zip(frames, images, strict=True):
        pixels = frame.pixels()
        assert (pixels.dtype, pixels.shape) == (np.uint8, (64, 96, 3))
        assert np.abs(pixels.astype(int) - image).mean() < 12
    assert video.problems() == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_number_of_frames_is_known_before_they_are_decoded(tmp_path, suffix):
    assert open_frames(write_video(tmp_path / f"video{suffix}", moving_square(12))).expected_frames == 12


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_frames_are_turned_as_the_file_says(tmp_path, rotation):
    image = square_image(0, 0)
    video = open_frames(write_video(tmp_path / "video.mp4", [image] * 3, rotation=rotation))
    expected = np.rot90(image, rotation // 90)
    assert video.size == expected.shape[1::-1]
    for frame in video.frames():
        assert np.abs(frame.pixels().astype(int) - expected).mean() < 12


def test_frames_are_mirrored_as_the_file_says(tmp_path):
    image = square_image(0, 0)
    path = write_video(tmp_path / "video.mp4", [image] * 3, rotation=180)
    turned = np.array([-1, 0, 0, 0, -1], ">i4") * 65536
    mirrored = np.array([-1, 0, 0, 0, 1], ">i4") * 65536
    at = path.read_bytes().index(turned[[0, 1]].tobytes())
    content = bytearray(path.read_bytes())
    content[at + 16 : at + 20] = mirrored[4:].tobytes()
    path.write_bytes(content)
    frame = next(open_frames(path).frames())
    assert np.abs(frame.pixels().astype(int) - image[:, ::-1]).mean() < 12


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_variable_rate_gives_each_frame_its_own_time(tmp_path, suffix):
    times = [Fraction(k, 1000) for k in (0, 40, 80, 500, 520, 1900)]
    video = open_frames(write_video(tmp_path / f"video{suffix}", moving_square(6), times=times))
    assert [frame.time for frame in video.frames()] == times


def test_times_count_from_the_first_frame(tmp_path):
    times = [Fraction(k, 1000) for k in (3000, 3040, 3080)]
    video = open_frames(write_video(tmp_path / "video.mkv", moving_square(3), times=times))
    assert [float(frame.time) for frame in video.frames()] == [0, 0.04, 0.08]
    assert video.problems() == []


def test_a_video_that_ends_early_is_told_with_both_lengths(tmp_path):
    path = write_video(tmp_path / "video.mkv", moving_square(71))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = open_frames(path)
    count = len(list(video.frames()))
    assert 5 < count < 60
    assert video.problems() == [
        f"{path}: found frames up to {count / 25:.2f} s ({count} frames), expected a video of 2.84 s as its container "
        "says; the file may be truncated"
    ]


def test_damaged_packets_are_counted_and_the_others_decoded(tmp_path):
    path = write_video(tmp_path / "video.avi", moving_square(40))
    content = bytearray(path.read_bytes())
    middle = content.index(b"00dc", len(content) // 2)
    content[middle + 8 : middle + 300] = bytes(292)
    path.write_bytes(content)
    video = open_frames(path)
    assert len(list(video.frames())) > 30
    assert "damaged frames or packets, expected none" in video.problems()[0]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"hello\n", "an unreadable file"),
        (bytes(range(256)) * 40, "an unreadable file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2000), "an image|an unreadable file"),
    ],
)
def test_what_is_not_a_video_is_refused(tmp_path, content, found):
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"video\.mp4: found ({found}).*, expected a video"):
        open_frames(path)


def test_text_is_not_decoded_as_terminal_output(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello\n" * 100)
    with pytest.raises(ValueError, match=r"notes\.txt: found text, expected a video"):
        open_frames(path)


def test_a_single_image_is_refused(tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "image.png"
    image.new("RGB", (8, 8)).save(path)
    with pytest.raises(ValueError, match=r"image\.png: found an image, expected a video or a folder of images"):
        open_frames(path)


def test_sound_alone_is_refused(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ValueError, match=r"sound\.mp4: found no video stream, expected a video"):
        open_frames(path)


def test_the_cover_of_a_sound_file_is_no_video(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (8, 8)).save(tmp_path / "cover.png")
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container, av.open(str(tmp_path / "cover.png")) as cover:
        stream = container.add_stream_from_template(cover.streams.video[0])
        stream.disposition = av.stream.Disposition.attached_pic
        for packet in cover.demux():
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    with pytest.raises(ValueError, match=r"sound\.mp4: found no video stream, expected a video"):
        open_frames(path)


def test_a_video_without_frames_is_refused(tmp_path):
    path = write_video(tmp_path / "video.mkv", moving_square(30))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\x1f\x43\xb6\x75")])  # ends before the first cluster
    with pytest.raises(ValueError, match=r"video\.mkv: found .*, expected a video"):
        open_frames(path)


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"missing\.mp4"):
        open_frames("missing.mp4")


def test_an_address_is_the_name_of_a_missing_file():
    with pytest.raises(FileNotFoundError):
        open_frames("http://127.0.0.1:9/video.mp4")


def test_a_name_with_a_colon_is_no_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video(Path("a.mp4"), moving_square(3)).rename("pipe:a.mp4")
    assert open_frames("pipe:a.mp4").expected_frames == 3


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    path = write_video(tmp_path / "video.mp4", moving_square(3))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r"^videos need PyAV: pip install 'trajtrack\[video\]'$"):
        open_frames(path)
