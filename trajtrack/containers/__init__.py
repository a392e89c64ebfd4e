"""What detectors return for a frame, recognised by shape and not by import: one module a kind, and a registry."""

from __future__ import annotations

from typing import Any

from trajtrack.containers import arrays, detectron2, mappings, pipelines, supervision, ultralytics
from trajtrack.containers.container import Container, FrameColumns

__all__ = ["CONTAINERS", "Container", "FrameColumns", "container_of"]

CONTAINERS: tuple[Container, ...] = (
    detectron2.CONTAINER,
    mappings.CONTAINER,
    pipelines.CONTAINER,
    supervision.CONTAINER,
    ultralytics.CONTAINER,
    arrays.CONTAINER,
)
"""Every container, in the order in which they are asked; the last takes what no other recognises, or refuses it."""


def container_of(entry: Any) -> Container:
    """Return the container that one frame's entry is."""
    return next(container for container in CONTAINERS if container.recognise(entry))
