"""FiftyOne: tracks as frame labels of a video sample.

With your own video:

    dataset = fiftyone.Dataset()
    dataset.add_sample(sample)
    fiftyone.launch_app(dataset).wait()
"""

from __future__ import annotations

import fiftyone

import trajtrack
from trajtrack.exports import to_fiftyone

detections = trajtrack.make_scene(num_frames=60, seed=1).detections
tracks = trajtrack.link(detections)

sample = fiftyone.Sample(filepath="video.mp4")
for number, labels in to_fiftyone(tracks, width=1280, height=720).items():  # size of the video in pixels
    sample.frames[number] = fiftyone.Frame(tracks=labels)

first = sample.frames[1].tracks.detections
print(f"frame 1: {len(first)} boxes, the first of them with index {first[0].index}")
