from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLUMNS = {"frame": [0, 3], "x1": [0.5, 1], "y1": [0, 1], "x2": [2, 3], "y2": [4, 5], "score": [0.5, 1]}
DETECTIONS = Detections([[0.5, 0, 2, 4], [1, 1, 3, 5]], [0.5, 1], [0, 3])


def test_columns_have_the_same_types_as_in_memory(tmp_path: Path) -> None:
    written = Detections([[0, 0, 1, 1]], [1], [0], num_frames=9, track_ids=[2], label_names={0: "dog"})
    trajtrack.write(tmp_path / "a.parquet", written)
    schema = parquet.read_schema(tmp_path / "a.parquet")
    types = {name: str(schema.field(name).type) for name in schema.names}
    floats = dict.fromkeys(("x1", "y1", "x2", "y2", "score"), "float")
    assert types == {"frame": "int32", **floats, "label": "int32", "track_id": "int64"}


def test_other_tables_need_only_frame_score_and_corners(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table(COLUMNS), tmp_path / "a.parquet")
    assert trajtrack.read(tmp_path / "a.parquet") == DETECTIONS


def test_other_tables_may_have_left_top_width_and_height(tmp_path: Path) -> None:
    sizes = {"x": [0.5, 1], "y": [0, 1], "w": [1.5, 2], "h": [4, 4], "frame": [0, 3], "score": [0.5, 1]}
    parquet.write_table(pyarrow.table(sizes), tmp_path / "a.parquet")
    assert trajtrack.read(tmp_path / "a.parquet") == DETECTIONS


def test_other_columns_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = pyarrow.array(["left alone"] * 2)
    parquet.write_table(pyarrow.table(COLUMNS | {"notes": texts}), path, use_dictionary=False, compression="none")
    content = path.read_bytes()
    assert content.count(b"left alone") >= 2
    # A page that cannot be decoded, of a column that nobody asked for.
    path.write_bytes(content.replace(b"\x0a\0\0\0left alone", b"\xff\xff\xff\xffleft alone"))
    assert trajtrack.read(path) == DETECTIONS


def test_names_of_classes_are_read_beside_their_numbers(tmp_path: Path) -> None:
    names = {"class_id": [17, 16], "class_name": ["dog", None]}
    parquet.write_table(pyarrow.table(COLUMNS | names), tmp_path / "a.parquet")
    found = trajtrack.read(tmp_path / "a.parquet")
    assert (found.labels.tolist(), found.label_names) == ([17, 16], {17: "dog"})


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string(), pyarrow.dictionary("int8", "string")])
def test_a_part_of_a_corpus_is_refused(tmp_path: Path, kind: object) -> None:
    parquet.write_table(pyarrow.table(COLUMNS | {"video": pyarrow.array(["a", "b"], kind)}), tmp_path / "a.parquet")
    message = (
        r"a\.parquet, column 'video', row 1: found 'b', expected the rows of one video, as of 'a' before; link_tab"
    )
    with pytest.raises(ValueError, match=message):
        trajtrack.read(tmp_path / "a.parquet")


def test_rows_that_take_no_space_are_refused(tmp_path: Path) -> None:
    path, rows = tmp_path / "a.parquet", 10**6
    parquet.write_table(pyarrow.table({name: np.zeros(rows, np.float32) for name in COLUMNS}), path)
    assert path.stat().st_size < rows / 8
    with pytest.raises(ValueError, match=r"a\.parquet, found 1000000 rows in \d+ bytes"):
        trajtrack.read(path)


