"""torchvision: one dict of tensors per frame; the IDs are added to it as a tensor.

With your own model and images:

    outputs = [model([image])[0] for image in images]  # under torch.inference_mode()
    tracks = trajtrack.link(trajtrack.Detections.from_frames(outputs))
    outputs = trajtrack.attach_ids(outputs, tracks)
"""

from __future__ import annotations

import torch

import trajtrack

found = trajtrack.make_scene(num_frames=60, seed=1).detections  # stands in for the model
outputs = []
for number in range(found.num_frames):
    own = found[found.frames == number]
    outputs.append(
        {
            "boxes": torch.from_numpy(own.boxes),
            "labels": torch.from_numpy(own.labels).long(),
            "scores": torch.from_numpy(own.scores),
        }
    )

tracks = trajtrack.link(trajtrack.Detections.from_frames(outputs))
outputs = trajtrack.attach_ids(outputs, tracks)

first = outputs[0]
print(f"first frame: track_ids {first['track_ids'].tolist()}")
tracked = {name: column[first["track_ids"] >= 0] for name, column in first.items()}
print(f"first frame: {len(tracked['boxes'])} of {len(first['boxes'])} boxes are tracked")
trajtrack.write_page(tracks, "tracks.html")  # the tracks, to open in a browser
