"""The figures of the paper's Tables 1 to 6, on NExT-QA's multiple-choice questions.

They are as printed in arXiv 2204.11544, in percent. Tables 4 and 5 mark what a row has; its name lists the marks here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PAPER_RESULTS", "PaperResult"]


@dataclass(frozen=True)
class PaperResult:
    """A row of a table of the paper; accuracies are in percent."""

    table: int
    """Number of the table."""
    name: str
    """The paper's name of the model or variant, or the marks of its row."""
    causal: float
    """Accuracy on causal questions."""
    temporal: float
    """Accuracy on temporal questions."""
    descriptive: float
    """Accuracy on descriptive questions."""
    overall: float
    """Accuracy on all questions."""
    text: str | None = None
    """``GloVe`` or ``BERT-FT`` where the table tells them apart."""
    split: str | None = "val"
    """Whose questions: ``val`` or ``test``; none where the paper does not say."""
    types: dict[str, float] = field(default_factory=dict)
    """Accuracy by question type, named as in `trajvqa.evaluation.accuracy.Accuracy`; empty where the table has none."""


def _by_type(
    name: str,
    text: str,
    why: float,
    how: float,
    causal: float,
    previous_and_next: float,
    present: float,
    temporal: float,
    count: float,
    location: float,
    other: float,
    descriptive: float,
    overall: float,
) -> PaperResult:
    """Return a row of Table 2, its numbers in the order of the paper's columns."""
    types = {
        "CW": why,
        "CH": how,
        "TN": previous_and_next,
        "TC": present,
        "DC": count,
        "DL": location,
        "DO": other,
    }
    return PaperResult(2, name, causal, temporal, descriptive, overall, text, "val", types)


