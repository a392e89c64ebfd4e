from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.question_examples import make_questions
from trajtrack import Detections, LinkOptions, TrajtrackWarning, link, make_scene, read, write
from trajvqa.cli import main
from trajvqa.datasets.nextqa import write_questions
from trajvqa.ingest import BuildOptions, build_trajectories
from trajvqa.stores import RegionFeatures, TrajectoryStore, write_region_features

BOXES = {"dog": [0.0, 0, 20, 10], "cat": [50.0, 0, 60, 10]}
CONFIDENCES = {"dog": 0.5, "cat": 0.75}
NAMES = {0: "dog", 1: "cat"}


def make_detections(length: int = 4, num_frames: int = 8) -> Detections:
    """Return a dog in `length` frames and a cat in two."""
    rows = [(frame, label) for frame in range(length) for label, name in NAMES.items() if name == "dog" or frame < 2]
    return Detections(
        boxes=[BOXES[NAMES[label]] for _, label in rows],
        scores=[CONFIDENCES[NAMES[label]] for _, label in rows],
        frames=[frame for frame, _ in rows],
        labels=[label for _, label in rows],
        num_frames=num_frames,
        label_names=NAMES,
    )


def write_video(folder: Path, video: str, detections: Detections | None = None, **facts: object) -> Path:
    """Write detections as annotations of an image of 100 by 50 pixels."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{video}.json"
    write(path, detections or make_detections())
    document = json.loads(path.read_text()) | {"width": 100, "height": 50} | facts
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
    return path


@pytest.fixture
def videos(tmp_path):
    return [str(write_video(tmp_path / "in", video)) for video in ("a", "b")]


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out.h5"


def only(output: Path, video: str = "a"):
    return TrajectoryStore(output).trajectories(video)


def test_every_file_becomes_a_video(videos, output):
    report = build_trajectories(videos, output)
    store = TrajectoryStore(output)
    assert store.ids == ("a", "b")
    assert store.classes == ("dog", "cat")
    assert store.counts.tolist() == [2, 2]
    assert (report.videos, report.trajectories, report.classes, report.feature_size) == (2, 4, 2, 7)
    assert store.attributes["tracker"].startswith("trajtrack ")


def test_trajectories_are_those_of_linking(videos, output):
    build_trajectories(videos, output, BuildOptions(link=LinkOptions(rescore="mean"), keep_boxes=True))
    tracks = link(read(videos[0]), method="seq-nms")
    found = only(output)
    assert found.scores.tolist() == tracks.scores.tolist()
    assert [frames.tolist() for frames in found.frames] == [track.frames.tolist() for track in tracks]
    assert [boxes.tolist() for boxes in found.boxes] == [track.boxes.tolist() for track in tracks]


def test_times_are_shares_of_all_frames_of_the_video(videos, output):
    build_trajectories(videos, output)
    assert only(output).spans.tolist() == [[0, 0.5], [0, 0.25]]


def test_the_score_is_the_sum_over_the_path(videos, output):
    build_trajectories(videos, output)
    assert only(output).scores.tolist() == [2.0, 1.5]


def test_a_trajectory_needs_two_detections(tmp_path, output):
    path = str(write_video(tmp_path, "a", make_detections(length=1)))
    with pytest.warns(TrajtrackWarning, match=f"^{re.escape(path)}: "):
        build_trajectories([path], output)
    assert len(only(output)) == 0


def test_the_limit_keeps_the_best_paths(videos, output):
    build_trajectories(videos, output, BuildOptions(limit=1))
    assert only(output).scores.tolist() == [2.0]


def test_features_of_detections_are_averaged_over_each_trajectory(videos, output, tmp_path):
    features = np.arange(6 * 2, dtype=np.float32).reshape(6, 2)
    for video in ("a", "b"):
        np.save(tmp_path / f"{video}.npy", features)
    build_trajectories(videos, output, BuildOptions(features=tmp_path))
    labels = read(videos[0]).labels
    assert only(output).features.tolist() == [features[labels == label].mean(axis=0).tolist() for label in (0, 1)]


def test_an_id_within_a_file_comes_before_its_name(tmp_path, output):
    build_trajectories([str(write_video(tmp_path, "0001_a", video_id="17"))], output)
    assert TrajectoryStore(output).ids == ("17",)


def test_the_size_of_the_image_may_be_given(tmp_path, output):
    path = write_video(tmp_path, "a", width=None)
    with pytest.raises(ValueError, match=re.escape(f"{path}: width and height: found none")):
        build_trajectories([str(path)], output)
    build_trajectories([str(path)], output, BuildOptions(image_size=(100, 50)))
    assert only(output).features[0, 2] == np.float32(0.2)


def test_questions_choose_the_videos_and_know_the_images(tmp_path, output):
    paths = [str(write_video(tmp_path, video, width=None)) for video in ("video0", "other", "video1")]
    report = build_trajectories(paths, output, questions=make_questions(videos=3))
    assert TrajectoryStore(output).ids == ("video0", "video1")
    assert report.other_videos == 1
    assert report.missing_videos == ("video2",)
    assert only(output, "video0").features[0, 2] == np.float32(20 / 640)


def test_given_classes_number_the_labels(videos, output):
    build_trajectories(videos, output, BuildOptions(classes=("cow", "cat", "dog")))
    assert TrajectoryStore(output).classes == ("cow", "cat", "dog")
    assert only(output).labels.tolist() == [2, 1]


def test_a_class_that_is_not_among_those_given_names_the_file(videos, output):
    with pytest.raises(ValueError, match=re.escape(f"{videos[0]}: labels: found 'dog', expected one of the 1 classes")):
        build_trajectories(videos, output, BuildOptions(classes=("cow",)))


def test_a_broken_video_is_named_and_nothing_is_written(videos, output):
    Path(videos[1]).write_text("{")
    with pytest.raises(ValueError, match=re.escape(f"{videos[1]}: line 1: found")):
        build_trajectories(videos, output)
    assert not output.exists()
    assert len(list(output.parent.iterdir())) == 1


def test_broken_videos_may_be_skipped(videos, output, tmp_path):
    Path(videos[0]).write_text("{")
    report = build_trajectories([*videos, str(tmp_path / "nowhere.json")], output, skip_broken=True)
    assert TrajectoryStore(output).ids == ("b",)
    assert [broken.path for broken in report.broken] == [videos[0], str(tmp_path / "nowhere.json")]
    assert isinstance(report.broken[1].error, FileNotFoundError)


def test_two_files_of_one_video_are_named(tmp_path, output):
    paths = [str(write_video(tmp_path / folder, "a")) for folder in ("in", "more")]
    message = f"{paths[1]}: found video a, expected a video other than that of {paths[0]}"
    with pytest.raises(ValueError, match=re.escape(message)):
        build_trajectories(paths, output)


def test_no_video_at_all_is_an_error(videos, output):
    with pytest.raises(ValueError, match=r"found no video to write in 2 files \(0 broken, 2 of other videos\)"):
        build_trajectories(videos, output, questions=make_questions())


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((5, 2)), "found float64 of shape (5, 2), expected float numbers of shape (6, D)"),
        (np.zeros((6, 2), np.int64), "found int64 of shape (6, 2), expected float numbers"),
        (np.full((6, 2), np.nan), "row 0: found NaN or infinity, expected finite numbers"),
    ],
)
def test_features_that_do_not_fit_the_detections_are_named(videos, output, tmp_path, features, message):
    np.save(tmp_path / "a.npy", features)
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / 'a.npy'}: {message}")):
        build_trajectories(videos, output, BuildOptions(features=tmp_path))


def test_features_of_another_width_name_the_file(videos, output, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((6, 2)))
    np.save(tmp_path / "b.npy", np.zeros((6, 3)))
    message = f"{videos[1]}: features: found 3 numbers, expected 2 as in the previous files"
    with pytest.raises(ValueError, match=re.escape(message)):
        build_trajectories(videos, output, BuildOptions(features=tmp_path))


def test_missing_features_are_named(videos, output, tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "a.npy"))):
        build_trajectories(videos, output, BuildOptions(features=tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "boxes"}, "source: found 'boxes', expected one of detections, regions, mega, seq-nms"),
        ({"limit": 0}, "limit: found 0, expected at least 1"),
        ({"image_size": (0, 5)}, "image_size: found (0, 5), expected a width and a height of at least 1"),
        ({"features": Path("/nowhere")}, "features: found no folder /nowhere, expected one"),
        ({"features": Path("/"), "source": "mega"}, "features: found a folder, expected none"),
        ({"features": Path("/"), "source": "regions"}, "features: found a folder, expected none: the files of regions"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        BuildOptions(**options)


def test_mega_tracklets_take_the_length_of_the_video_from_the_questions(tmp_path, output):
    entries = [[frame, 3, 0, 0, 20, 10, 0.5, 65, 0, 0, 20, 10] for frame in range(50)]
    np.save(tmp_path / "0001_video0.npy", np.array(entries))
    np.save(tmp_path / "0001_12.npy", np.array(entries))
    paths = [str(tmp_path / "0001_12.npy")]
    build_trajectories(paths, output, BuildOptions(source="mega", image_size=(100, 50)))
    assert only(output, "12").spans.tolist() == [[0, 1]]
    paths = [str((tmp_path / "0001_12.npy").rename(tmp_path / "video0.npy"))]
    build_trajectories(paths, output, BuildOptions(source="mega"), questions=make_questions())
    found = only(output, "video0")
    assert found.spans.tolist() == [[0, 0.5]]
    assert TrajectoryStore(output).classes[found.labels[0]] == "dog"


def test_seq_nms_tracklets_bring_their_features(tmp_path, output):
    entry = {"fstart": 0, "score": 0.5, "bboxes": [BOXES["dog"]] * 3, "class": "dog"}
    (tmp_path / "0001_12.json").write_text(json.dumps({"0001_12-0000-0030": [entry], "n_trajs": [1]}))
    np.save(tmp_path / "0001_12_traj_features.npy", np.array([[1, 2]], np.float32))
    build_trajectories([str(tmp_path / "0001_12.json")], output, BuildOptions(source="seq-nms", features=tmp_path))
    assert only(output, "12").features.tolist() == [[1, 2]]


def write_regions(path: Path, seed: int = 0, videos: tuple[str, ...] = ("video0", "12")) -> Path:
    """Write regions of two objects in 3 clips of 2 frames; the last of four is repeated, as in published files."""
    rng = np.random.Generator(np.random.PCG64(seed))

    def regions() -> tuple[np.ndarray, np.ndarray]:
        boxes = np.tile(np.array([BOXES["dog"], BOXES["cat"], BOXES["cat"], BOXES["cat"]]), (3, 2, 1, 1))
        features = rng.standard_normal((3, 2, 4, 5))
        features[:, :, 2:] = features[:, :, 1:2]
        # The cat leaves after the second clip.
        features[2, :, 1:], boxes[2, :, 1:] = features[2, :, :1], boxes[2, :, :1]
        return features, boxes

    write_region_features(path, videos, (regions() for _ in videos))
    return path


def test_regions_are_linked_as_one_class_over_the_sampled_frames(tmp_path, output):
    path = write_regions(tmp_path / "region_3c4b_val.h5")
    report = build_trajectories([str(path)], output, BuildOptions(source="regions"))
    assert (report.videos, report.trajectories, report.feature_size) == (2, 4, 5)
    store = TrajectoryStore(output)
    assert (store.ids, store.classes) == (("video0", "12"), ("object",))
    found = RegionFeatures(path).read(["12"])
    dog, cat = only(output, "12").features
    np.testing.assert_allclose(dog, found.features[0, :, :, 0].mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(cat, found.features[0, :2, :, 1].mean(axis=(0, 1)), rtol=1e-5)
    assert only(output, "12").spans.tolist() == [[0, 1], [0, np.float32(2 / 3)]]
    assert only(output, "12").scores.tolist() == [6, 4]


def test_boxes_of_regions_are_not_kept_since_their_frames_are_not_known():
    with pytest.raises(ValueError, match=r"^keep_boxes: found True, expected False: regions do not say which frames"):
        BuildOptions(source="regions", keep_boxes=True)


def test_regions_in_the_files_of_a_folder_are_read(tmp_path, output):
    (tmp_path / "regions").mkdir()
    write_regions(tmp_path / "regions" / "1.h5", videos=("video0",))
    write_regions(tmp_path / "regions" / "2.h5", videos=("12",))
    report = build_trajectories([str(tmp_path / "regions")], output, BuildOptions(source="regions"))
    assert (report.videos, report.trajectories) == (2, 4)


def test_the_store_of_regions_is_that_of_the_same_detections_one_by_one(tmp_path, output):
    rng = np.random.Generator(np.random.PCG64(3))
    scene = make_scene(num_frames=16, objects_per_frame=4, num_classes=1, seed=3)
    features, boxes = np.zeros((4, 4, 20, 6), np.float32), np.zeros((4, 4, 20, 4), np.float32)
    rows = [np.flatnonzero(scene.detections.frames == frame) for frame in range(16)]
    given = rng.standard_normal((len(scene.detections), 6)).astype(np.float32)
    for frame, chosen in enumerate(rows):
        features[frame // 4, frame % 4, : len(chosen)] = given[chosen]
        boxes[frame // 4, frame % 4, : len(chosen)] = scene.detections.boxes[chosen]
    write_region_features(tmp_path / "region_val.h5", ["a"], [(features, boxes)])
    build_trajectories([str(tmp_path / "region_val.h5")], output, BuildOptions(source="regions"))

    plain = replace(scene.detections, scores=np.ones(len(given), np.float32), labels=np.zeros(len(given), np.int32))
    tracks = link(plain, LinkOptions(min_length=2, rescore="sum"))
    assert len(tracks) > 2
    np.testing.assert_allclose(only(output).features, tracks.pool(given), rtol=1e-6)
    np.testing.assert_array_equal(only(output).scores, tracks.scores)
    expected = np.stack([tracks.starts, tracks.ends + 1], axis=1) / 16
    np.testing.assert_allclose(only(output).spans, expected)


def test_regions_of_videos_without_questions_are_skipped(tmp_path, output):
    path = write_regions(tmp_path / "region_val.h5")
    report = build_trajectories([str(path)], output, BuildOptions(source="regions"), questions=make_questions(videos=2))
    assert TrajectoryStore(output).ids == ("video0",)
    assert (report.other_videos, report.missing_videos) == (1, ("video1",))


def test_a_broken_video_of_regions_is_named_and_may_be_skipped(tmp_path, output):
    path = write_regions(tmp_path / "region_val.h5")
    with h5py.File(path, "r+") as file:
        file["bbox"][0, 0, 0, 0] = [20, 0, 0, 10]
    with pytest.raises(
        ValueError, match=re.escape(f"{path}: video video0: boxes, row 0: found [20.0, 0.0, 0.0, 10.0]")
    ):
        build_trajectories([str(path)], output, BuildOptions(source="regions"))
    report = build_trajectories([str(path)], output, BuildOptions(source="regions"), skip_broken=True)
    assert TrajectoryStore(output).ids == ("12",)
    assert [broken.path for broken in report.broken] == [str(path)]


def test_a_broken_file_of_regions_is_named_and_may_be_skipped(tmp_path, output):
    path, broken = write_regions(tmp_path / "region_val.h5"), tmp_path / "acregion_val.h5"
    broken.write_bytes(b"no HDF5")
    with pytest.raises(ValueError, match=re.escape(f"{broken}: found another format, expected an HDF5 file")):
        build_trajectories([str(broken), str(path)], output, BuildOptions(source="regions"))
    report = build_trajectories([str(broken), str(path)], output, BuildOptions(source="regions"), skip_broken=True)
    assert (report.videos, [each.path for each in report.broken]) == (2, [str(broken)])


@pytest.mark.parametrize("links", ["clips", "none"])
def test_regions_may_be_kept_without_their_links(tmp_path, output, links):
    path = str(write_regions(tmp_path / "region_val.h5"))
    build_trajectories([path], output, BuildOptions(source="regions", links=links, clips=3))
    assert len(only(output, "12")) == {"clips": 5, "none": 2}[links]


def test_the_command_reads_regions(tmp_path, output, capsys):
    write_regions(tmp_path / "region_val.h5")
    assert run(tmp_path / "region_val.h5", "-o", output, "--from", "regions", "--iou-threshold", "0.3") == 0
    assert capsys.readouterr().out == f"4 trajectories of 2 videos; 5 numbers each; 1 class -> {output}\n"
    assert "iou_threshold=0.3" in TrajectoryStore(output).attributes["options"]


def run(*words: object) -> int:
    return main(["build-trajectories", *map(str, words)])


def test_the_command_links_files_of_a_pattern(videos, output, tmp_path, capsys):
    assert run(tmp_path / "in" / "*.json", "-o", output) == 0
    assert TrajectoryStore(output).ids == ("a", "b")
    assert capsys.readouterr().out == f"4 trajectories of 2 videos; 7 numbers each; 2 classes -> {output}\n"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("set/train/a.json", "set/train/b.json", "set/test/c.json", "set/readme.md"):
            video = write_video(tmp_path / "files", Path(name).stem)
            file.write(video, name)
    return path


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", ("c", "a", "b")),
        ("/set/train", ("a", "b")),
        ("/set/*/[bc].json", ("c", "b")),
        ("/set/train/b.json", ("b",)),
    ],
    ids=["archive", "folder", "pattern", "file"],
)
def test_the_command_reads_from_archives(archive, output, word, expected):
    assert run(f"{archive}{word}", "-o", output) == 0
    assert TrajectoryStore(output).ids == expected


def test_a_pattern_without_a_match_in_an_archive_is_a_usage_error(archive, output, capsys):
    assert run(f"{archive}/nothing", "-o", output) == 2
    assert "nothing: no file matches" in capsys.readouterr().err


def test_a_broken_archive_is_named(tmp_path, output, capsys):
    (tmp_path / "data.zip").write_bytes(b"no archive")
    assert run(tmp_path / "data.zip", "-o", output) == 1
    assert f"{tmp_path / 'data.zip'}: found an unreadable file" in capsys.readouterr().err


def test_the_command_takes_options_of_linking(videos, output):
    assert run(*videos, "-o", output, "--min-length", 3, "--rescore", "mean") == 0
    assert only(output).scores.tolist() == [0.5]


def test_the_command_takes_the_classes_of_another_store(videos, output, tmp_path):
    (tmp_path / "classes.txt").write_text("cow\ncat\n\ndog\n")
    assert run(videos[0], "-o", tmp_path / "first.h5", "--classes", tmp_path / "classes.txt") == 0
    assert run(videos[1], "-o", output, "--classes", tmp_path / "first.h5", "--half", "--boxes", "--limit", 1) == 0
    assert TrajectoryStore(output).classes == ("cow", "cat", "dog")
    assert len(only(output, "b").boxes) == 1


def test_the_command_says_which_videos_of_the_questions_are_missing(tmp_path, output, capsys):
    write_questions(tmp_path / "val.csv", make_questions(videos=3))
    paths = [write_video(tmp_path, video) for video in ("video0", "other")]
    assert run(*paths, "-o", output, "--questions", tmp_path / "val.csv", "--image-size", "1x1") == 0
    printed = capsys.readouterr().out
    assert "2 trajectories of 1 video;" in printed
    assert "1 other video skipped; 2 videos of the questions missing: video1, video2" in printed


def test_the_command_names_a_broken_video_and_writes_nothing(videos, output, capsys):
    Path(videos[1]).write_text("{")
    assert run(*videos, "-o", output) == 1
    assert f"trajvqa: error: {videos[1]}: line 1: found" in capsys.readouterr().err
    assert not output.exists()


def test_the_command_skips_broken_videos_on_request(videos, output, capsys):
    Path(videos[1]).write_text("{")
    assert run(*videos, "-o", output, "--skip-broken") == 0
    printed = capsys.readouterr()
    assert printed.err.startswith(f"skipped: {videos[1]}: line 1: found")
    assert "1 broken file skipped" in printed.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--limit", "0"], "--limit: found 0, expected at least 1"),
        (["--image-size", "big"], "--image-size: found 'big', expected WIDTHxHEIGHT"),
        (["--features", "nowhere"], "--features: found no folder nowhere, expected one"),
        (["--iou-threshold", "2"], "--iou-threshold: found 2.0, expected a number from 0 to 1"),
    ],
)
def test_flags_out_of_range_are_a_usage_error(videos, output, capsys, words, message):
    assert run(*videos, "-o", output, *words) == 2
    assert f"trajvqa: error: {message}" in capsys.readouterr().err


@pytest.mark.real_data
def test_annotations_of_vidvrd_become_a_store(data_dir, output):
    words = data_dir / "vidvrd" / "VidVRD-dataset.zip" / "VidVRD-dataset" / "test" / "*_000[1-3]*"
    assert run(words, "-o", output, "--limit", 10) == 0
    store = TrajectoryStore(output)
    store.check_finite()
    assert len(store.ids) > 1
    assert store.counts.max() <= 10
    assert len(store.classes) == 95


@pytest.mark.real_data
def test_annotations_of_vidor_fit_the_questions_of_nextqa(data_dir, output, capsys):
    assert run(data_dir / "vidor" / "*.json", "-o", output, "--questions", data_dir / "nextqa" / "val.csv") == 0
    assert set(TrajectoryStore(output).ids) == {"11566930393", "2793806282"}
    assert "568 videos of the questions missing" in capsys.readouterr().out


def test_links_are_cut_at_the_borders_of_clips(videos, output):
    build_trajectories(videos, output, BuildOptions(links="clips", clips=4))
    found = only(output)
    assert found.spans.tolist() == [[0, 0.25], [0.25, 0.5], [0, 0.25]]
    assert TrajectoryStore(output).attributes["links"] == "clips"


def test_without_links_a_trajectory_is_one_of_its_detections(videos, output):
    build_trajectories(videos, output, BuildOptions(links="none"))
    spans = only(output).spans
    np.testing.assert_allclose(spans[:, 1] - spans[:, 0], [1 / 8, 1 / 8])


def test_tracklets_cannot_be_cut():
    message = "^links: found 'none', expected 'all': tracklets have no features of detections$"
    with pytest.raises(ValueError, match=message):
        BuildOptions(source="mega", links="none")
