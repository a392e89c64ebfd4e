from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from helpers.videos import find_squares, moving_square, write_video
from trajtrack import LinkOptions
from trajvqa.extract import ExtractOptions, Extractor
from trajvqa.extract.parts import of_video, read_part, write_part

pytest.importorskip("av")

LINK = LinkOptions(min_length=3)


@pytest.fixture
def written(models, tmp_path):
    """Return the path of a part, the video and the recipe."""
    path = write_video(tmp_path / "video.mp4", moving_square(12))
    extractor = Extractor(ExtractOptions(detector=find_squares, appearance=models / "resnet", clips=2, fps=None))
    extracted = extractor.extract(path)
    write_part(tmp_path / "video.npz", extracted, of_video(path), extractor.recipe)
    return tmp_path / "video.npz", extracted, extractor.recipe


def test_a_video_is_read_as_it_was_written_and_linked_with_the_given_options(written):
    path, extracted, recipe = written
    part = read_part(path, LINK)
    found = part.extracted
    for name in ("video", "num_frames", "width", "height", "frame_rate", "duration", "appearance_size"):
        assert getattr(found, name) == getattr(extracted, name)
    np.testing.assert_array_equal(found.clips, extracted.clips)
    np.testing.assert_array_equal(found.region_features, extracted.region_features)
    np.testing.assert_array_equal(found.detections.boxes, extracted.detections.boxes)
    assert found.detections.label_names == {0: "square"}
    assert found.trajectories.options == LINK
    assert part.is_of(recipe)


def test_a_part_does_not_depend_on_linking_classes_and_where_models_lie(written):
    path, _, recipe = written
    moved = replace(recipe.appearance, path="elsewhere")
    part = read_part(path, LINK)
    assert part.is_of(replace(recipe, link={"method": "flow"}, classes=("a",), appearance=moved))
    assert not part.is_of(replace(recipe, fps=3.0))


def test_the_same_video_gives_the_same_bytes(written, tmp_path):
    path, extracted, recipe = written
    write_part(tmp_path / "again.npz", extracted, read_part(path, LINK).source, recipe)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty"])
def test_a_damaged_part_is_refused_by_name(written, damage):
    path, _, _ = written
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "changed":
        content[len(content) // 2] ^= 255
    else:
        content.clear()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"video\.npz: found no extracted video \(.*remove the file to extract it"):
        read_part(path, LINK)
