"""Link a corpus of many Parquet files, on the processes of one machine or on Ray."""

from __future__ import annotations

from trajtrack.corpus.parts import Part, find_parts
from trajtrack.corpus.records import PartRecord
from trajtrack.corpus.running import CorpusSummary, link_corpus

__all__ = ["CorpusSummary", "Part", "PartRecord", "find_parts", "link_corpus"]
