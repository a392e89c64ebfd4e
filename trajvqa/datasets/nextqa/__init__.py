"""NExT-QA's and NExT-OE's files of questions."""

from __future__ import annotations

from trajvqa.datasets.nextqa.questions import multiple_choice, read_open_ended, read_questions, write_questions

__all__ = ["multiple_choice", "read_open_ended", "read_questions", "write_questions"]
