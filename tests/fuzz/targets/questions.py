"""trajvqa's tables, words, predictions, annotations and experiments."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import pickletools
import tempfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from fuzz.mutations import (
    NAMES,
    NUMBERS,
    damaged_bytes,
    damaged_json,
    damaged_rows,
    often,
    rarely,
)
from fuzz.target import Difference, Files, Target
from helpers.question_examples import make_questions
from trajvqa.datasets import nextgqa
from trajvqa.datasets.nextqa import read_open_ended, read_questions, write_questions
from trajvqa.datasets.questions import QUESTION_TYPES, Questions
from trajvqa.datasets.vidvrd.annotations import read_annotations
from trajvqa.evaluation.accuracy import read_predictions
from trajvqa.evaluation.grounding import score_grounding
from trajvqa.experiments.files import read_experiment
from trajvqa.ingest.pickled_arrays import read_array
from trajvqa.ingest.tracklets import read_mega_tracklets, read_seq_nms_tracklets
from trajvqa.ingest.video_info import info_from_file
from trajvqa.text.vocabulary import SPECIAL_WORDS, Vocabulary, read_vocabulary, write_vocabulary
from trajvqa.text.word_vectors import read_word_vectors

_CANDIDATES = ("a0", "a1", "a2", "a3", "a4")
_HEADER = ("video", "frame_count", "width", "height", "question", "answer", "qid", "type", *_CANDIDATES)


def _quoted(rng: Random, text: str) -> str:
    return f'"{text}"' if rarely(rng) else text


def _question_rows(rng: Random, *, open_ended: bool = False) -> list[list[str]]:
    header = [name for name in _HEADER if not (open_ended and name in _CANDIDATES)]
    if rarely(rng):
        header[0] = "video_id"
    by_text = rarely(rng) or open_ended
    rows = [header]
    for qid in range(rng.choice((1, 2, 5))):
        texts = rng.sample(("a dog", "none", "Yes", "two", " cat ", "\u00e9t\u00e9", "jump"), 5)
        answer = rng.choice(texts) if by_text else str(rng.randrange(5))
        size = [str(rng.randrange(1, 900)) for _ in range(3)]
        values = [
            str(rng.choice((4010069381, "v1"))),
            *size,
            "what is it",
            answer,
            str(qid),
            rng.choice(QUESTION_TYPES),
        ]
        rows.append([_quoted(rng, value) for value in (*values, *([] if open_ended else texts))])
    return rows


def _question_table(rng: Random, rows: list[list[str]]) -> Files:
    if rarely(rng):
        columns: dict[str, Any] = dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True))
        name = rng.choice([*columns])
        odd = [
            rng.choice((None, 1, 2.5, True, b"x", [1], rng.choice(NAMES).encode("utf-8", "replace"))) for _ in rows[1:]
        ]
        columns[name] = odd if len({*map(type, odd)}) == 1 else columns[name]
        output = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(pyarrow.table(columns), output)
        content = bytes(output.getvalue())
        return {"in.parquet": content if often(rng) else damaged_bytes(rng, content)}
    return {"in.csv": damaged_rows(rng, rows, (",", ",", ",", ",", ";", "\t"))}


def _read_questions(folder: Path, files: Files, rng: Random) -> None:
    found = read_questions(folder / next(iter(files)), require_answers=often(rng))
    _ = found.keys, found.answered()
    try:
        write_questions(folder / "again.csv", found)
    except UnicodeEncodeError:
        raise Difference("found texts that cannot be written, expected texts in UTF-8") from None
    again = read_questions(folder / "again.csv", require_answers=False)
    if (again.videos, again.qids, again.questions, again.candidates) != (
        *(found.videos, found.qids, found.questions),
        found.candidates,
    ) or not np.array_equal(again.answers, found.answers):
        raise Difference(f"found {again}, expected {found} as before it was written")


def _read_open_ended(folder: Path, files: Files, rng: Random) -> None:
    read_open_ended(folder / next(iter(files)))


@cache
def _asked() -> Questions:
    return make_questions(videos=2, each=3, seed=0)


def _predictions(rng: Random) -> Files:
    asked = _asked()
    document = {
        key: {"prediction": rng.randrange(5), "answer": answer}
        for key, answer in zip(asked.keys, asked.answers.tolist(), strict=True)
    }
    return {"in.json": damaged_json(rng, document)}


def _read_predictions(folder: Path, files: Files, rng: Random) -> None:
    read_predictions(folder / "in.json", _asked(), on_others=(lambda count: None) if often(rng) else None)


def _spans(rng: Random) -> Files:
    asked = _asked()
    located = {
        video: {"duration": 20, "location": {qid: [[1, 2.5], [3, 20.5]] for qid in ("0", "2")}, "fps": 29.97}
        for video in dict.fromkeys(asked.videos)
    }
    times = {video: [0.2, 0.7, 0.7, 1] for video in located}
    spans = {key: [round(rng.uniform(0, 9), 1), 9.5] for key in asked.keys}
    documents = {"gsub.json": located, "times.json": times, "spans.json": spans}
    damaged = rng.choice((*documents,))
    return {
        name: damaged_json(rng, document) if name == damaged else json.dumps(document).encode()
        for name, document in documents.items()
    }


def _read_spans(folder: Path, files: Files, rng: Random) -> None:
    annotations = nextgqa.read_annotations(folder / "gsub.json")
    nextgqa.read_frame_times(folder / "times.json")
    spans = nextgqa.read_spans(folder / "spans.json", annotations)
    found = score_grounding(annotations, spans)
    if not (0 <= found.mean_iou <= 1 and 0 <= found.mean_iop <= 1):
        raise Difference(f"found {found}, expected shares")
    nextgqa.write_spans(folder / "again.json", spans)
    if nextgqa.read_spans(folder / "again.json", annotations) != spans:
        raise Difference("found other spans, expected those that were written")


@cache
def _vocabulary() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_vocabulary(Path(folder, "v.json"), Vocabulary((*SPECIAL_WORDS, "dog", "a", "cat", "\u00e9")))
        return Path(folder, "v.json").read_bytes()


def _words(rng: Random) -> Files:
    return {rng.choice(("in.json", "in.json.gz", "in.txt")): damaged_json(rng, json.loads(_vocabulary()))}


_OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


def damaged_pickle(rng: Random, content: bytes) -> bytes:
    """Damage instructions of a pickle, and rarely its bytes."""
    if rng.random() < 0.4:
        return damaged_bytes(rng, content)
    try:
        starts = [at for _, _, at in pickletools.genops(content) if at is not None]
    except Exception:
        return damaged_bytes(rng, content)
    parts = [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(parts))
        match rng.randrange(6):
            case 0:
                parts.insert(at, rng.choice(_OPCODES) + rng.randbytes(rng.choice((0, 1, 4, 8))))
            case 1:
                parts[at] = rng.choice(_OPCODES) + parts[at][1:]
            case 2:
                parts[at] = b""
            case 3:
                parts[at] = parts[at] * rng.choice((2, 3, 100))
            case 4:
                other = rng.randrange(len(parts))
                parts[at], parts[other] = parts[other], parts[at]
            case 5:
                parts.insert(at, rng.choice(_INSTRUCTIONS))
    return b"".join(parts)


_INSTRUCTIONS = (
    *(
        b"cos\nsystem\n",
        b"cnumpy\nndarray\n",
        b"cnumpy\ndtype\n",
        b"c__builtin__\neval\n",
        b"(S'echo'\ntR",
        b"0",
        b"1",
        b"2",
    ),
    *(
        b"I99999999999999999999\n",
        b"L9L\n",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8a\xff" + b"\xff" * 255,
        b"Fnan\n",
        b"N",
        b"\x88",
    ),
    *(
        b"S'\\x1b[0m'\n",
        b"V\\ud800\n",
        b"h\xff",
        b"j\xff\xff\xff\xff",
        b"r\xff\xff\xff\x7f",
        b"\x94" * 9,
        b"(",
        b"t",
        b"e",
    ),
    *(
        b"B\xff\xff\xff\x7f",
        b"X\xff\xff\xff\xff",
        b"\x8d" + b"\xff" * 8,
        b"\x95" + b"\xff" * 8,
        b"P1\n",
        b"Q",
        b"\x82\x01",
    ),
    *(
        (b"(" + b"]" * 5000),
        (b"]" + b"2\x85" * 60 + b"t"),
        b"g1\n",
        b"p99999999999\n",
        b"g-1\n",
        b"\x80\xff",
        b"U\x05hello",
    ),
)


class _Stored:
    """Pickled like the objects of NExT-QA's vocabularies."""


