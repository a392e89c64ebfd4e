"""Time to load the viewer's page and to draw a frame, in headless Chromium without a GPU.

    python benchmarks/viewer.py

Needs ``playwright``, and ``chromium`` on the path. Each frame is drawn with trails and labels and read back, so that
the time includes all of the drawing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

import trajtrack

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.chromium import headless_chromium

SIZE = (1920, 1080)
HEADER = (
    "frames x tracks   boxes    MB  write s  load s  draw ms: median    p95  between frames at play, ms: median    p95"
)
DRAW_FRAMES = """(count) => {
  const context = document.getElementById("scene").getContext("2d");
  const times = [];
  for (let frame = 0; frame < count; frame++) {
    viewer.seek(frame);
    const begin = performance.now();
    viewer.draw();
    context.getImageData(0, 0, 1, 1);
    times.push(performance.now() - begin);
  }
  return times;
}"""
PLAY = """(seconds) => new Promise((resolve) => {
  viewer.seek(0);
  document.getElementById("play").click();
  const times = [];
  const tick = (now) => {
    times.push(now);
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(tick);
    else resolve(times.slice(1).map((time, i) => time - times[i]));
  };
  requestAnimationFrame(tick);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000, help="frames of the video (default: %(default)s)")
    parser.add_argument(
        "--tracks", type=int, nargs="+", default=[100, 500], help="numbers of tracks to measure (default: 100 500)"
    )
    arguments = parser.parse_args()
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder, headless_chromium() as browser:
        for num_tracks in arguments.tracks:
            print(measure(browser, Path(folder) / "page.html", arguments.frames, num_tracks))


def measure(browser: Browser, path: Path, num_frames: int, num_tracks: int) -> str:
    tracks = walkers(num_frames, num_tracks)
    begin = time.perf_counter()
    trajtrack.write_page(tracks, path, size=SIZE)
    written = time.perf_counter() - begin
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    begin = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    loaded = time.perf_counter() - begin
    played = np.array(page.evaluate(PLAY, 5))
    drawn = np.array(page.evaluate(DRAW_FRAMES, num_frames))
    page.close()
    return (
        f"{num_frames:>6} x {num_tracks:<6}  {len(tracks):6}  {path.stat().st_size / 1e6:4.1f}  {written:7.2f}  "
        f"{loaded:6.2f}  {np.median(drawn):15.1f}  {np.percentile(drawn, 95):5.1f}  "
        f"{np.median(played):34.1f}  {np.percentile(played, 95):5.1f}"
    )


def walkers(num_frames: int, num_tracks: int) -> trajtrack.Detections:
    """Return boxes on random walks, each missing from a tenth of the frames."""
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.normal(0, 3, (num_tracks, num_frames, 2)), axis=1)
    centres = np.abs((steps + rng.uniform(0, SIZE, (num_tracks, 1, 2))) % (2 * np.array(SIZE)) - SIZE)
    halves = rng.uniform((10, 25), (40, 90), (num_tracks, 1, 2))
    boxes = np.concatenate([centres - halves, centres + halves], axis=2).reshape(-1, 4)
    count = num_tracks * num_frames
    ids, frames = np.divmod(np.arange(count), num_frames)
    names = {label: f"class {label}" for label in range(5)}
    every = trajtrack.Detections(
        boxes, rng.uniform(0.3, 1, count), frames, ids % 5, num_frames, track_ids=ids, label_names=names
    )
    return every[rng.random(count) > 0.1]


if __name__ == "__main__":
    main()
