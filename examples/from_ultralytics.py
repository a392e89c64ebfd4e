"""Ultralytics: IDs in `boxes.id` of every `Results`, where its own trackers put them.

With your own model and video:

    results = list(YOLO("yolo11n.pt").predict("in.mp4", stream=True, conf=0.1))
    tracks = trajtrack.link(trajtrack.Detections.from_frames(results))
    results = trajtrack.attach_ids(results, tracks)
"""

from __future__ import annotations

import numpy as np
import torch
from ultralytics.engine.results import Results

import trajtrack

NAMES = {0: "person", 1: "car"}

found = trajtrack.make_scene(num_frames=60, seed=1).detections  # stands in for the model
image = np.zeros((720, 1280, 3), np.uint8)
results = []
for number in range(found.num_frames):
    own = found[found.frames == number]
    rows = np.column_stack([own.boxes, own.scores, own.labels])
    results.append(Results(image, f"{number}.jpg", NAMES, boxes=torch.tensor(rows, dtype=torch.float32)))

tracks = trajtrack.link(trajtrack.Detections.from_frames(results))
results = trajtrack.attach_ids(results, tracks)

first = results[0]
print(f"first frame: boxes.id {first.boxes.id.int().tolist()}")
first = first[first.boxes.id >= 0]  # drop boxes that are in no trajectory
print(f"first frame: {len(first)} boxes are tracked, the first of them a {first.summary()[0]['name']}")
print(f"{len(tracks)} trajectories, the longest of {tracks.lengths.max()} boxes")
trajtrack.write_page(tracks, "tracks.html")  # the tracks, to open in a browser