@cache
def _pickled_vocabularies() -> tuple[bytes, ...]:
    words = dict(enumerate(("<pad>", "<start>", "<end>", "<unk>", "dog", "cat")))
    contents = []
    for protocol in range(6):
        stored = _Stored()
        stored.__dict__ |= {"idx2word": words, "word2idx": {word: index for index, word in words.items()}, "idx": 6}
        content = pickle.dumps(stored, protocol)
        module = _Stored.__module__.encode()
        if protocol < 4:
            contents.append(content.replace(module, b"build_vocab").replace(b"_Stored", b"Vocabulary"))
        else:
            renamed = content.replace(bytes([0x8C, len(module)]) + module, b"\x8c\x0bbuild_vocab")
            contents.append(renamed.replace(b"\x8c\x07_Stored", b"\x8c\x0aVocabulary"))
    return tuple(contents)


def _pickled_words(rng: Random) -> Files:
    content = damaged_pickle(rng, rng.choice(_pickled_vocabularies()))
    return {"in.pkl": gzip.compress(content, 1, mtime=0) if rarely(rng) else content}


def _vectors(rng: Random) -> Files:
    size = rng.choice((1, 3, 3, 5))
    words = ("dog", "cat", ". . .", "a b", "\u00e9", "<unk>", "1", "")
    rows = [[rng.choice(words), *(f"{rng.gauss(0, 1):.4f}" for _ in range(size))] for _ in range(rng.choice((0, 1, 3)))]
    if rarely(rng):
        rows.insert(0, [str(len(rows)), str(size)])
    return {rng.choice(("in.txt", "in.txt.gz", "in.vec")): damaged_rows(rng, rows, (" ", " ", " ", "\t", "  "))}


