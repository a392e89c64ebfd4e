"""The layout of a data folder: where each kind of file is written, and where files are found.

`find_files` accepts this package's own layout and those of the public code bases; the own layout takes precedence.
NExT-QA's code keeps its questions in ``dataset/nextqa/`` of the checkout and its features in ``data/feats/`` next to
the checkout; HQGA's keeps features in ``data/nextqa/``, and VGT's and CoVGT's keep questions in ``datasets/nextqa/``.
NExT-GQA's keeps its part of the questions in ``datasets/nextgqa/``, and features in ``data/nextqa/`` next to the
checkout. The data folder may be the checkout, the folder that contains it, or the folder that contains the files
themselves.

IntentQA's questions are others, so its files are found only in a checkout of its own, or as the files themselves.
"""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trajtrack.files.folders import make_folder

__all__ = [
    "BERT",
    "FRAME_APPEARANCE",
    "FRAME_FEATURES",
    "MOTION",
    "QUESTIONS",
    "REGIONS",
    "SMALL_WORD_VECTORS",
    "SPLITS",
    "TRAJECTORIES",
    "VOCABULARY",
    "WORD_VECTORS",
    "DataFiles",
    "FileKind",
    "available_splits",
    "find_files",
]

SPLITS = ("train", "val", "test")
"""The splits of NExT-QA."""

_STORE = ".h5"
_CHECKOUTS = ("", "NExT-QA", "HQGA", "VGT", "CoVGT", "NExT-GQA")
_QUESTION_FOLDERS = ("", "dataset/nextqa", "datasets/nextqa", "nextqa", "data/nextqa", "MC", "datasets/nextgqa")
_NEXTQA = ("dataset/nextqa", "datasets/nextqa", "datasets/nextgqa")
_INTENTQA = ("datasets/IntentQA", "datasets/intentqa")
_FEATURE_FOLDERS = ("", "feats", "data/feats", "data", "nextqa", "data/nextqa")
_FOLDERS_BESIDE = ("data/feats", "data/nextqa")
_WORD_FOLDERS = (*_QUESTION_FOLDERS, "glove", "data/glove", "data")


@dataclass(frozen=True)
class FileKind:
    """A kind of file in a data folder. In paths, ``{split}`` stands for the name of the split."""

    name: str
    """Name in reports, such as ``frame features``."""
    own: str
    """Path in this package's own layout, relative to the data folder."""
    alternatives: tuple[str, ...]
    """Further paths and patterns to look for, in order of preference."""
    folders: tuple[str, ...]
    """Folders to look in, relative to the data folder or to a checkout in it."""
    beside: tuple[str, ...] = ()
    """Folders to look in next to a data folder that is a checkout."""
    many: bool = False
    """Whether a folder of that name, without the suffix, may hold many files instead."""

    def expected(self, split: str) -> str:
        """Return the path of a split's file in the own layout, relative to the data folder."""
        return self.own.format(split=split)

    def output(self, folder: str | os.PathLike[str], split: str) -> Path:
        """Return the path to write a split's file to, and create the folders above it."""
        path = Path(folder, self.expected(split))
        make_folder(path.parent)
        return path

    def shard(self, folder: str | os.PathLike[str], split: str, name: str) -> Path:
        """Return the path to write one of a split's many files to, and create the folders above it."""
        path = Path(folder, self.expected(split)).with_suffix("") / f"{name}{_STORE}"
        make_folder(path.parent)
        return path

    def find(self, root: Path, split: str) -> Path | None:
        """Return a split's file, or the folder of its files, or None; of several matches, the first by name."""
        # Files in the own layout have precedence, wherever they lie.
        for patterns in ((self.own,), self.alternatives):
            found = self._find(root, [pattern.format(split=glob.escape(split)) for pattern in patterns])
            if found is not None:
                return found
        return None

    def _find(self, root: Path, patterns: Sequence[str]) -> Path | None:
        for folder in self._folders(root):
            for pattern in patterns:
                matches = sorted(path for path in folder.glob(pattern) if path.is_file())
                if self.many:
                    shards = sorted(path for path in folder.glob(pattern.removesuffix(_STORE)) if path.is_dir())
                    matches += shards
                if matches:
                    return matches[0]
        return None

    def _folders(self, root: Path) -> Iterator[Path]:
        for checkout in _CHECKOUTS:
            if (root / checkout).is_dir():
                yield from (root / checkout / name for name in self.folders)
        # Only a checkout has its features next to it; files next to any other folder are unrelated.
        if any((root / name).is_dir() for name in _NEXTQA):
            yield from (root.resolve().parent / name for name in self.beside)
        elif any((root / name).is_dir() for name in _INTENTQA):
            yield from (root / name for name in _INTENTQA)
            yield root.resolve().parent / "data/feats/intentqa"


