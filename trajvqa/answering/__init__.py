"""Answers to single questions, and what decided them."""

from __future__ import annotations

from trajvqa.answering.explained import Answer, explain_question
from trajvqa.answering.opening import answer, open_answerer
from trajvqa.answering.pages import write_answers_page

__all__ = ["Answer", "answer", "explain_question", "open_answerer", "write_answers_page"]
