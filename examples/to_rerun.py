"""Rerun: tracks in a recording that `rerun tracks.rrd` opens.

With your own video, directly in the viewer:

    rerun.init("video", spawn=True)
    for number, image in enumerate(images):
        rerun.set_time("frame", sequence=number)
        rerun.log("video", rerun.Image(image))
    log_to_rerun(tracks, entity_path="video/tracks")
"""

from __future__ import annotations

from pathlib import Path

import rerun

import trajtrack
from trajtrack.exports import log_to_rerun

detections = trajtrack.make_scene(num_frames=60, seed=1).detections
tracks = trajtrack.link(detections)

recording = rerun.RecordingStream("trajtrack")
recording.save("tracks.rrd")
log_to_rerun(tracks, recording)
recording.disconnect()
print(f"tracks.rrd: {len(tracks)} trajectories, {Path('tracks.rrd').stat().st_size / 1e3:.0f} kB")
