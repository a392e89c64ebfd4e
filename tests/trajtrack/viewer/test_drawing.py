from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from trajtrack import Detections, link
from trajtrack.scenes import Scene, make_scene
from trajtrack.viewer.drawing import draw

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene(num_frames=60, objects_per_frame=5)


def texts_of(path: Path) -> set[str]:
    """Return the comments that matplotlib writes before each text of an SVG file."""
    builder = ElementTree.TreeBuilder(insert_comments=True)
    tree = ElementTree.parse(path, ElementTree.XMLParser(target=builder))
    return {comment.text.strip() for comment in tree.iter(ElementTree.Comment)}


def test_trajectories_are_drawn(scene, tmp_path):
    draw(link(scene.detections), tmp_path / "tracks.png", detections=scene.detections, size=(1280, 720))
    assert (tmp_path / "tracks.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["tracks.png"]


def test_ground_truth_is_drawn(scene, tmp_path):
    draw(scene.truth, tmp_path / "truth.pdf")
    assert (tmp_path / "truth.pdf").read_bytes().startswith(b"%PDF")


def test_trajectories_are_labelled_with_their_numbers(tmp_path):
    boxes = Detections(np.tile([0, 0, 10, 10], (4, 1)), np.ones(4), [0, 1, 0, 1], track_ids=[71, 71, 93, 93])
    draw(boxes, tmp_path / "tracks.svg", title="Two of them")
    assert {"71", "93", "Two of them"} <= texts_of(tmp_path / "tracks.svg")


@pytest.mark.parametrize(
    ("title", "shown"),
    [("cam$1 to $2", "cam$1 to $2"), ("$\\frac{1}{2", "$\\frac{1}{2"), ("a\x1bb\udcff", r"a\x1bb\udcff")],
    ids=["dollars", "an unfinished formula", "control characters"],
)
def test_a_title_is_drawn_as_it_stands(tmp_path, title, shown):
    boxes = Detections([[0, 0, 9, 9]], [1], [0], track_ids=[0])
    draw(boxes, tmp_path / "tracks.svg", title=title)
    assert shown in texts_of(tmp_path / "tracks.svg")


def test_trajectories_beyond_the_limit_are_counted_but_not_labelled(tmp_path):
    boxes = Detections(np.tile([0, 0, 10, 10], (3, 1)), np.ones(3), [0, 1, 0], track_ids=[71, 71, 93])
    draw(boxes, tmp_path / "tracks.svg", max_tracks=1)
    texts = texts_of(tmp_path / "tracks.svg")
    assert "71" in texts
    assert "93" not in texts
    assert "2 trajectories, the 1 longest in colour" in texts


def test_no_trajectories_give_an_empty_image(tmp_path):
    draw(link(Detections(np.empty((0, 4)), [], [])), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 0


def test_boxes_without_identity_are_left_out(tmp_path):
    boxes = Detections(np.tile([0, 0, 10, 10], (2, 1)), np.ones(2), [0, 1], track_ids=[71, -1])
    draw(boxes, tmp_path / "tracks.svg")
    assert "1 trajectory" in texts_of(tmp_path / "tracks.svg")


def test_an_image_has_one_of_three_suffixes(scene, tmp_path):
    with pytest.raises(
        ValueError, match=r"^path: found '.*tracks\.jpg', expected one of the suffixes \.png, \.svg, \.pdf"
    ):
        draw(scene.truth, tmp_path / "tracks.jpg")


def test_only_tracks_are_drawn(scene, tmp_path):
    with pytest.raises(TypeError, match=r"^tracks: found list, expected Trajectories or Detections with track_ids$"):
        draw([scene.truth], tmp_path / "tracks.png")


def test_boxes_need_identities(scene, tmp_path):
    with pytest.raises(ValueError, match=r"^tracks: found boxes without track_ids"):
        draw(scene.detections, tmp_path / "tracks.png")


def test_pyplot_is_not_imported(scene, tmp_path):
    code = (
        "import sys\nfrom trajtrack.scenes import make_scene\nfrom trajtrack.viewer.drawing import draw\n"
        f"draw(make_scene(num_frames=5).truth, {str(tmp_path / 'tracks.png')!r})\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_without_matplotlib_the_error_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from trajtrack.scenes import make_scene\nfrom trajtrack.viewer.drawing import draw\n"
        f"try: draw(make_scene(num_frames=5).truth, {str(tmp_path / 'tracks.png')!r})\n"
        "except ImportError as error: print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "images need matplotlib: pip install 'trajtrack[view]'\n"
