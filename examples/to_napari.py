"""napari: tracks as a Tracks layer and a Shapes layer.

With your own images, after pip install 'napari[all]':

    viewer = napari.Viewer()
    viewer.add_image(images)  # (T, H, W, 3)
    viewer.add_tracks(layers.tracks, properties=layers.properties)
    viewer.add_shapes(layers.rectangles, properties=layers.properties, face_color="transparent")
    napari.run()
"""

from __future__ import annotations

import napari.layers

import trajtrack
from trajtrack.exports import to_napari

detections = trajtrack.make_scene(num_frames=60, seed=1).detections
layers = to_napari(trajtrack.link(detections))

tracks = napari.layers.Tracks(layers.tracks, properties=layers.properties, name="tracks")
boxes = napari.layers.Shapes(
    layers.rectangles, shape_type="rectangle", properties=layers.properties, face_color="transparent", name="boxes"
)
print(f"{tracks.name}: {len(set(tracks.data[:, 0]))} trajectories")
print(f"{boxes.name}: {boxes.nshapes}, {boxes.properties['interpolated'].sum()} of them interpolated")
