from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.videos import find_squares, moving_square, square_image, write_video
from trajtrack.arguments import TrajtrackWarning
from trajtrack.decoding import open_frames
from trajvqa.extract import ExtractOptions, Extractor
from trajvqa.extract.clips import clip_frames
from trajvqa.extract.extracting import video_id

pytest.importorskip("av")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("videos") / "square.mp4", moving_square(40))


def extractor(models, **options):
    small = {"detector": find_squares, "clips": 4, "frames_per_clip": 4, "threads": 1, "fps": None}
    folders = {
        name: models / options.pop(name) if name in options else None for name in ("appearance", "motion", "text")
    }
    return Extractor(ExtractOptions(**(small | folders | options)))


def test_a_video_has_facts_clips_trajectories_and_features(models, video):
    found = extractor(models, appearance="resnet", motion="videomae").extract(video)
    assert (found.video, found.num_frames, found.width, found.height) == ("square", 40, 96, 64)
    assert (found.frame_rate, found.duration) == (25, pytest.approx(1.6))
    assert found.clips.shape == (4, 28)
    assert found.appearance_size == 16
    assert len(found.detections) == 40
    assert found.region_features.shape == (40, 16)
    tracks = found.as_trajectories(["square"])
    assert tracks.features.shape == (len(found.trajectories), 16)
    assert len(tracks) > 0
    np.testing.assert_allclose(tracks.features, found.trajectories.pool(found.region_features))
    assert sum(map(len, tracks.boxes)) == sum(map(len, found.trajectories))


def test_clips_show_the_frames_of_the_video(models, video):
    model = extractor(models, appearance="resnet")
    pixels = [frame.pixels() for frame in open_frames(video).frames()]
    found = model.extract(video).clips
    for row, clip in zip(found, clip_frames(40, 4, 4).tolist(), strict=True):
        encoder = model._appearance
        mean = encoder.encode([encoder.prepared(pixels[each]) for each in clip]).mean(axis=0)
        np.testing.assert_allclose(row, mean, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "regions", "size"),
    [
        ({"detector": "detector"}, "queries", 16),
        ({"detector": "detector", "appearance": "clip"}, "queries", 16),
        ({"detector": "detector", "appearance": "clip", "regions": "geometry"}, "geometry", 7),
        ({"detector": "detector", "regions": "clip"}, "clip", 10),
        ({"appearance": "dinov2"}, "dinov2", 16),
        ({}, "geometry", 7),
    ],
    ids=str,
)
def test_boxes_are_described_by_the_best_that_there_is(models, video, options, regions, size):
    given = dict(options)
    if "detector" in given:
        given["detector"] = models / given["detector"]
    if given.get("regions") == "clip":
        given["regions"] = str(models / "clip")
    model = extractor(models, fps=12.5, **given)
    record = model.recipe.regions
    assert (record if isinstance(record, str) else Path(record.path).name) == regions
    found = model.extract(video)
    classes = model.recipe.classes or ("square",)
    assert found.as_trajectories(classes).features.shape[1] == size


def test_queries_of_a_detector_without_them_are_refused(models):
    with pytest.raises(ValueError, match="regions: found queries with a detector without queries, expected a model"):
        extractor(models, regions="queries")


