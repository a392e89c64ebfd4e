"""Where the files of a data folder are: in this package's own layout, or in that of the public code bases.

The own layout comes first. NExT-QA's code has its questions in ``dataset/nextqa/`` of the checkout and its features in
``data/feats/`` beside the checkout; HQGA's has features in ``data/nextqa/``, VGT's and CoVGT's questions in
``datasets/nextqa/``. The data folder may be the checkout, the folder around it, or what holds the files themselves.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SPLITS", "DataFiles", "find_files", "splits"]

SPLITS = ("train", "val", "test")
"""The splits of NExT-QA."""

_CHECKOUTS = ("", "NExT-QA", "HQGA", "VGT", "CoVGT")
_QUESTION_FOLDERS = ("", "dataset/nextqa", "datasets/nextqa", "nextqa", "data/nextqa", "MC")
_FEATURE_FOLDERS = ("", "feats", "data/feats", "data", "nextqa", "data/nextqa")
_WORD_FOLDERS = (*_QUESTION_FOLDERS, "glove", "data/glove", "data")

_QUESTION_NAMES = ("{split}.csv", "{split}.parquet", "{split}-00000-of-00001.parquet")
_FRAME_NAMES = ("vid_feat/app_mot_{split}.h5", "app_mot_{split}.h5", "frame_feat/app_feat_{split}.h5")
_TRAJECTORY_NAMES = ("traj_feat/trajectories_{split}.h5", "trajectories_{split}.h5")
_BERT_NAMES = tuple(
    f"{folder}bert_ft_{{split}}{suffix}" for folder in ("qas_bert/", "") for suffix in (".h5", ".fp16.npy")
)
_VOCABULARY_NAMES = ("vocab.json", "vocab.pkl")
# Of several sizes the one that the paper uses.
_WORD_VECTOR_PATTERNS = ("glove*300d*.txt", "glove*.txt")


@dataclass(frozen=True)
class DataFiles:
    """The files of one split, None for what is not there."""

    questions: Path | None = None
    """Multiple-choice questions, CSV or Parquet."""
    frame_features: Path | None = None
    """Features of clips, HDF5."""
    trajectories: Path | None = None
    """A trajectory store, HDF5."""
    bert: Path | None = None
    """BERT features of questions with candidates, HDF5, as released or as `convert_bert` writes it."""
    word_vectors: Path | None = None
    """Word vectors in GloVe's text format; the same file for every split."""
    vocabulary: Path | None = None
    """A vocabulary; the same file for every split."""


def find_files(folder: str | os.PathLike[str], split: str) -> DataFiles:
    """Return where the files of a split are; of several that would do, the one nearest to the own layout.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        When the folder is not there or is none.
    """
    root = Path(folder)
    if not root.is_dir():
        if root.exists():
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory, expected a data folder", str(root))
        raise FileNotFoundError(errno.ENOENT, "No such data folder", str(root))
    questions = list(_folders(root, _QUESTION_FOLDERS))
    features = list(_feature_folders(root))
    return DataFiles(
        questions=_first(questions, _QUESTION_NAMES, split),
        frame_features=_first(features, _FRAME_NAMES, split),
        trajectories=_first(features, _TRAJECTORY_NAMES, split),
        bert=_first(features, _BERT_NAMES, split),
        word_vectors=_word_vectors(root),
        vocabulary=_first(questions, _VOCABULARY_NAMES, split),
    )


def splits(folder: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the splits of `SPLITS` that have questions.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        As `find_files`.
    """
    return tuple(split for split in SPLITS if find_files(folder, split).questions is not None)


def _folders(root: Path, names: Sequence[str]) -> Iterator[Path]:
    for checkout in _CHECKOUTS:
        if (root / checkout).is_dir():
            yield from (root / checkout / name for name in names)


def _feature_folders(root: Path) -> Iterator[Path]:
    yield from _folders(root, _FEATURE_FOLDERS)
    # The features beside a checkout; beside any other folder are the data of somebody else.
    if any((root / name).is_dir() for name in ("dataset/nextqa", "datasets/nextqa")):
        beside = root.resolve().parent / "data"
        yield from (beside / "feats", beside / "nextqa")


def _first(folders: Sequence[Path], names: Sequence[str], split: str) -> Path | None:
    for folder in folders:
        for name in names:
            path = folder / name.format(split=split)
            if path.is_file():
                return path
    return None


def _word_vectors(root: Path) -> Path | None:
    for folder in _folders(root, _WORD_FOLDERS):
        for pattern in _WORD_VECTOR_PATTERNS:
            matches = sorted(path for path in folder.glob(pattern) if path.is_file())
            if matches:
                return matches[0]
    return None
