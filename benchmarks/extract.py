"""CPU time and memory of `trajvqa extract` with models of realistic sizes, step by step, on one thread. Linux only.

    python benchmarks/extract.py

The video is made: 640x480 at 30 frames per second, H.264. The models have random weights, which cost as much as trained
ones: RT-DETR of the size of R18 at 640 pixels, ResNet-101 at 224, VideoMAE-B. Each step runs in a process of its own,
over few frames or clips; the last columns are what that makes for a video of 44 s, the mean of NExT-QA, at 1 frame per
second and with 16 clips of 16 frames. Needs the extras `detect` and `vqa`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import trajtrack
from trajtrack.detect import open_frames
from trajvqa.extract import ExtractOptions, Extractor

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.tiny_detectors import save
from helpers.videos import write_video
from video import nothing, rt_detr_r18

SECONDS, RATE = 6, 30
"""Length of the video that is made."""
TYPICAL_SECONDS, CLIPS, FRAMES_PER_CLIP = 44, 16, 16
MEASURED_CLIPS = 2


def resnet_101(transformers: Any) -> tuple[Any, Any]:
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

    config = transformers.ResNetConfig(depths=[3, 4, 23, 3])
    return transformers.ResNetForImageClassification(config), ConvNextImageProcessorPil(size={"shortest_edge": 224})


def videomae_b(transformers: Any) -> tuple[Any, Any]:
    from transformers.models.videomae.image_processing_pil_videomae import VideoMAEImageProcessorPil

    return transformers.VideoMAEModel(transformers.VideoMAEConfig()), VideoMAEImageProcessorPil()


STEPS: dict[str, tuple[str, str, Any, float]] = {
    "decode": ("decode to RGB, all frames", "frame", None, TYPICAL_SECONDS * RATE),
    "detector": ("RT-DETR R18, 1 fps", "frame", rt_detr_r18, TYPICAL_SECONDS),
    "appearance": ("ResNet-101, 16 frames a clip", "clip", resnet_101, CLIPS),
    "motion": ("VideoMAE-B", "clip", videomae_b, CLIPS),
}
"""Title, unit, model, and the number of units of a typical video."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        work(*arguments.worker)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(0)
        ground = rng.integers(30, 200, (480, 640, 3), np.uint8)
        write_video(folder / "video.mp4", [np.roll(ground, 2 * k, axis=1) for k in range(SECONDS * RATE)], rate=RATE)
        print(f"{'step':30} {'unit':>6} {'CPU s a unit':>12} {'peak MB':>8} {f'CPU s of {TYPICAL_SECONDS} s':>13}")
        total = 0.0
        for step, (title, unit, make, units) in STEPS.items():
            model = "" if make is None else str(save(folder / step, make))
            command = [sys.executable, __file__, "--worker", step, str(folder / "video.mp4"), model]
            result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
            seconds = float(result[0]) * units
            total += seconds
            print(f"{title:30} {unit:>6} {float(result[0]):12.4f} {float(result[1]):8.0f} {seconds:13.1f}", flush=True)
        print(f"{'all':30} {'':>6} {'':>12} {'':>8} {total:13.1f}")


def work(step: str, video: str, model: str) -> None:
    """Print the CPU seconds of a unit of one step, beyond decoding, and the peak of memory."""
    if step == "decode":
        begin, count = time.process_time(), 0
        for frame in open_frames(video, threads=1).frames():
            frame.pixels()
            count += 1
        spent = (time.process_time() - begin) / count
    else:
        sizes = {"clips": MEASURED_CLIPS, "frames_per_clip": FRAMES_PER_CLIP, "threads": 1}
        if step == "detector":
            chosen = ExtractOptions(model, device="cpu", **sizes)
        else:
            chosen = ExtractOptions(nothing, regions="geometry", **{step: Path(model)}, **sizes)
        extractor = Extractor(chosen)
        warnings.simplefilter("ignore", trajtrack.TrajtrackWarning)  # that random weights find nothing
        spent = timed(extractor, video) - timed(Extractor(ExtractOptions(nothing, threads=1)), video)
        spent /= SECONDS if step == "detector" else MEASURED_CLIPS
    # The peak of getrusage includes that of the parent process.
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    assert peak is not None
    print(spent, int(peak[1]) / 1000)


def timed(extractor: Extractor, video: str) -> float:
    """Return the CPU seconds of an extraction."""
    begin = time.process_time()
    extractor.extract(video)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
