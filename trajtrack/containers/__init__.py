"""Detector outputs for a frame, recognised without imports: one module per kind, and a registry."""

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
"""All containers in the order in which they are tried; the last one takes every other entry."""


def container_of(entry: Any) -> Container:
    """Return the kind of container of one frame's entry."""
    return next(container for container in CONTAINERS if container.recognise(entry))