def test_a_table_written_by_pandas_is_read(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame(COLUMNS).to_parquet(tmp_path / "a.parquet")
    assert trajtrack.read(tmp_path / "a.parquet") == DETECTIONS


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"score": None}, "found no column 'score'"),
        ({"x2": [2, 0.5]}, r"boxes, row 1: found .*, expected x1 <= x2"),
        ({"score": ["high", "low"]}, "column 'score', row 0: found 'high', expected a number"),
        ({"frame": [0, -1]}, "frames, row 1: found -1"),
    ],
)
def test_errors_name_the_file(tmp_path: Path, columns: dict, message: str) -> None:
    table = {name: values for name, values in (COLUMNS | columns).items() if values is not None}
    parquet.write_table(pyarrow.table(table), tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet, .*" + message):
        trajtrack.read(tmp_path / "a.parquet")


def test_two_columns_of_the_same_name_are_refused(tmp_path: Path) -> None:
    table = pyarrow.Table.from_arrays([pyarrow.array(v) for v in COLUMNS.values()] * 2, names=[*COLUMNS] * 2)
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet, "):
        trajtrack.read(tmp_path / "a.parquet")


@pytest.mark.parametrize("metadata", [b"{", b"{}", b'{"num_frames": -1}', b'{"num_frames": 9, "label_names": 3}'])
def test_broken_metadata_is_refused(tmp_path: Path, metadata: bytes) -> None:
    table = pyarrow.table(COLUMNS).replace_schema_metadata({b"trajtrack": metadata})
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet, .*found .*, expected"):
        trajtrack.read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (b'{"dog": "dog"}', r"metadata\.trajtrack\.label_names: found 'dog', expected keys that are labels"),
        (b'{"1.5": "dog"}', r"metadata\.trajtrack\.label_names: found '1\.5', expected keys"),
        (b'{"4294967296": "dog"}', r"metadata\.trajtrack\.label_names: found '4294967296', expected keys"),
        (b'{"%s": "dog"}' % (b"9" * 5000), r"metadata\.trajtrack\.label_names: found '9+\.\.\.9+', expected keys"),
        (b'{"1": 2}', r"metadata\.trajtrack\.label_names\.1: found 2, expected a string"),
        (b'{"1": "\xff"}', r"metadata\.trajtrack, line 1: found byte 0xff, expected UTF-8 text"),
        (b"{", r"metadata\.trajtrack, line 1: found the end of the file, expected JSON"),
    ],
    ids=["name", "fraction", "large", "digits", "number", "bytes", "end"],
)
def test_an_error_in_metadata_names_its_place(tmp_path: Path, names: bytes, message: str) -> None:
    metadata = b'{"num_frames": 9, "label_names": ' + names + (b"" if names == b"{" else b"}")
    parquet.write_table(
        pyarrow.table(COLUMNS).replace_schema_metadata({b"trajtrack": metadata}), tmp_path / "a.parquet"
    )
    with pytest.raises(ValueError, match=r"a\.parquet, " + message):
        trajtrack.read(tmp_path / "a.parquet")


def test_text_that_is_not_utf_8_is_refused_by_column(tmp_path: Path) -> None:
    invalid = pyarrow.Array.from_buffers(
        pyarrow.string(), 2, [None, pyarrow.py_buffer(np.array([0, 1, 2], np.int32)), pyarrow.py_buffer(b"\xffa")]
    )
    parquet.write_table(pyarrow.table({**COLUMNS, "label": invalid}), tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet, column 'label': found unreadable values \(.*\), expected"):
        trajtrack.read(tmp_path / "a.parquet")


def test_a_column_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({**COLUMNS, "other": [1, 2]}), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content.replace(b"other", b"\xffther"))
    with pytest.raises(ValueError, match=r"a\.parquet, found an unreadable file \(.*\), expected a Parquet table"):
        trajtrack.read(tmp_path / "a.parquet")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    trajtrack.write(tmp_path / "a.parquet", Detections(np.zeros((100, 4)), np.zeros(100), np.arange(100)))
    content = (tmp_path / "a.parquet").read_bytes()
    for length in (0, 3, 4, 50, len(content) // 2, len(content) - 1):
        (tmp_path / "b.parquet").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"b\.parquet, found an unreadable file"):
            trajtrack.read(tmp_path / "b.parquet")


def test_without_pyarrow_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import trajtrack\n"
        "try: trajtrack.read(sys.argv[1])\n"
        "except ImportError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.parquet")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output == "Parquet files need pyarrow: pip install 'trajtrack[io]'\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_reading_leaves_no_thread_that_could_hold_the_content_while_the_interpreter_ends(tmp_path: Path) -> None:
    trajtrack.write(tmp_path / "a.parquet", DETECTIONS)
    lines = [
        "import os, sys, pyarrow.parquet, trajtrack",
        "before = len(os.listdir('/proc/self/task'))",
        "trajtrack.read(sys.argv[1])",
        "print(len(os.listdir('/proc/self/task')) - before)",
    ]
    command = [sys.executable, "-c", "\n".join(lines), tmp_path / "a.parquet"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"