def _read_vectors(folder: Path, files: Files, rng: Random) -> None:
    read_word_vectors(folder / next(iter(files)), None if often(rng) else ("dog", "a b", "1"))


@cache
def _arrays() -> tuple[bytes, ...]:
    entries = [[0, 1, 1.5, 2, 3, 4], [0, 1, 1.5, 2, 3, 4, 0.9, 3, 1, 2, 3, 4], [1, 1, 1.5, 2, 3, 4, 0.5, 3, 1, 2, 3, 4]]
    lists = np.empty(3, object)
    lists[:] = entries
    mixed = np.empty(2, object)
    mixed[:] = [np.arange(12.0), np.arange(12.0, dtype=np.float32)]
    arrays: list[Any] = [lists, mixed, np.arange(24.0).reshape(2, 12), np.zeros((0, 12)), np.arange(6, dtype=">i2")]
    arrays += [np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 12)), np.array(5), np.array([True, False])]
    arrays += [np.zeros(2, [("a", "f4"), ("b", "i4")]), np.array(["a", "b"]), np.array([1, 2], "M8[s]")]
    contents = []
    for array in arrays:
        output = io.BytesIO()
        np.save(output, array, allow_pickle=True)
        contents.append(output.getvalue())
    return tuple(contents)


_PLAIN_HEADERS = (
    "'<f8' '>i4' '|O' '<U5' '|V9999999999' '<f2' '<c8' True False (2,) () (-1,) (True,) None (1.0,) {} b'' 1e400"
)