PAPER_RESULTS: tuple[PaperResult, ...] = (
    PaperResult(1, "Random", 20.52, 20.10, 19.69, 20.08, split=None),
    PaperResult(1, "Text Only", 42.62, 45.53, 43.89, 43.76, split=None),
    PaperResult(1, "Text+Visual", 42.46, 46.34, 45.82, 44.24, split=None),
    # Printed so; Table 2 has 46.26 for causal questions, and 49.53 for one temporal type.
    PaperResult(1, "HGA", 49.53, 50.74, 59.33, 49.74, split=None),
    PaperResult(1, "Human", 87.61, 88.56, 90.40, 88.38, split=None),
    _by_type("EVQA", "GloVe", 28.38, 29.58, 28.69, 29.82, 33.33, 31.27, 43.50, 43.39, 38.36, 41.44, 31.51),
    _by_type("PSAC", "GloVe", 35.81, 29.58, 34.18, 28.56, 35.75, 31.51, 39.55, 67.90, 35.41, 48.65, 35.57),
    _by_type("PSAC, motion", "GloVe", 35.03, 29.87, 33.68, 30.77, 35.44, 32.69, 38.42, 71.53, 38.03, 50.84, 36.03),
    _by_type("Co-Mem", "GloVe", 36.12, 32.21, 35.10, 34.04, 41.93, 37.28, 39.55, 67.12, 40.66, 50.45, 38.19),
    _by_type("ST-VQA", "GloVe", 37.58, 32.50, 36.25, 33.09, 40.87, 36.29, 45.76, 71.53, 44.92, 55.21, 39.21),
    _by_type("HGA", "GloVe", 36.38, 33.82, 35.71, 35.83, 42.08, 38.40, 46.33, 70.51, 46.56, 55.60, 39.67),
    _by_type("HME", "GloVe", 39.14, 34.70, 37.97, 34.35, 40.57, 36.91, 41.81, 71.86, 38.36, 51.87, 39.79),
    _by_type("HCRN", "GloVe", 39.86, 36.90, 39.09, 37.30, 43.89, 40.01, 42.37, 62.03, 40.66, 49.16, 40.95),
    _by_type("Ours", "GloVe", 43.14, 39.82, 42.27, 40.25, 47.21, 43.11, 46.89, 74.58, 52.46, 59.59, 45.24),
    _by_type("EVQA", "BERT-FT", 42.31, 42.90, 42.46, 46.68, 45.85, 46.34, 44.07, 46.44, 46.23, 45.82, 44.24),
    _by_type("ST-VQA", "BERT-FT", 45.37, 43.05, 44.76, 44.52, 51.73, 49.26, 43.50, 65.42, 53.77, 55.86, 47.94),
    _by_type("Co-Mem", "BERT-FT", 46.15, 42.61, 45.22, 48.16, 50.38, 49.07, 41.81, 67.12, 51.80, 55.34, 48.04),
    _by_type("HCRN", "BERT-FT", 46.99, 42.90, 45.91, 48.16, 50.83, 49.26, 40.68, 65.42, 49.84, 53.67, 48.20),
    _by_type("HME", "BERT-FT", 46.52, 45.24, 46.18, 47.52, 49.17, 48.20, 45.20, 73.56, 51.15, 58.30, 48.72),
    _by_type("HGA", "BERT-FT", 46.99, 44.22, 46.26, 49.53, 52.49, 50.74, 44.07, 72.54, 55.41, 59.33, 49.74),
    _by_type("Ours", "BERT-FT", 52.81, 47.44, 51.40, 51.11, 53.70, 52.17, 46.89, 75.25, 58.03, 62.03, 53.30),
    PaperResult(3, "ST-VQA", 45.51, 47.57, 54.59, 47.64, split="test"),
    PaperResult(3, "Co-Mem", 45.85, 50.02, 54.38, 48.54, split="test"),
    PaperResult(3, "HME", 46.76, 48.89, 57.37, 49.16, split="test"),
    PaperResult(3, "L-GCN", 47.82, 48.74, 56.51, 49.54, split="test"),
    PaperResult(3, "HGA", 48.13, 49.08, 57.79, 50.01, split="test"),
    PaperResult(3, "HCRN", 47.07, 49.27, 54.02, 48.89, split="test"),
    PaperResult(3, "HQ-GAU", 49.04, 52.28, 59.43, 51.75, split="test"),
    PaperResult(3, "Ours", 50.38, 50.88, 61.78, 52.41, split="test"),
    PaperResult(4, "traj.", 46.18, 48.08, 57.27, 48.52),
    PaperResult(4, "frame.", 46.49, 48.76, 58.94, 49.16),
    PaperResult(4, "frame. + traj.", 47.18, 51.18, 59.33, 50.36),
    PaperResult(4, "frame. + aug.", 50.44, 51.30, 59.85, 52.18),
    PaperResult(4, "frame. + traj. + aug.", 51.40, 52.17, 62.03, 53.30),
    PaperResult(5, "w/o cyatten.", 46.91, 48.70, 59.33, 49.42),
    PaperResult(5, "w/o VQG", 46.18, 48.08, 57.27, 48.52),
    PaperResult(5, "w/o TQG", 46.49, 48.76, 58.94, 49.16),
    PaperResult(5, "w/o VTG", 46.30, 50.74, 57.27, 49.44),
    PaperResult(5, "Full", 47.18, 51.18, 59.33, 50.36),
    PaperResult(5, "aug. + traj. GRU", 50.63, 53.54, 60.36, 53.08),
    PaperResult(5, "aug. + traj. MHSA", 51.40, 52.17, 62.03, 53.30),
    PaperResult(6, "none", 36.86, 37.59, 54.70, 39.87, "GloVe"),
    PaperResult(6, "a-", 41.66, 43.61, 57.01, 44.68, "GloVe"),
    PaperResult(6, "qa-", 40.20, 41.07, 58.43, 43.31, "GloVe"),
    PaperResult(6, "both", 42.27, 43.11, 59.59, 45.24, "GloVe"),
    PaperResult(6, "none", 47.18, 51.18, 59.33, 50.36, "BERT-FT"),
    PaperResult(6, "a-*", 47.22, 49.88, 59.33, 49.96, "BERT-FT"),
    PaperResult(6, "qa-", 51.40, 52.17, 62.03, 53.30, "BERT-FT"),
)
