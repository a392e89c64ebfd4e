from __future__ import annotations

import numpy as np
import pytest

from helpers.export_examples import linked, tracks
from helpers.libraries import library
from trajtrack import Detections
from trajtrack.exports import to_napari

layers = library("napari.layers")

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_tracks_layer_takes_the_tracks() -> None:
    found = to_napari(linked())
    layer = layers.Tracks(found.tracks, properties=found.properties)
    # Half a pixel less than in trajtrack: the centre of the first pixel is 0.
    assert layer.data.tolist() == [
        [0, 0, 39.5, 24.5],
        [0, 1, 39.5, 26.5],
        [0, 2, pytest.approx(39.5 + 1 / 12), 28.5],
        [0, 3, pytest.approx(39.5 + 2 / 12), 30.5],
        [0, 4, 39.75, 32.5],
        [1, 6, 69.5, 114.75],
    ]
    assert layer.properties["score"].tolist() == [0.75, 0.5, 0, 0, 1, 0.25]
    assert layer.properties["label"].tolist() == [2, 2, 2, 2, 2, 5]
    assert layer.properties["interpolated"].tolist() == [0, 0, 1, 1, 0, 0]
    assert layer.properties["width"].tolist() == [30] * 6
    assert layer.properties["height"].tolist() == pytest.approx([40, 40, 40 + 1 / 6, 40 + 2 / 6, 40.5, 40])


def test_tracks_can_be_coloured_by_each_property() -> None:
    found = to_napari(linked())
    layer = layers.Tracks(found.tracks, properties=found.properties)
    for name in found.properties:
        layer.color_by = name
        assert len(layer.track_colors) == 6


def test_a_shapes_layer_takes_the_boxes() -> None:
    found = to_napari(linked())
    layer = layers.Shapes(found.rectangles, shape_type="rectangle", properties=found.properties)
    assert layer.nshapes == 6
    assert layer.data[5].tolist() == [[6, 49.5, 99.75], [6, 49.5, 129.75], [6, 89.5, 129.75], [6, 89.5, 99.75]]


def test_a_box_covers_the_pixels_that_it_covers_in_an_image_layer() -> None:
    image = layers.Image(np.arange(200).reshape(10, 20))
    pixels = to_napari(Detections([[0, 0, 1, 1], [19, 9, 20, 10]], [1, 1], [0, 1], track_ids=[0, 0]))
    first, last = pixels.rectangles[:, :, 1:]
    inwards = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) / 100
    assert [image.get_value(corner) for corner in first + inwards] == [0] * 4
    assert [image.get_value(corner) for corner in last + inwards] == [199] * 4


def test_rows_in_any_order_are_sorted_with_their_properties() -> None:
    rows = tracks()[[5, 4, 0, 3, 1, 2]]
    found = to_napari(rows)
    np.testing.assert_array_equal(found.tracks, to_napari(linked()).tracks)
    assert layers.Tracks(found.tracks, properties=found.properties).properties["score"].tolist() == [
        0.75, 0.5, 0, 0, 1, 0.25
    ]  # fmt: skip
