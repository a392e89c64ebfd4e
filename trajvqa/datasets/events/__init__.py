"""The second version of the benchmark *worlds*: events that bring about others, and look-alikes."""

from __future__ import annotations

from trajvqa.datasets.events.build import EventsOptions, make_events

__all__ = ["EventsOptions", "make_events"]
