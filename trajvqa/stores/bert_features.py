"""Features of questions and their candidates by fine-tuned BERT, in NExT-QA's HDF5 files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output
from trajtrack.printable import printable_errors
from trajvqa.stores.array_rows import ArrayRows, reporting_damage
from trajvqa.stores.hdf5 import open_checked, require_dataset

__all__ = ["BertFeatures", "convert_bert"]

_SHAPE = "(Q, C, L, S)"
_CONVERTED = ".fp16.npy"


class BertFeatures:
    """Features of L words for each of C candidates of Q questions: ``[CLS] question [SEP] candidate [SEP]``.

    The file has the dataset ``feat`` (Q, C, L, S); in NExT-QA's ``bert_ft_{split}.h5`` it is (Q, 5, 37, 768). There
    are no IDs: row q belongs to row q of the file of questions. If `convert_bert` has written
    ``bert_ft_{split}.fp16.npy`` to the same folder, that file is read instead; it can also be given directly, and does
    not need the original.

    The file is checked when it is opened. It is read later, in parts, and by each process separately.

    Parameters
    ----------
    path
        The file.
    num_questions
        Number of questions in the file of questions.
    source
        Path of the file of questions, for messages.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, has another shape, type or number of questions, or differs from the converted file;
        naming the files.
    """

    candidates: int
    """Number C of candidates of each question."""
    words: int
    """Maximum number L of words of a question with a candidate."""
    size: int
    """Width S of a word's features."""

    @printable_errors
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
                f"{self.path}: found features of {len(self._stored)} questions, expected {num_questions}, one row for "
                f"each question of {source}"
            )
        _, self.candidates, self.words, self.size = self._stored.shape

    def __len__(self) -> int:
        return len(self._stored)

    @printable_errors
    def check_finite(self) -> None:
        """Raise ValueError if a number is NaN or infinite, naming the file and the row; reads the whole file."""
        for first, block in self._stored.blocks():
            bad = np.flatnonzero(~np.isfinite(block).reshape(len(block), -1).all(axis=1))
            if len(bad):
                raise ValueError(
                    f"{self.path}: feat: row {first + bad[0]}: found NaN or infinity, expected finite numbers"
                )

    @printable_errors
    def read(
        self, rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the features of B pairs of a question and a candidate.

        Parameters
        ----------
        rows, candidates
            (B,) rows of the questions, and (B,) indices of the candidates.

        Returns
        -------
        features : (B, L, S)
            Features of words, followed by zeros.
        lengths : (B,)
            Number of words before the first whose features are all zero.

        Raises
        ------
        ValueError
            If a question has no words or the file is damaged; naming the file and the question.
        """
        try:
            with np.errstate(over="raise"):
                values = self._stored.pick(rows, candidates).astype(np.float32, copy=False)
        except FloatingPointError:
            raise ValueError(f"{self.path}: found numbers beyond float32, expected features of words") from None
        is_word = (values != 0).any(axis=2)
        lengths = np.where(is_word.all(axis=1), self.words, is_word.argmin(axis=1))
        if (lengths == 0).any():
            index = int((lengths == 0).argmax())
            raise ValueError(
                f"{self.path}: row {rows[index]}, candidate {candidates[index]}: found only zeros, expected features "
                "of words"
            )
        return values, lengths


def _open_dataset(path: Path) -> ArrayRows:
    with open_checked(path) as file, reporting_damage(path):
        return _checked(ArrayRows.of_dataset(require_dataset(file, "feat", _SHAPE, "float")))


def _checked_npy(path: Path) -> ArrayRows:
    stored = ArrayRows.of_npy(path)
    if len(stored.shape) != 4:
        raise ValueError(f"{path}: found shape {stored.shape}, expected {_SHAPE}")
    if stored.dtype.kind != "f":
        raise ValueError(f"{path}: found {stored.dtype}, expected float numbers")
    return _checked(stored)


def _checked(stored: ArrayRows) -> ArrayRows:
    if 0 in stored.shape:
        raise ValueError(f"{stored.path}: found shape {stored.shape}, expected {_SHAPE} without zeros")
    return stored


def _check_same(converted: ArrayRows, original: ArrayRows) -> None:
    """Compare shapes and the first and last row, so that a stale converted file is not used."""
    ends = np.array([0, len(original) - 1])
    if converted.shape != original.shape or not np.array_equal(
        converted.read(ends), original.read(ends).astype(np.float16)
    ):
        raise ValueError(
            f"{converted.path}: found features that differ from {original.path}, expected equal ones; delete the file "
            "or convert again"
        )


@printable_errors
def convert_bert(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Convert features to float16 in a ``.npy`` file, which is half as large and faster to read.

    The features are converted in blocks, so that files may be larger than memory.

    Parameters
    ----------
    path
        NExT-QA's ``bert_ft_{split}.h5``.
    out
        The file to write or to replace, atomically. `BertFeatures` finds ``bert_ft_{split}.fp16.npy`` in the same
        folder.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, has another shape or type, or has numbers that are not finite in float16; naming the
        file.
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
