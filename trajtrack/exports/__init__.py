"""Conversion of tracks for display in supervision, napari, Rerun and FiftyOne."""

from __future__ import annotations

from trajtrack.exports.fiftyone import to_fiftyone
from trajtrack.exports.napari import NapariLayers, to_napari
from trajtrack.exports.rerun import log_to_rerun
from trajtrack.exports.supervision import to_supervision

__all__ = ["NapariLayers", "log_to_rerun", "to_fiftyone", "to_napari", "to_supervision"]
