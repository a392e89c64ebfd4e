from __future__ import annotations

import numpy as np
import pytest

from trajtrack.detect import open_frames
from trajvqa.datasets.shapes.film import COLOURS, HEIGHT, NUM_FRAMES, WIDTH, Film, make_film


def ends(film: Film) -> np.ndarray:
    return np.array([[each.middle(0), each.middle(NUM_FRAMES - 1)] for each in film.things])


def test_the_same_seed_gives_the_same_film():
    one, two = make_film("a", 3), make_film("a", 3)
    assert one.things == two.things
    np.testing.assert_array_equal(one.image(5), two.image(5))
    assert make_film("a", 4).things != one.things


@pytest.mark.parametrize("seed", range(20))
def test_things_have_different_colours_and_stay_in_the_image(seed):
    film = make_film("a", seed)
    assert len({each.colour for each in film.things}) == len(film.things) >= 3
    radii = np.array([each.radius for each in film.things])[:, None, None]
    assert (ends(film) - radii >= 0).all()
    assert (ends(film) + radii <= [WIDTH, HEIGHT]).all()


def test_an_image_shows_each_thing_where_it_is():
    film = make_film("a", 0)
    for frame in (0, NUM_FRAMES - 1):
        image = film.image(frame)
        for each in film.things:
            x, y = each.middle(frame).round().astype(int)
            assert tuple(image[y, x]) == COLOURS[each.colour]


def test_the_file_has_all_frames_near_their_images(tmp_path):
    film = make_film("a", 0)
    film.write(tmp_path / "a.mp4")
    frames = list(open_frames(tmp_path / "a.mp4").frames())
    assert len(frames) == NUM_FRAMES
    assert abs(frames[-1].pixels().astype(int) - film.image(NUM_FRAMES - 1)).mean() < 8
