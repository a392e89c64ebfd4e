"""Features of questions with their candidates by fine-tuned BERT, in HDF5 files as NExT-QA has them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output
from trajvqa.stores.array_rows import StoredRows, naming_damage
from trajvqa.stores.hdf5 import dataset, open_checked

__all__ = ["BertFeatures", "convert_bert"]

_SHAPE = "(Q, C, L, S)"
_CONVERTED = ".fp16.npy"


class BertFeatures:
    """Features of L words of each of C candidates of Q questions: ``[CLS] question [SEP] candidate [SEP]``.

    The file has the dataset ``feat`` (Q, C, L, S) as in NExT-QA's ``bert_ft_{split}.h5``, (Q, 5, 37, 768) there. It
    has no ids: row q belongs to row q of the questions' file. Where a ``bert_ft_{split}.fp16.npy`` of `convert_bert`
    lies beside it, that is read in its place; it may also be given itself, or lie there alone.

    The file is checked at once and read later, by each process anew and never as a whole.

    Parameters
    ----------
    path
        The file.
    num_questions
        How many the questions' file has.
    source
        That file, for messages.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is damaged, of another shape or type, has features of another number of questions, or is not what
        the converted file was made from; naming the file or files.
    """

    candidates: int
    """C, candidates of each question."""
    words: int
    """L, most words of a question with a candidate."""
    size: int
    """S, width of a word's features."""

    def __init__(self, path: str | os.PathLike[str], num_questions: int, source: str = "the file of questions") -> None:
        given = Path(path)
        converted = given if given.name.endswith(_CONVERTED) else given.with_suffix(_CONVERTED)
        if converted.exists():
            self._stored = _checked_npy(converted)
            if given != converted and given.exists():
                _check_same(self._stored, _open_dataset(given))
        else:
            self._stored = _open_dataset(given)
        self.path = self._stored.path
        """The file that is read."""
        if len(self._stored) != num_questions:
            raise ValueError(
                f"{self.path}: found features of {len(self._stored)} questions, expected {num_questions}, row by row "
                f"those of {source}"
            )
        _, self.candidates, self.words, self.size = self._stored.shape

    def __len__(self) -> int:
        return len(self._stored)

    def check_finite(self) -> None:
        """Read all numbers once and refuse what is none.

        Raises
        ------
        ValueError
            Naming the file and the row.
        """
        for first, block in self._stored.blocks():
            bad = np.flatnonzero(~np.isfinite(block).reshape(len(block), -1).all(axis=1))
            if len(bad):
                raise ValueError(f"{self.path}: feat: row {first + bad[0]}: found a number that is not finite")

    def read(
        self, rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the features of B questions with one of their candidates each.

        Parameters
        ----------
        rows, candidates
            (B,) rows of the questions, and which candidate.

        Returns
        -------
        features : (B, L, S)
            Of the words; zero behind the last.
        lengths : (B,)
            Number of words: what stands before the first word whose features are all zero.

        Raises
        ------
        ValueError
            When a question has no words, and for a file that is damaged; naming the file and the question.
        """
        values = self._stored.pick(rows, candidates).astype(np.float32, copy=False)
        is_word = (values != 0).any(axis=2)
        lengths = np.where(is_word.all(axis=1), self.words, is_word.argmin(axis=1))
        if (lengths == 0).any():
            place = int((lengths == 0).argmax())
            raise ValueError(
                f"{self.path}: row {rows[place]}, candidate {candidates[place]}: found zeros alone, expected features "
                "of words"
            )
        return values, lengths


def _open_dataset(path: Path) -> StoredRows:
    with open_checked(path) as file, naming_damage(path):
        return _checked(StoredRows.of_dataset(dataset(file, "feat", _SHAPE, "float")))


def _checked_npy(path: Path) -> StoredRows:
    stored = StoredRows.of_npy(path)
    if len(stored.shape) != 4:
        raise ValueError(f"{path}: found shape {stored.shape}, expected {_SHAPE}")
    if stored.dtype.kind != "f":
        raise ValueError(f"{path}: found {stored.dtype}, expected float numbers")
    return _checked(stored)


def _checked(stored: StoredRows) -> StoredRows:
    if 0 in stored.shape:
        raise ValueError(f"{stored.path}: found shape {stored.shape}, expected {_SHAPE} without zeros")
    return stored


def _check_same(converted: StoredRows, original: StoredRows) -> None:
    """Compare shapes and the first and last row: features made anew must not be passed over for old ones."""
    ends = np.array([0, len(original) - 1])
    if converted.shape != original.shape or not np.array_equal(
        converted.read(ends), original.read(ends).astype(np.float16)
    ):
        raise ValueError(
            f"{converted.path}: found features that are not those of {original.path}, expected the same; delete it or "
            "convert again"
        )


def convert_bert(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Convert features to float16 in a ``.npy`` file, which is half as large and quicker to read.

    The features are read block by block, so any size fits into memory.

    Parameters
    ----------
    path
        NExT-QA's ``bert_ft_{split}.h5``.
    out
        The file to make or to replace, whole or not at all; ``bert_ft_{split}.fp16.npy`` in the same folder is
        found by `BertFeatures`.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is damaged, of another shape or type, or has numbers that are not finite in float16; naming the file.
    """
    stored = _open_dataset(Path(path))
    with atomic_output(out) as file:
        header = {"descr": "<f2", "fortran_order": False, "shape": stored.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start, block in stored.blocks():
            with np.errstate(over="ignore"):
                values = block.astype("<f2")
            finite = np.isfinite(values).all(axis=(1, 2, 3))
            if not finite.all():
                raise ValueError(
                    f"{stored.path}: feat, row {start + int(finite.argmin())}: found a number that is not finite in "
                    "float16, expected numbers up to 65504"
                )
            file.write(values.tobytes())
