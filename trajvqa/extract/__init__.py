"""From video files to the features and trajectories that models read."""

from __future__ import annotations

from trajvqa.extract.extracted import ExtractedVideo
from trajvqa.extract.extracting import Extractor
from trajvqa.extract.options import ExtractOptions
from trajvqa.extract.recipe import Recipe

__all__ = ["ExtractOptions", "ExtractedVideo", "Extractor", "Recipe"]
