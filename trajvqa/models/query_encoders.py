"""Query encoders for the kind of text that the settings ask for: GloVe words or BERT features."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Inputs
from trajvqa.layers.encoders import QueryEncoder, word_embedding
from trajvqa.layers.recurrent import LstmQueryEncoder

__all__ = ["lstm_query_encoder", "query_embedding", "query_encoder", "required"]

Value = TypeVar("Value")


def query_encoder(config: ModelConfig, inputs: Inputs) -> QueryEncoder:
    """Return the paper's encoder of question and candidate, Eq. 4.

    Raises
    ------
    ValueError
        If the data lack the kind of text that the settings ask for.
    """
    return QueryEncoder(*_text(config, inputs), config.word_size, config.hidden_size, config.dropout)


def lstm_query_encoder(config: ModelConfig, inputs: Inputs, layers: int) -> LstmQueryEncoder:
    """Return an encoder of question and candidate with LSTM layers, as in the methods that the paper compares with.

    Raises
    ------
    ValueError
        If the data lack the kind of text that the settings ask for.
    """
    return LstmQueryEncoder(*_text(config, inputs), config.word_size, config.hidden_size, layers, config.dropout)


def query_embedding(config: ModelConfig, inputs: Inputs) -> nn.Module:
    """Return a module that embeds each word on its own, without a recurrent layer.

    Raises
    ------
    ValueError
        If the data lack the kind of text that the settings ask for.
    """
    return word_embedding(*_text(config, inputs), config.word_size)


def required(value: Value | None, stream: str) -> Value:
    """Return an entry of `Inputs` that a model cannot do without.

    Raises
    ------
    ValueError
        If it is None, because the data lack the stream.
    """
    if value is None:
        raise ValueError(f"streams: found {stream!r}, but the data have no {stream} features")
    return value


def _text(config: ModelConfig, inputs: Inputs) -> tuple[Tensor | None, int | None]:
    """Return initial word vectors and None, or None and the width of the text features."""
    words = inputs.word_vectors if config.text == "glove" else None
    size = inputs.text_size if config.text == "bert" else None
    if words is None and size is None:
        raise ValueError(f"text: found {config.text!r}, but the data have no such text")
    if words is not None and words.shape[1] != config.word_size:
        raise ValueError(
            f"word_size: found {config.word_size}, expected {words.shape[1]}, the size of the word vectors"
        )
    return None if words is None else words.to(torch.float32), size
