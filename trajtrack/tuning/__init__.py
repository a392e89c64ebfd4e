"""Search for linking options with ground truth, and test of what it finds on videos that it has not seen."""

from __future__ import annotations

from trajtrack.tuning.validation import Fold, Tuned, best_of, most_linkings, tune
from trajtrack.tuning.videos import Linkings, TuningVideo

__all__ = ["Fold", "Linkings", "Tuned", "TuningVideo", "best_of", "most_linkings", "tune"]
