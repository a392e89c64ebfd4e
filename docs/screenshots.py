"""Write docs/images/viewer-*: screenshots of viewer pages of real data and of drawn images, and a clip saved by a page.

The page with a question is that of ``trajvqa demo --video``, which trains for a minute.

    python docs/screenshots.py [--data FOLDER]

Needs ``playwright``, and ``chromium`` on the path. The images of the videos have licences of their own and must not be
in the repository: screenshots that show them, or that no page uses, are written to out/screenshots. The images beneath
the boxes of viewer-images.png are drawn by this script.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw
from playwright.sync_api import Browser

import trajtrack

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.chromium import headless_chromium

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
UNPUBLISHED = PROJECT / "out" / "screenshots"
VIDVRD_VIDEO = "VidVRD-dataset/test/ILSVRC2015_train_00040024.json"
BALLS_AND_BRICKS = ("#e8dcc4", "#b98b73", "#f4f1de", "#8fa3ad", "#cfb9a5", "#5b616e")
COLOURS = 255
"""Number of colours of an image: few enough to keep it small, without a visible difference."""
REFINEMENT = 3
"""How Pillow moves colours to the pixels near them: without it, small areas take the colour of larger ones."""


@dataclass(frozen=True)
class Shot:
    """A screenshot: the state of a page and the file to write."""

    page: str
    to: Path
    theme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = (1280, 800)
    frame: int = 0
    select: int | None = None
    """Trajectory to select."""
    keys: list[str] = field(default_factory=list)
    """Keys to press before the screenshot."""
    click: tuple[float, float] | None = None
    """Point of the video's image to click."""


CLIP = IMAGES / "viewer-clip.gif"
CLIP_PAGE, CLIP_WINDOW, CLIP_FRAMES = "drawn", (800, 600), (40, 64)
SHOTS = [
    Shot("mot", IMAGES / "viewer-light.png", frame=440, select=29),
    Shot("mot", IMAGES / "viewer-dark.png", "dark", frame=500, keys=["u"], click=(1063, 1005)),
    Shot("vidvrd", IMAGES / "viewer-classes.png", frame=60, select=2),
    Shot("drawn", IMAGES / "viewer-images.png", frame=60),
    Shot("truth", IMAGES / "viewer-truth.png", keys=["n"] * 8),
    Shot("films/answer1", IMAGES / "viewer-question.png", frame=12),
    Shot("vidvrd", UNPUBLISHED / "phone.png", "dark", (390, 844), frame=60, select=2),
    Shot("mot", UNPUBLISHED / "help.png", frame=300, keys=["?"]),
    Shot("mot", UNPUBLISHED / "help-dark.png", "dark", frame=300, keys=["?"]),
    Shot("mot", UNPUBLISHED / "720.png", "dark", (1280, 720), frame=440, select=29),
    Shot("campus", UNPUBLISHED / "campus-light.png", frame=30),
    Shot("campus", UNPUBLISHED / "campus-dark.png", "dark", frame=30, keys=["u"], click=(330, 280)),
    Shot("campus", UNPUBLISHED / "campus-phone.png", "light", (390, 844), frame=30),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared" / "data", help="folder of the real sequences"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, headless_chromium() as browser:
        write_pages(arguments.data, Path(folder))
        for shot in SHOTS:
            take(browser, Path(folder) / f"{shot.page}.html", shot)
            report(shot.to)
        take_clip(browser, Path(folder) / f"{CLIP_PAGE}.html")
        report(CLIP)


def report(path: Path) -> None:
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size / 1e3:.0f} kB")


