from __future__ import annotations

import numpy as np
import pytest

from trajvqa.datasets.shapes.detector import find_shapes
from trajvqa.datasets.shapes.film import make_film


@pytest.mark.parametrize("seed", range(20))
def test_each_thing_is_found_where_it_is_and_named(seed):
    film = make_film("a", seed)
    (found,) = find_shapes([film.image(7)])
    middles = (found["boxes"][:, :2] + found["boxes"][:, 2:]) / 2
    seen = []
    for each in film.things:
        distances = abs(middles - each.middle(7)).max(axis=1)
        assert distances.min() < 2
        seen.append(found["labels"][distances.argmin()])
    assert seen == [each.shape for each in film.things]
    assert len(found["boxes"]) == len(film.things)


def test_an_empty_image_has_no_boxes():
    (found,) = find_shapes([np.full((30, 40, 3), 120, np.uint8)])
    assert found["boxes"].shape == (0, 4)
