"""A minimal test of an installed wheel, with only NumPy and pytest."""

from __future__ import annotations

import numpy as np

import trajtrack


def test_a_moving_object_with_a_gap_becomes_one_trajectory() -> None:
    frames = np.array([0, 1, 2, 5, 6])
    boxes = np.stack([10 + 2 * frames, 0 * frames, 30 + 2 * frames, 40 + 0 * frames], axis=1)
    detections = trajtrack.Detections(boxes, scores=[0.9, 0.8, 0.9, 0.7, 0.9], frames=frames, labels=[4] * 5)
    (track,) = trajtrack.link(detections)
    assert track.frames.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert track.rows.tolist() == [0, 1, 2, -1, -1, 3, 4]
    assert track.boxes.tolist() == [[10 + 2 * k, 0, 30 + 2 * k, 40] for k in range(7)]
    assert track.label == 4


def test_the_core_agrees_with_the_reference() -> None:
    from trajtrack import flow_reference
    from trajtrack.scenes import make_scene

    detections = make_scene(num_frames=40).detections
    found, expected = trajtrack.link(detections), flow_reference.link(detections)
    for name in ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


def test_results_do_not_depend_on_threads() -> None:
    from trajtrack.scenes import make_scene

    detections = make_scene(num_frames=300, objects_per_frame=90, false_positives=20).detections
    assert len(detections) > 20_000
    one, several = (trajtrack.link(detections, num_threads=number) for number in (1, 4))
    np.testing.assert_array_equal(one.track_ids, several.track_ids)


def test_files_survive_a_round_trip(tmp_path) -> None:
    detections = trajtrack.Detections([[0.5, 1, 20.25, 30]], [0.75], [3])
    trajtrack.write(tmp_path / "tracks.txt", trajtrack.link(detections))
    read = trajtrack.read(tmp_path / "tracks.txt")
    assert (read.boxes.tolist(), read.track_ids.tolist()) == ([[0.5, 1, 20.25, 30]], [0])


def test_detector_output_becomes_a_page(tmp_path) -> None:
    frames = [{"boxes": [[8 * t, 90, 60 + 8 * t, 220]], "scores": [0.9]} for t in range(10)]
    tracks = trajtrack.link(trajtrack.Detections.from_frames(frames))
    assert [entry["track_ids"].tolist() for entry in trajtrack.attach_ids(frames, tracks)] == [[0]] * 10
    assert trajtrack.write_page(tracks, tmp_path / "tracks.html").num_tracks == 1
    assert (tmp_path / "tracks.html").read_text().startswith("<!doctype html>")


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert trajtrack.__version__ == version("trajtrack")
