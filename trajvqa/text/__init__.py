"""Tokens, vocabularies and word vectors."""

from __future__ import annotations

from trajvqa.text.tokenizer import tokenize
from trajvqa.text.vocabulary import SPECIAL_WORDS, Vocabulary, read_vocabulary, write_vocabulary
from trajvqa.text.word_vectors import initial_word_vectors, label_vectors, label_words, read_word_vectors

__all__ = [
    "SPECIAL_WORDS",
    "Vocabulary",
    "initial_word_vectors",
    "label_vectors",
    "label_words",
    "read_vocabulary",
    "read_word_vectors",
    "tokenize",
    "write_vocabulary",
]