QUESTIONS = FileKind(
    "questions",
    "{split}.csv",
    ("{split}.csv.gz", "{split}.parquet", "{split}-00000-of-00001.parquet"),
    _QUESTION_FOLDERS,
)
FRAME_FEATURES = FileKind(
    "frame features",
    "vid_feat/app_mot_{split}.h5",
    (
        *("app_mot_{split}.h5", "frame_feat/app_feat_{split}.h5"),
        *("CLIPL/CLIPL_I_{split}.h5", "CLIP/CLIP_I_{split}.h5", "CLIPL_I_{split}.h5", "CLIP_I_{split}.h5"),
    ),
    _FEATURE_FOLDERS,
    _FOLDERS_BESIDE,
    many=True,
)
FRAME_APPEARANCE = FileKind(
    "appearance of frames",
    "frame_feat/app_feat_{split}.h5",
    ("app_feat_{split}.h5",),
    _FEATURE_FOLDERS,
    _FOLDERS_BESIDE,
    many=True,
)
MOTION = FileKind(
    "motion of clips",
    "mot_feat/mot_feat_{split}.h5",
    ("mot_feat_{split}.h5",),
    _FEATURE_FOLDERS,
    _FOLDERS_BESIDE,
    many=True,
)
REGIONS = FileKind(
    "regions",
    "region_feat_n/region_{split}.h5",
    (
        "region_feat_n/region_*_{split}.h5",
        "region_feat_n/acregion_*_{split}.h5",
        *("region_{split}.h5", "region_*_{split}.h5", "acregion_*_{split}.h5"),
    ),
    _FEATURE_FOLDERS,
    _FOLDERS_BESIDE,
    many=True,
)
TRAJECTORIES = FileKind(
    "trajectories",
    "traj_feat/trajectories_{split}.h5",
    ("trajectories_{split}.h5",),
    _FEATURE_FOLDERS,
    _FOLDERS_BESIDE,
    many=True,
)
BERT = FileKind(
    "BERT features",
    "qas_bert/bert_ft_{split}.h5",
    ("qas_bert/bert_ft_{split}.fp16.npy", "bert_ft_{split}.h5", "bert_ft_{split}.fp16.npy"),
    _FEATURE_FOLDERS,
    _FOLDERS_BESIDE,
)
# The paper uses vectors of 300 numbers.
WORD_VECTORS = FileKind(
    "word vectors",
    "glove.6B.300d.txt",
    ("glove*300d*.txt", "glove*300d*.txt.gz", "glove*.txt", "glove*.txt.gz"),
    _WORD_FOLDERS,
)
VOCABULARY = FileKind("vocabulary", "vocab.json", ("vocab.pkl",), _QUESTION_FOLDERS)

SMALL_WORD_VECTORS = "glove.txt"
"""File name for the word vectors of a small benchmark; `find_files` finds it too."""


@dataclass(frozen=True)
class DataFiles:
    """The files of one split; None for a missing file."""

    questions: Path | None = None
    """Multiple-choice questions, CSV or Parquet."""
    frame_features: Path | None = None
    """Features of clips, HDF5; as the other stores, a file or a folder of files."""
    trajectories: Path | None = None
    """Trajectory store, HDF5."""
    regions: Path | None = None
    """Regions of frames, HDF5."""
    frame_appearance: Path | None = None
    """Appearance of the frames of clips, HDF5; may be the file of `frame_features`."""
    motion: Path | None = None
    """Motion of clips, HDF5."""
    bert: Path | None = None
    """BERT features of questions with candidates: HDF5 as released, or ``.npy`` as written by `convert_bert`."""
    word_vectors: Path | None = None
    """Word vectors in GloVe's text format, shared by all splits."""
    vocabulary: Path | None = None
    """Vocabulary, shared by all splits."""


def find_files(folder: str | os.PathLike[str], split: str) -> DataFiles:
    """Return the paths of a split's files; of several candidates, the one closest to the own layout.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If the folder does not exist or is not a folder.
    """
    root = Path(folder)
    if not root.is_dir():
        if root.exists():
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory, expected a data folder", str(root))
        raise FileNotFoundError(errno.ENOENT, "No such data folder", str(root))
    return DataFiles(
        questions=QUESTIONS.find(root, split),
        frame_features=FRAME_FEATURES.find(root, split),
        trajectories=TRAJECTORIES.find(root, split),
        regions=REGIONS.find(root, split),
        frame_appearance=FRAME_APPEARANCE.find(root, split),
        motion=MOTION.find(root, split),
        bert=BERT.find(root, split),
        word_vectors=WORD_VECTORS.find(root, split),
        vocabulary=VOCABULARY.find(root, split),
    )


def available_splits(folder: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the splits of `SPLITS` that have a file of questions.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        As `find_files`.
    """
    return tuple(split for split in SPLITS if find_files(folder, split).questions is not None)
