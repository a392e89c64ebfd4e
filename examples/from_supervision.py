"""supervision: IDs in `tracker_id`, and boxes for the frames in which the detector missed an object.

With your own detector and video:

    frames = [sv.Detections.from_ultralytics(model(image)[0]) for image in sv.get_video_frames_generator("in.mp4")]
    tracks = trajtrack.link(trajtrack.Detections.from_frames(frames))
    frames = trajtrack.attach_ids(frames, tracks)
"""

from __future__ import annotations

import numpy as np
import supervision as sv

import trajtrack

NAMES = np.array(["person", "car"])

found = trajtrack.make_scene(num_frames=60, seed=1).detections  # stands in for the detector
frames = []
for number in range(found.num_frames):
    own = found[found.frames == number]
    frames.append(
        sv.Detections(own.boxes, confidence=own.scores, class_id=own.labels, data={"class_name": NAMES[own.labels]})
    )

tracks = trajtrack.link(trajtrack.Detections.from_frames(frames))
with_ids = trajtrack.attach_ids(frames, tracks)
print(f"first frame: tracker_id {with_ids[0].tracker_id}")

tracked = with_ids[0][with_ids[0].tracker_id >= 0]  # drop boxes that are in no trajectory
print(f"first frame: {len(tracked)} of {len(frames[0])} boxes are tracked")

trace = sv.TraceAnnotator(trace_length=30)
for boxes in trajtrack.to_supervision(tracks):  # with interpolated boxes, so traces have no gaps
    image = trace.annotate(np.zeros((720, 1280, 3), np.uint8), boxes)
image = sv.LabelAnnotator().annotate(image, boxes, labels=[str(number) for number in boxes.tracker_id])
print(f"last frame: {len(boxes)} boxes drawn, {boxes.data['interpolated'].sum()} of them interpolated")
trajtrack.write_page(tracks, "tracks.html")  # the tracks, to open in a browser
