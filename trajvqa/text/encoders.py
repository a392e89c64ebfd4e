"""Features of text by language models in local folders of Hugging Face Transformers, such as BERT and CLIP."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trajtrack.detect.model_folders import CONFIG, WEIGHTS, check_folder, chosen_device, libraries, load_folder

__all__ = ["TOKENIZERS", "TextEncoder", "open_text_encoder"]

TOKENIZERS = ("tokenizer.json", "vocab.txt", "*.model", "vocab.json", "tokenizer_config.json")
"""Names of files of a tokenizer, any one of which suffices."""
_PADDED = ("siglip", "siglip2")
"""Kinds of models whose text is always padded to its full length, as in their training."""
_BATCH_SIZE = 32


class TextEncoder(Protocol):
    """A source of features of text."""

    size: int
    """Width S of the features."""

    def encode(
        self, texts: Sequence[str], following: Sequence[str] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the features of n texts.

        Parameters
        ----------
        texts
            The texts, such as questions.
        following
            A second part for each text, such as a candidate, or None.

        Returns
        -------
        features : (n, L, S)
            Features of the tokens of each text, followed by zeros; of models for images and text, L is 1.
        mask : (n, L)
            True for tokens, False for padding.
        """
        ...

    def tokens(self, text: str, following: str | None = None) -> tuple[str, ...]:
        """Return the tokens that `encode` gives features of; an embedding of a whole text has one."""
        ...


def open_text_encoder(
    folder: str | os.PathLike[str], device: str | None = None, batch_size: int = _BATCH_SIZE
) -> TextEncoder:
    """Load an encoder of text.

    Parameters
    ----------
    folder
        Folder as `save_pretrained` writes it, with a model and its tokenizer: a language model, whose last hidden
        states are the features of ``[CLS] text [SEP] following [SEP]``; or a model for images and text, such as CLIP or
        SigLIP, whose projected embedding of ``text following`` is that of a single token.
    device
        ``"cpu"``, ``"cuda"`` or another device of torch; default: a GPU if there is one.
    batch_size
        Number of texts that are encoded at a time.

    Raises
    ------
    ValueError
        If there is no such folder or it has no model for text, the model cannot be loaded, or there is no such device.
    ImportError
        If transformers is not installed.
    """
    path = Path(folder)
    check_folder(path, CONFIG, TOKENIZERS, WEIGHTS)
    torch, _ = libraries()
    chosen = chosen_device(device)
    # The pooler of a language model is not used, and folders of masked language models have none.
    model, tokenizer, _ = load_folder(path, "AutoModel", processor="AutoTokenizer", optional="pooler.")
    model.to(chosen).eval()
    kind = _ImageTextModel if hasattr(model, "get_text_features") else _LanguageModel
    return kind(path, torch, tokenizer, model, batch_size)


class _Encoder:
    def __init__(self, path: Path, torch: Any, tokenizer: Any, model: Any, batch_size: int) -> None:
        self._path = path
        self._torch = torch
        self._tokenizer = tokenizer
        self._model = model
        self._batch_size = batch_size
        config = getattr(model.config, "text_config", model.config)
        self._options = {
            "max_length": min(int(tokenizer.model_max_length), _longest(config)),
            "padding": "max_length" if model.config.model_type in _PADDED else True,
        }

    def _batches(self, count: int) -> Iterator[slice]:
        for start in range(0, count, self._batch_size):
            yield slice(start, min(start + self._batch_size, count))

    def _tokens(self, texts: Sequence[str], following: Sequence[str] | None) -> Any:
        parts = [list(texts)] if following is None else [list(texts), list(following)]
        tokens = self._tokenizer(*parts, truncation=True, return_tensors="pt", **self._options)
        return tokens.to(self._model.device)


class _LanguageModel(_Encoder):
    """A model such as BERT: a feature for each token."""

    def __init__(self, path: Path, torch: Any, tokenizer: Any, model: Any, batch_size: int) -> None:
        super().__init__(path, torch, tokenizer, model, batch_size)
        if not hasattr(model.config, "hidden_size") or model.config.is_encoder_decoder:
            raise ValueError(f"{path}: found a model of {model.config.model_type}, expected one that encodes text")
        self.size = int(model.config.hidden_size)

    def encode(
        self, texts: Sequence[str], following: Sequence[str] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        found: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
        for part in self._batches(len(texts)):
            tokens = self._tokens(texts[part], None if following is None else following[part])
            with self._torch.inference_mode():
                states = self._model(**tokens).last_hidden_state.float().cpu().numpy()
            found.append((states, tokens["attention_mask"].cpu().numpy().astype(np.bool_)))
        length = max((mask.shape[1] for _, mask in found), default=0)
        features = np.zeros((len(texts), length, self.size), np.float32)
        masks = np.zeros((len(texts), length), np.bool_)
        for part, (states, mask) in zip(self._batches(len(texts)), found, strict=True):
            features[part, : mask.shape[1]] = np.where(mask[..., None], states, 0)
            masks[part, : mask.shape[1]] = mask
        return features, masks

    def tokens(self, text: str, following: str | None = None) -> tuple[str, ...]:
        found = self._tokens([text], None if following is None else [following])
        numbers = found["input_ids"][0][found["attention_mask"][0].bool()].tolist()
        return tuple(map(str, self._tokenizer.convert_ids_to_tokens(numbers)))


class _ImageTextModel(_Encoder):
    """A model such as CLIP: a feature for each text, to be compared with those of images."""

    def __init__(self, path: Path, torch: Any, tokenizer: Any, model: Any, batch_size: int) -> None:
        super().__init__(path, torch, tokenizer, model, batch_size)
        self.size = self._embedding(["a"]).shape[1]

    def encode(
        self, texts: Sequence[str], following: Sequence[str] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        whole = list(texts) if following is None else list(map(" ".join, zip(texts, following, strict=True)))
        features = np.zeros((len(whole), 1, self.size), np.float32)
        for part in self._batches(len(whole)):
            features[part, 0] = self._embedding(whole[part])
        return features, np.ones((len(whole), 1), np.bool_)

    def tokens(self, text: str, following: str | None = None) -> tuple[str, ...]:
        return (text if following is None else f"{text} {following}",)

    def _embedding(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._torch.inference_mode():
            found = self._model.get_text_features(**self._tokens(texts, None))
        embedding: NDArray[np.float32] = found.pooler_output.float().cpu().numpy()
        return embedding


def _longest(config: Any) -> int:
    """Return the maximum number of tokens of a text; RoBERTa and its kin number them from behind the padding."""
    positions = int(getattr(config, "max_position_embeddings", 512))
    padding = getattr(config, "pad_token_id", None) or 0
    return (
        positions - padding - 1 if config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet") else positions
    )