_HEADERS = (
    *_PLAIN_HEADERS.split(),
    *("[('a', '<f4')]", "(99999999999, 99999999)", "(0, 9223372036854775807)", "(9223372036854775808,)", "(2, 12)"),
    *("[[]]" * 50, "(" * 300, "'\\x1b'", "9" * 5000, "(12, 2)", "(1,) * 9", "(1," * 64 + ")" * 64),
)


def damaged_npy(rng: Random, content: bytes) -> bytes:
    """Damage the header or what follows it."""
    size = int.from_bytes(content[8:10], "little")
    head, body = content[10 : 10 + size], content[10 + size :]
    if rng.random() < 0.4:
        text = head.decode("latin-1").rstrip()
        values = ("'descr': ", "'fortran_order': ", "'shape': ")
        start = text.index(rng.choice(values))
        begin = text.index(":", start) + 2
        end = max(text.rfind(", '", begin, text.find("': ", begin)), text.rfind(", }"), begin + 1)
        text = text[:begin] + rng.choice(_HEADERS) + text[end:]
        head = text.encode("latin-1") + b" " * rng.choice((0, 7)) + b"\n"
        version = rng.choice((b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\4\0"))
        width = 2 if version == b"\1\0" else 4
        content = b"\x93NUMPY" + version + len(head).to_bytes(width, "little") + head + body
    if often(rng):
        return content
    if b"|O" in head and often(rng):
        return content[: len(content) - len(body)] + damaged_pickle(rng, body)
    return damaged_bytes(rng, content)


def _npy(rng: Random) -> Files:
    return {"in.npy": damaged_npy(rng, rng.choice(_arrays()))}


def _mega(rng: Random) -> Files:
    return {"0001_123.npy": damaged_npy(rng, rng.choice(_arrays()[:3]))}


_SEQ_NMS = {
    "n_trajs": [2, 1],
    "0001_123-0000-0030": [
        {"fstarts": 0, "bboxes": [[1, 2, 3, 4], [1, 2, 3, 5]], "score": 0.5, "label": 3},
        {"fstart": 2, "bboxes": [[1, 2, 3, 4]], "score": 0.25, "class": "dog"},
    ],
    "0001_123-0015-0045": [{"fstart": 0, "bboxes": [[1, 2, 3, 4]], "score": 1, "label": 0}],
}


def _seq_nms(rng: Random) -> Files:
    output = io.BytesIO()
    np.save(output, np.zeros((3, 4), np.float32))
    files = {"0001_123.json": damaged_json(rng, _SEQ_NMS)}
    return files | ({"f.npy": damaged_npy(rng, output.getvalue())} if rarely(rng) else {})


def _read_seq_nms(folder: Path, files: Files, rng: Random) -> None:
    read_seq_nms_tracklets(folder / "0001_123.json", folder / "f.npy" if "f.npy" in files else None)


_ANNOTATED = {
    "video_id": "v1",
    "width": 640,
    "height": 480,
    "frame_count": 2,
    "subject/objects": [{"tid": 0, "category": "dog"}, {"tid": 1, "category": "adult"}],
    "trajectories": [
        [{"tid": 0, "bbox": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}, "generated": 0, "tracker": "none"}],
        [{"tid": 1, "bbox": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}, "generated": 1, "tracker": "none"}],
    ],
    "relation_instances": [{"subject_tid": 0, "object_tid": 1, "predicate": "chase", "begin_fid": 0, "end_fid": 2}],
}


def _annotations(rng: Random) -> Files:
    content = damaged_json(rng, _ANNOTATED)
    if often(rng):
        return {rng.choice(("v1.json", "v\x1b[0m.json", "v\u202e.json")): content}
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr(zipfile.ZipInfo("test/v1.json"), content, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("test/v\x1b2.json"), json.dumps(_ANNOTATED))
    packed = output.getvalue()
    return {"in.zip": packed if often(rng) else damaged_bytes(rng, packed)}


