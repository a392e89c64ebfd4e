"""The benchmark *VidVRD questions*: annotated videos of ImageNet-VidVRD and VidOR, and questions about them."""

from __future__ import annotations

from trajvqa.datasets.vidvrd.build import VidvrdOptions, make_vidvrd_questions

__all__ = ["VidvrdOptions", "make_vidvrd_questions"]