def test_features_belong_to_the_boxes_above_the_minimum_score(models, video):
    low = extractor(models, detector=models / "detector", fps=2.0, min_score=0.0).extract(video)
    scores = np.sort(low.detections.scores)
    limit = float(scores[len(scores) // 2])
    high = extractor(models, detector=models / "detector", fps=2.0, min_score=limit).extract(video)
    kept = low.detections.scores >= limit
    assert 0 < len(high.detections) < len(low.detections)
    np.testing.assert_array_equal(high.region_features, low.region_features[kept])


def test_a_rotated_video_is_upright(models, tmp_path):
    path = write_video(tmp_path / "rotated.mp4", moving_square(10), rotation=90)
    found = extractor(models, appearance="resnet").extract(path)
    assert (found.width, found.height) == (64, 96)
    assert np.isfinite(found.clips).all()


def test_a_video_of_variable_rate_is_sampled_by_time(models, tmp_path):
    times = [Fraction(index, 25) if index < 20 else Fraction(20, 25) + Fraction(index - 20, 5) for index in range(30)]
    path = write_video(tmp_path / "variable.mkv", moving_square(30), times=times)
    found = extractor(models, appearance="resnet", fps=5.0).extract(path)
    assert found.num_frames == 30
    assert found.detected.frames.tolist() == [0, 5, 10, 15, *range(20, 30)]
    assert found.clips.shape == (4, 16)


@pytest.mark.parametrize("count", [1, 3])
def test_a_short_video_repeats_frames(models, tmp_path, count):
    path = write_video(tmp_path / "short.mp4", moving_square(count))
    found = extractor(models, appearance="resnet", motion="videomae").extract(path)
    assert found.num_frames == count
    assert np.isfinite(found.clips).all()


def test_a_video_without_boxes_has_no_trajectories(models, tmp_path):
    path = write_video(tmp_path / "dark.mp4", [np.zeros((64, 96, 3), np.uint8)] * 10)
    with pytest.warns(TrajtrackWarning, match=r"dark\.mp4: found no box in 10 frames, expected some"):
        found = extractor(models, appearance="resnet").extract(path)
    assert len(found.trajectories) == 0
    assert found.as_trajectories(["square"]).features.shape == (0, 16)


def test_a_truncated_video_is_refused_before_any_model_runs_unless_it_is_to_be_kept(models, tmp_path):
    path = write_video(tmp_path / "video.mkv", moving_square(71))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def fail(frames):
        raise AssertionError

    with pytest.raises(ValueError, match=r"video\.mkv: found frames up to .* the file may be truncated"):
        extractor(models, detector=fail).extract(path)
    with pytest.warns(TrajtrackWarning, match=r"video\.mkv: found frames up to "):
        found = extractor(models, keep_damaged=True).extract(path)
    assert 0 < found.num_frames < 71


def test_a_folder_of_images_is_a_video(models, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in (5, 6, 7, 9):
        Image.fromarray(square_image(2 * number, 24)).save(folder / f"{number:06}.png")
    found = extractor(models, appearance="resnet", frame_rate=2.0).extract(folder)
    assert (found.video, found.num_frames, found.frame_rate) == ("images", 5, 2)
    assert found.detected.frames.tolist() == [0, 1, 2, 4]
    assert found.clips.shape == (4, 16)


def test_the_id_of_a_video_is_its_file_name_without_the_suffix():
    assert video_id("in/1.2.mp4") == "1.2"


def test_models_are_found_again_by_their_recipe(models, video):
    first = extractor(models, detector=models / "detector", appearance="resnet", motion="videomae", fps=5.0)
    second = Extractor.from_recipe(first.recipe, threads=1)
    assert second.recipe == first.recipe
    one, two = first.extract(video), second.extract(video)
    np.testing.assert_array_equal(one.clips, two.clips)
    np.testing.assert_array_equal(one.region_features, two.region_features)


def test_another_model_than_that_of_the_recipe_is_refused_by_name(models):
    recipe = extractor(models, detector=models / "detector", appearance="resnet").recipe
    with pytest.raises(ValueError, match=r"appearance model .*dinov2, other than .*resnet$"):
        Extractor.from_recipe(recipe, folders={"appearance": models / "dinov2"})
    with pytest.raises(ValueError, match="folders: found 'motion', expected a model of the recipe: detector, appear"):
        Extractor.from_recipe(recipe, folders={"motion": models / "videomae"})


def test_a_model_that_has_moved_is_named_if_it_is_not_found(models, tmp_path):
    recipe = extractor(models, appearance="resnet", detector=models / "detector").recipe
    moved = replace(recipe, appearance=replace(recipe.appearance, path=str(tmp_path / "gone")))
    with pytest.raises(ValueError, match="gone: found no such folder, expected a folder of Transformers"):
        Extractor.from_recipe(moved)
