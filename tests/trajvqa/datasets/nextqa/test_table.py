from __future__ import annotations

import codecs
import gzip
import re
import sys

import numpy as np
import pytest

from trajvqa.datasets.nextqa.table import read_table


@pytest.fixture
def csv(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(content: str | bytes):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def parquet(tmp_path):
    """Return a function that writes columns to a Parquet file and returns its path."""
    arrow = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    def write(columns):
        path = tmp_path / "table.parquet"
        arrow.write_table(pyarrow.table(columns), path)
        return path

    return write


def test_columns_are_found_by_name(csv):
    table = read_table(csv("b,a\n1,2\n3,4\n"))
    assert list(table.column("a")) == ["2", "4"]
    assert len(table) == 2


def test_a_byte_order_mark_is_no_part_of_the_first_name(csv):
    assert list(read_table(csv(codecs.BOM_UTF8 + b"a\nx\n")).column("a")) == ["x"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(csv, end):
    assert list(read_table(csv(end.join(["a,b", "1,2", "3,4"]))).column("b")) == ["2", "4"]


def test_the_first_of_several_names_counts(csv):
    table = read_table(csv("video_id,x\n1,2\n"))
    assert list(table.column("video", "video_id")) == ["1"]


def test_a_missing_column_is_named_with_the_existing_ones(csv):
    path = csv(",a,b\n0,1,2\n")
    with pytest.raises(
        ValueError,
        match=re.escape(f"{path}: found the columns one without a name, a, b, expected a column video or video_id"),
    ):
        read_table(path).column("video", "video_id")


def test_an_empty_file_is_refused(csv):
    path = csv("")
    with pytest.raises(
        ValueError, match=re.escape(f"{path}: found an empty file, expected a line of column names and rows")
    ):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "found"), [('{"a": 1}', "JSON"), ("\n[1, 2]\n", "JSON"), ("<html>404</html>\n", "HTML or XML")]
)
def test_files_of_other_formats_are_refused_by_their_name(csv, content, found):
    path = csv(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: found {found}, expected a table, CSV or Parquet")):
        read_table(path)


def test_lines_of_spaces_are_blank(csv):
    assert len(read_table(csv("  \na,b\n1,2\n   \n"))) == 1


def test_a_space_is_a_value_of_a_table_with_one_column(csv):
    assert list(read_table(csv("a\n \n")).column("a")) == [" "]


def test_a_file_with_only_names_is_refused(csv):
    path = csv("a,b\n")
    with pytest.raises(ValueError, match=re.escape(f"{path}: found no rows, expected at least one")):
        read_table(path)


def test_text_that_is_not_utf_8_is_named_by_line(csv):
    path = csv("a\nx\né\n".encode("latin-1"))
    with pytest.raises(ValueError, match=re.escape(f"{path}: line 3: found byte 0xe9, expected text in UTF-8")):
        read_table(path)


@pytest.mark.parametrize(("row", "found"), [("1", "1 field"), ("1,2,3", "3 fields")])
def test_a_row_of_another_width_is_named_by_line(csv, row, found):
    path = csv(f"a,b\n1,2\n\n{row}\n")
    with pytest.raises(ValueError, match=re.escape(f"{path}: line 4: found {found}, expected 2, as many as columns")):
        read_table(path)


def test_a_row_over_two_lines_is_named_by_its_first(csv):
    path = csv('a,b\n"1\n1",2\n"3\n3"\n')
    with pytest.raises(ValueError, match="line 4: found 1 field,"):
        read_table(path)


def test_a_quote_that_does_not_end_is_refused(csv):
    path = csv('a,b\n1,"2\n3,4\n')
    with pytest.raises(ValueError, match=re.escape(f"{path}: line 2: found unreadable text (unexpected end of data)")):
        read_table(path)


def test_a_column_name_that_repeats_is_refused(csv):
    path = csv("a,b,a\n1,2,3\n")
    with pytest.raises(ValueError, match=re.escape(f"{path}: line 1: found 2 columns 'a', expected one")):
        read_table(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        read_table(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "1.5", "٣", "1" * 19])
def test_other_values_than_integers_are_named_by_line(csv, value):
    path = csv(f"a,b\n7,x\n{value},x\n")
    with pytest.raises(
        ValueError, match=re.escape(f"{path}: line 3: a: found {value!r}, expected an integer of at least 1")
    ):
        read_table(path).integers("a")


@pytest.mark.parametrize("value", ["48", "48.0", "48.", "48.000"])
def test_a_whole_number_may_have_a_point(csv, value):
    assert read_table(csv(f"a\n{value}\n")).integers("a").tolist() == [48]


def test_a_file_packed_with_gzip_is_read(csv):
    assert list(read_table(csv(gzip.compress(b"a,b\n1,2\n"))).column("b")) == ["2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n".encode("utf-16"), "line 1: found UTF-16, expected text in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-be"), "line 1: found UTF-16, expected text in UTF-8"),
        ("a,b\n1,2\n".encode("utf-32"), "line 1: found UTF-32, expected text in UTF-8"),
        (gzip.compress(b"a,b\n1,2\n")[:-5], "found damaged gzip"),
        (gzip.compress(bytes(1 << 27)), "found more than 67108864 bytes in "),
        (b"PK\x03\x04", "line 1: found zip, expected text in UTF-8"),
        ("a;b\n1;2\n", "line 1: found columns separated by ';', expected commas"),
        ("\na\tb\n1\t2\n", "line 2: found columns separated by tabs, expected commas"),
    ],
    ids=["utf-16", "utf-16-be", "utf-32", "damaged-gzip", "gzip-bomb", "zip", "semicolons", "tabs"],
)
def test_another_kind_of_file_is_told_by_its_name(csv, content, message):
    path = csv(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_table(path)


def test_only_the_wanted_columns_of_parquet_are_read(parquet):
    path = parquet({"a": [1, 2], "video": ["x", "y"], "answer": ["3", None]})
    table = read_table(path, ("video", "answer"), optional=("answer",))
    assert {name: list(values) for name, values in table.columns.items()} == {"video": ["x", "y"], "answer": ["3", ""]}
    with pytest.raises(ValueError, match="found the columns a, video, answer, expected a column qid"):
        table.column("qid")


def test_text_of_parquet_that_is_not_utf_8_is_refused(parquet):
    pyarrow = pytest.importorskip("pyarrow")
    buffers = [None, pyarrow.py_buffer(np.array([0, 1], np.int32)), pyarrow.py_buffer(b"\xff")]
    path = parquet({"a": pyarrow.Array.from_buffers(pyarrow.utf8(), 1, buffers)})
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: found an unreadable Parquet table .*utf-8"):
        read_table(path)


def test_rows_of_parquet_that_take_no_space_are_refused(parquet):
    path = parquet({"a": [1] * 10**6})
    with pytest.raises(ValueError, match=re.escape(f"{path}: found 1000000 rows in ")):
        read_table(path)


def test_an_empty_required_value_is_named_by_line(csv):
    path = csv('a,b\nx,1\n" ",2\n')
    with pytest.raises(ValueError, match=re.escape(f"{path}: line 3: a: found nothing, expected a value")):
        read_table(path).filled("a")


def test_parquet_values_become_text(parquet):
    table = read_table(parquet({"a": [4010069381, 2], "b": ["none", "x"]}))
    assert list(table.column("a")) == ["4010069381", "2"]
    assert list(table.column("b")) == ["none", "x"]


def test_parquet_errors_name_the_row(parquet):
    path = parquet({"a": [1, 0]})
    with pytest.raises(ValueError, match=re.escape(f"{path}: row 1: a: found '0', expected an integer of at least 1")):
        read_table(path).integers("a")


def test_a_parquet_value_that_is_missing_is_named(parquet):
    path = parquet({"a": ["x", None]})
    with pytest.raises(ValueError, match=re.escape(f"{path}: row 1: a: found no value, expected one")):
        read_table(path)


def test_a_damaged_parquet_file_is_named(csv):
    pytest.importorskip("pyarrow.parquet")
    path = csv(b"PAR1 and no more")
    with pytest.raises(ValueError, match=re.escape(f"{path}: found an unreadable Parquet table")):
        read_table(path)


def test_parquet_without_pyarrow_says_what_to_install(csv, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"Parquet files need pyarrow: pip install 'trajtrack\[io\]'"):
        read_table(csv(b"PAR1"))
