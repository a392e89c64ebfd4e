"""All readers of both packages."""

from __future__ import annotations

from fuzz.targets import documents, extracted, linking, questions, sources, stores, tables

TARGETS = (
    *(*tables.TARGETS, *documents.TARGETS, *sources.TARGETS, *linking.TARGETS, *questions.TARGETS, *stores.TARGETS),
    *extracted.TARGETS,
)