def _read_annotations(folder: Path, files: Files, rng: Random) -> None:
    for video in read_annotations(folder / "in.zip" if "in.zip" in files else folder):
        _ = video.num_frames, video.annotated
    if "v1.json" in files:
        info_from_file(str(folder / "v1.json"))


_EXPERIMENT = """description: a test
model: trajectory
settings:
  streams: [frame, trajectory]
  hidden_size: 16
  dropout: 0.1
negatives:
  strategy: both
  count: 2
training:
  epochs: 3
  batch_size: 8
  learning_rate: 1e-3
  seed: 3
"""
_PLAIN_YAML = "null ~ true 0 -1 1.5 .nan .inf 1e400 0x10 1_000 [] {} '' *a << = 0b2 0o9 1:99 12:30:45 2024-01-01"

_YAML = (
    *_PLAIN_YAML.split(),
    *("2024-13-45", "[1, 2]", "{a: 1}", "!!python/object:os.system x", "!!binary aGk=", "!!set {a, b}", "!!omap [a]"),
    *(
        "!!timestamp x",
        "!!int x",
        "!!float y",
        "&a [*a]",
        "? x",
        "|\n    text",
        "- x",
        '"\\e[0m"',
        '"\\ud800"',
        "\u202e",
    ),
    *(
        "[" * 30 + "]" * 30,
        "{a: " * 30 + "}" * 30,
        "x" * 300,
        "9" * 30,
        "9223372036854775808",
        "cuda",
        "@x",
        "%x",
        "\t",
    ),
)


def damaged_yaml(rng: Random, text: str = _EXPERIMENT) -> Files:
    """Return a YAML file with changed lines, by default an experiment."""
    lines = text.split("\n")
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        at = rng.randrange(len(lines))
        match rng.randrange(7):
            case 0 | 1 | 2:
                lines[at] = lines[at].split(":")[0] + ": " + rng.choice((*_YAML, rng.choice(NUMBERS)))
            case 3:
                del lines[at : at + 1]
            case 4:
                lines.insert(
                    at,
                    rng.choice(
                        (lines[at], "  x: 1", "base: small/both", "base: in.yaml", "base: 5", "<<: {a: 1}", "---")
                    ),
                )
            case 5:
                lines[at] = " " * rng.randrange(4) + lines[at].strip()
            case 6:
                lines[at] = rng.choice(("&a ", "*a: ", "!!str ", "? ")) + lines[at]
        lines = lines or [""]
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    return {"in.yaml": damaged_bytes(rng, content) if rarely(rng) else content}


def _read_experiment(folder: Path, files: Files, rng: Random) -> None:
    read_experiment(folder / "in.yaml")


TARGETS: Sequence[Target] = (
    Target("questions", lambda rng: _question_table(rng, _question_rows(rng)), _read_questions),
    Target("open-ended", lambda rng: _question_table(rng, _question_rows(rng, open_ended=True)), _read_open_ended),
    Target("predictions", _predictions, _read_predictions),
    Target("spans", _spans, _read_spans),
    Target("vocabulary", _words, lambda folder, files, rng: read_vocabulary(folder / next(iter(files)))),
    Target("pickled-vocabulary", _pickled_words, lambda folder, files, rng: read_vocabulary(folder / "in.pkl")),
    Target("word-vectors", _vectors, _read_vectors),
    Target("npy", _npy, lambda folder, files, rng: read_array(folder / "in.npy")),
    Target("mega-tracklets", _mega, lambda folder, files, rng: read_mega_tracklets(folder / "0001_123.npy")),
    Target("seq-nms-tracklets", _seq_nms, _read_seq_nms),
    Target("annotations", _annotations, _read_annotations),
    Target("experiment", damaged_yaml, _read_experiment),
)
