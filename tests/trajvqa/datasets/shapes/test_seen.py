from __future__ import annotations

import numpy as np
import pytest

from trajvqa.datasets.shapes.film import MOTIONS, SHAPES, Film, make_film
from trajvqa.datasets.shapes.seen import SeenShapes, see
from trajvqa.stores import VideoTrajectories

DIRECTIONS = ("right", "down", "left", "up", "nowhere")


@pytest.fixture(scope="module")
def film() -> Film:
    return make_film("a", 1)


@pytest.fixture(scope="module")
def seen(film, tmp_path_factory) -> SeenShapes:
    path = tmp_path_factory.mktemp("films") / "a.mp4"
    film.write(path)
    return see(path)


def rows_of_things(film: Film, found: VideoTrajectories) -> list[int]:
    assert found.boxes is not None
    firsts = np.array([(boxes[0, :2] + boxes[0, 2:]) / 2 for boxes in found.boxes])
    return [int(abs(firsts - each.middle(0)).max(axis=1).argmin()) for each in film.things]


def test_each_thing_is_one_trajectory_of_its_class(film, seen):
    found = seen.as_trajectories(SHAPES)
    rows = rows_of_things(film, found)
    assert sorted(rows) == list(range(len(film.things)))
    assert [SHAPES[found.labels[row]] for row in rows] == [each.shape for each in film.things]
    np.testing.assert_allclose(found.spans, [[0, 1]] * len(found), atol=0.1)


def test_the_features_tell_where_a_thing_goes(film, seen):
    found = seen.as_trajectories(SHAPES)
    directions = found.features[rows_of_things(film, found), -len(MOTIONS) :].argmax(axis=1)
    assert [DIRECTIONS[index] for index in directions] == [each.motion for each in film.things]


def test_the_features_tell_colours_apart(film, seen):
    hues = seen.as_trajectories(SHAPES).features[:, : -len(MOTIONS)].argmax(axis=1)
    assert len(set(hues.tolist())) == len(film.things)


def test_clips_are_coarse_images(seen):
    assert seen.clips.shape[0] == 4
    assert abs(seen.clips).max() <= 1
