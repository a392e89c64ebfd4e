"""Hugging Face Transformers: the lists of an object-detection pipeline; each box gets its `track_id`.

With your own model and images:

    found = pipeline("object-detection", model="hustvl/yolos-tiny")(images)
    tracks = trajtrack.link(trajtrack.Detections.from_frames(found))
    found = trajtrack.attach_ids(found, tracks)

If you call `post_process_object_detection` yourself, pass its dicts to `from_frames` in the same way.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessor, pipeline

import trajtrack

# An untrained model stands in for one from the hub; its boxes are random.
torch.manual_seed(0)
sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
names = {0: "person", 1: "car"}
config = YolosConfig(image_size=[32, 48], num_detection_tokens=5, id2label=names, initializer_range=0.5, **sizes)
processor = YolosImageProcessor(size={"height": 32, "width": 48})
detect = pipeline("object-detection", model=YolosForObjectDetection(config), image_processor=processor)

image = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
images = [Image.fromarray(np.roll(image, shift, axis=1)) for shift in range(8)]  # the scene moves to the right
found = detect(images, threshold=0.3)

detections = trajtrack.Detections.from_frames(found, label_names=names)
tracks = trajtrack.link(detections)
found = trajtrack.attach_ids(found, tracks)
print(f"{len(detections)} boxes in {detections.num_frames} images are {len(tracks)} trajectories")
print("the first of them:", found[0][0])
trajtrack.write_page(tracks, "tracks.html")  # the tracks, to open in a browser
