"""Tables of pandas, polars and pyarrow, with any column names: the IDs become the column `track_id`.

With your own table, one row per box:

    names = {"frame": "image_index", "score": "confidence"}  # trajtrack's name: your name
    tracks = trajtrack.link(trajtrack.Detections.from_table(table, columns=names))
    table = trajtrack.attach_ids(table, tracks)
"""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa

import trajtrack

found = trajtrack.make_scene(num_frames=60, seed=1).detections  # stands in for the detector
columns = found.to_columns()
columns["image_index"] = columns.pop("frame")
columns["confidence"] = columns.pop("score")
columns["label"] = [("person", "car")[label] for label in found.labels]  # classes may be strings

for make in (pd.DataFrame, pl.DataFrame, pa.table):
    table = make(columns)
    names = {"frame": "image_index", "score": "confidence"}
    detections = trajtrack.Detections.from_table(table, columns=names)
    tracks = trajtrack.link(detections)
    table = trajtrack.attach_ids(table, tracks)
    print(f"{type(table).__module__}: {table.shape}, {detections.label_names}")

table = trajtrack.attach_ids(pd.DataFrame(columns), tracks)
print(table[table.track_id >= 0].groupby("track_id").confidence.mean().head(3).round(3).to_dict())
trajtrack.write_page(tracks, "tracks.html")  # the tracks, to open in a browser
