"""Files of ``trajvqa extract``: recipes, and extracted videos."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from fuzz.mutations import damaged_bytes
from fuzz.target import Target
from fuzz.targets.questions import damaged_yaml
from trajtrack import Detections, LinkOptions
from trajtrack.detect.found_boxes import DetectedVideo
from trajvqa.extract.extracted import ExtractedVideo
from trajvqa.extract.options import link_to_recipe
from trajvqa.extract.parts import read_part, write_part
from trajvqa.extract.recipe import ModelRecord, Recipe, read_recipe

_LINK = LinkOptions(min_length=2)
_MODEL = ModelRecord("models/detector", {"kind": "transformers", "files": {"config.json": "ab12"}})
_RECIPE = Recipe(
    detector=_MODEL,
    fps=1.0,
    frame_rate=None,
    min_score=0.05,
    link=link_to_recipe(_LINK),
    regions="queries",
    appearance=_MODEL,
    motion=None,
    text=None,
    clips=16,
    frames_per_clip=16,
    classes=("cat", "dog"),
)


@functools.cache
def _part() -> bytes:
    found = Detections([[0, 0, 9, 9]] * 4, [0.5] * 4, [0, 1, 2, 3], [0] * 4, 4, label_names={0: "cat"})
    extracted = ExtractedVideo(
        video="in",
        num_frames=4,
        width=64,
        height=48,
        frame_rate=25.0,
        duration=0.16,
        clips=np.zeros((2, 3), np.float32),
        appearance_size=3,
        detected=DetectedVideo(found, np.arange(4, dtype=np.int32), np.arange(4) / 25),
        region_features=np.zeros((4, 2), np.float32),
        link=_LINK,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.npz")
        write_part(path, extracted, "ab12", _RECIPE)
        return path.read_bytes()


TARGETS: Sequence[Target] = (
    Target(
        "recipe",
        lambda rng: damaged_yaml(rng, yaml.safe_dump(_RECIPE.to_dict(), sort_keys=False)),
        lambda folder, files, rng: read_recipe(folder / "in.yaml").to_dict(),
    ),
    Target(
        "extracted-video",
        lambda rng: {"in.npz": damaged_bytes(rng, _part())},
        lambda folder, files, rng: read_part(folder / "in.npz", _LINK).extracted.trajectories,
    ),
)