def write_pages(data: Path, folder: Path) -> None:
    crowd = trajtrack.read(data / "mot17/MOT17-04/det/det.txt")
    trajtrack.write_page(trajtrack.link(crowd), folder / "mot.html", size=(1920, 1080), title="MOT17-04")
    campus = trajtrack.read(data / "mot15/TUD-Campus/det/det_public_ACF.txt")
    trajtrack.write_page(
        trajtrack.link(campus),
        folder / "campus.html",
        images=data / "mot15/TUD-Campus/img1",
        title="TUD-Campus",
    )
    archive = data / "vidvrd/VidVRD-dataset.zip"
    with zipfile.ZipFile(archive) as files:
        video = json.loads(files.read(VIDVRD_VIDEO))
    trajtrack.write_page(
        trajtrack.read(archive / VIDVRD_VIDEO),
        folder / "vidvrd.html",
        size=(video["width"], video["height"]),
        frame_rate=video["fps"],
        title="VidVRD " + video["video_id"],
    )

    scene = trajtrack.make_scene(num_frames=90, objects_per_frame=9, speed=3)
    frames = folder / "frames"
    frames.mkdir()
    for frame in range(scene.truth.num_frames):
        draw_image(scene.truth, frame).save(frames / f"{frame:06}.png")
    seen = scene.detections
    named = trajtrack.Detections(
        seen.boxes, seen.scores, seen.frames, seen.labels, seen.num_frames, label_names={0: "ball", 1: "brick"}
    )
    trajtrack.write_page(
        trajtrack.link(named),
        folder / "drawn.html",
        images=frames,
        title="Balls and bricks",
    )
    write_errors(named, scene.truth, frames, folder / "truth.html")
    subprocess.run([sys.executable, "-m", "trajvqa", "demo", "--video", "-o", folder / "films"], check=True)


def write_errors(seen: trajtrack.Detections, truth: trajtrack.Detections, frames: Path, page: Path) -> None:
    tracks = trajtrack.link(seen)
    trajtrack.write_page(tracks, page, images=frames, title="Balls and bricks", truth=truth)


def draw_image(truth: trajtrack.Detections, frame: int) -> Image.Image:
    """Draw balls and bricks on a lawn; those lower in the image are in front."""
    image = Image.new("RGB", (1280, 720), "#4f6b52")
    pen = ImageDraw.Draw(image)
    for left in range(0, 1280, 160):
        pen.rectangle((left, 0, left + 79, 719), fill="#56735a")
    here = truth[truth.frames == frame]
    assert here.track_ids is not None
    for row in here.boxes[:, 3].argsort().tolist():
        x1, y1, x2, y2 = here.boxes[row].tolist()
        colour = BALLS_AND_BRICKS[int(here.track_ids[row]) % len(BALLS_AND_BRICKS)]
        pen.ellipse((x1, y2 - (y2 - y1) / 8, x2, y2 + (y2 - y1) / 16), fill="#3f5742")
        if here.labels[row] == 0:
            pen.ellipse((x1, y1, x2, y2), fill=colour, outline="#3a3a3a", width=2)
        else:
            pen.rectangle((x1, y1, x2, y2), fill=colour, outline="#3a3a3a", width=2)
    return image


def take(browser: Browser, path: Path, shot: Shot) -> None:
    width, height = shot.size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=shot.theme)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    if shot.select is not None:
        page.evaluate("(number) => viewer.select(number)", shot.select)
    page.evaluate("(frame) => viewer.seek(frame)", shot.frame)
    for key in shot.keys:
        page.keyboard.press(key)
    while not page.evaluate("viewer.shown"):
        page.wait_for_timeout(20)
    if shot.click is not None:
        left, top = page.evaluate("([x, y]) => viewer.inWindow(x, y)", list(shot.click))
        page.locator("#scene").click(position={"x": left, "y": top})
        page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.to.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(COLOURS, kmeans=REFINEMENT, dither=Image.Dither.NONE).save(shot.to, optimize=True)
    page.close()


def take_clip(browser: Browser, path: Path) -> None:
    """Save a GIF file from a page."""
    width, height = CLIP_WINDOW
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("c")
    for name, frame in zip(("First", "Last"), CLIP_FRAMES, strict=True):
        page.get_by_label(f"{name} frame of the clip").fill(str(frame))
    with page.expect_download() as download:
        page.locator("#clip-submit").click()
    download.value.save_as(CLIP)
    page.close()


if __name__ == "__main__":
    main()
