"""Time and memory from a video to its detections: decoding apart from the detector, CPU time on one thread. Linux only.

    python benchmarks/video.py

The video is made: 1280x720 at 30 frames per second, H.264, squares that move over noise. The detector is an RT-DETR of
the size of R18 at 640 pixels with random weights, which cost as much as trained ones. Needs the extra ``detect``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import trajtrack
from trajtrack.detect import open_frames

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.tiny_detectors import save
from helpers.videos import write_video

SIZE = (1280, 720)
SHORT, LONG = 60, 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detected", type=int, default=12, help="frames to run the model on (default: %(default)s)")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        work(*arguments.worker, arguments.detected)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (SHORT, LONG):
            write_video(folder / f"{count}.mp4", images(count), rate=30)
        model = save(folder / "model", rt_detr_r18)
        print(f"{'step':34} frames  CPU ms a frame  peak MB")
        for title, step, count in (
            ("decode", "decode", LONG),
            ("decode, convert to RGB", "pixels", LONG),
            (f"detect by a function, {SHORT} frames", "function", SHORT),
            (f"detect by a function, {LONG} frames", "function", LONG),
            ("detect by RT-DETR R18", "model", SHORT),
        ):
            command = [sys.executable, __file__, "--detected", str(arguments.detected)]
            command += ["--worker", step, str(folder / f"{count}.mp4"), str(model)]
            result = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            print(f"{title:34} {result[0]:>6}  {float(result[1]):14.2f}  {float(result[2]):7.0f}")


def images(count: int) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    ground = rng.integers(30, 90, (SIZE[1], SIZE[0], 3), np.uint8)
    frames = []
    for k in range(count):
        frame = ground.copy()
        for square in range(8):
            left, top = (40 + 140 * square + 2 * k) % (SIZE[0] - 60), 60 + 70 * square
            frame[top : top + 60, left : left + 60] = 220
        frames.append(frame)
    return frames


def rt_detr_r18(transformers: Any) -> tuple[Any, Any]:
    backbone = transformers.RTDetrResNetConfig(
        hidden_sizes=[64, 128, 256, 512],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = transformers.RTDetrConfig(
        backbone_config=backbone, encoder_in_channels=[128, 256, 512], decoder_layers=3, num_labels=80
    )
    return transformers.RTDetrForObjectDetection(config), transformers.RTDetrImageProcessor()


def nothing(frames: Sequence[NDArray[np.uint8]]) -> list[None]:
    return [None] * len(frames)


def work(step: str, video: str, model: str, detected: int) -> None:
    """Print the frames, the CPU milliseconds a frame and the peak of memory of one step."""
    begin, count = time.process_time(), 0
    if step in ("decode", "pixels"):
        for frame in open_frames(video, threads=1).frames():
            count += 1
            if step == "pixels":
                frame.pixels()
    elif step == "function":
        count = trajtrack.detect(video, nothing, threads=1).num_frames
    else:
        marks: list[float] = []

        def progress(done: int, total: int | None) -> None:
            marks.append(time.process_time())

        trajtrack.detect(video, model, end=(detected - 0.5) / 30, threads=1, batch_size=1, progress=progress)
        begin, count = marks[0], len(marks) - 1  # without loading and the first frame
    spent = time.process_time() - begin
    # The peak of getrusage includes that of the parent process.
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    assert peak is not None
    print(count, 1000 * spent / count, int(peak[1]) / 1000)


if __name__ == "__main__":
    main()
