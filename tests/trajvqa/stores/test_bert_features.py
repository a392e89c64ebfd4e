from __future__ import annotations

import pickle
import re

import h5py
import numpy as np
import pytest

from trajvqa.stores.bert_features import BertFeatures, convert_bert

LENGTHS = np.array([[3, 1, 6, 2, 4], [5, 5, 2, 1, 3], [6, 2, 2, 2, 1]])
"""(Q, C) number of words of each candidate, at most 6."""


def some_features() -> np.ndarray:
    """Return features (3, 5, 6, 4) that float16 holds exactly, some of them zero."""
    values = np.random.Generator(np.random.PCG64(0)).integers(-8, 9, (3, 5, 6, 4)) / np.float32(8)
    values[..., 0] = 0.5
    values[np.arange(6) >= LENGTHS[..., None]] = 0
    return values


FEAT = some_features()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "bert_ft_val.h5"
    write(path, FEAT)
    return path


@pytest.fixture
def converted(path):
    convert_bert(path, path.with_name("bert_ft_val.fp16.npy"))
    return path.with_name("bert_ft_val.fp16.npy")


def write(path, feat, name="feat", **options) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset(name, data=feat, **options)


@pytest.fixture(params=["in one piece", "in chunks", "converted", "converted alone", "converted and given itself"])
def reader(request, path) -> BertFeatures:
    if request.param == "in chunks":
        write(path, FEAT, chunks=(1, 5, 6, 4), compression="gzip")
    if request.param.startswith("converted"):
        converted = request.getfixturevalue("converted")
        if request.param == "converted alone":
            path.unlink()
        return BertFeatures(converted if "given" in request.param else path, 3)
    return BertFeatures(path, 3)


def test_candidates_of_rows_are_read_in_any_order(reader):
    rows, candidates = np.array([2, 0, 2, 1]), np.array([4, 2, 4, 0])
    values, lengths = reader.read(rows, candidates)
    np.testing.assert_array_equal(values, FEAT[rows, candidates])
    assert values.dtype == np.float32
    assert lengths.tolist() == LENGTHS[rows, candidates].tolist()
    assert lengths.dtype == np.int64


def test_sizes_are_read_from_the_file(reader):
    assert len(reader) == 3
    assert (reader.candidates, reader.words, reader.size) == (5, 6, 4)


def test_a_pickled_reader_is_small_and_reads_on(reader):
    reader.read(np.array([0]), np.array([0]))
    content = pickle.dumps(reader)
    assert len(content) < 2000
    values, _ = pickle.loads(content).read(np.array([1]), np.array([2]))
    np.testing.assert_array_equal(values[0], FEAT[1, 2])


def test_a_word_whose_features_add_up_to_zero_is_a_word(path):
    feat = FEAT.copy()
    feat[0, 0, 1] = (1, -1, 2, -2)
    write(path, feat)
    assert BertFeatures(path, 3).read(np.array([0]), np.array([0]))[1].tolist() == [3]


def test_a_candidate_without_words_is_named(path):
    feat = FEAT.copy()
    feat[1, 4] = 0
    write(path, feat)
    message = f"{path}: row 1, candidate 4: found only zeros, expected features of words"
    with pytest.raises(ValueError, match=re.escape(message)):
        BertFeatures(path, 3).read(np.array([0, 1]), np.array([4, 4]))


def test_features_beyond_float32_are_refused(path):
    write(path, np.full(FEAT.shape, 1e300))
    with pytest.raises(ValueError, match=r"found numbers beyond float32, expected features of words$"):
        BertFeatures(path, 3).read(np.array([0]), np.array([0]))


def test_another_number_of_questions_is_named_with_both_files(path):
    message = f"{path}: found features of 3 questions, expected 4, one row for each question of val.csv"
    with pytest.raises(ValueError, match=re.escape(message)):
        BertFeatures(path, 4, "val.csv")


def test_another_number_of_questions_in_a_converted_file_is_named(path, converted):
    with pytest.raises(ValueError, match=re.escape(f"{converted}: found features of 3 questions, expected 4")):
        BertFeatures(path, 4)


def test_the_converted_file_is_read_if_it_exists(path, converted):
    assert BertFeatures(path, 3).path == converted


def test_a_converted_file_of_older_features_is_refused(path, converted):
    write(path, FEAT * 2)
    message = (
        f"{converted}: found features that differ from {path}, expected equal ones; delete the file or convert again"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        BertFeatures(path, 3)


def test_a_converted_file_of_other_questions_is_refused(path, converted):
    write(path, FEAT[:2])
    with pytest.raises(ValueError, match="found features that differ from"):
        BertFeatures(path, 2)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="bert_ft_val"):
        BertFeatures(tmp_path / "bert_ft_val.h5", 3)


@pytest.mark.parametrize(
    ("feat", "name", "message"),
    [
        (FEAT, "feats", "feat: found no such dataset (only feats), expected shape (Q, C, L, S)"),
        (FEAT[0], "feat", "feat: found shape (5, 6, 4), expected (Q, C, L, S)"),
        (FEAT.astype(np.int64), "feat", "feat: found int64, expected float numbers"),
        (FEAT[:, :, :0], "feat", "found shape (3, 5, 0, 4), expected (Q, C, L, S) without zeros"),
    ],
)
def test_other_datasets_are_named(path, feat, name, message):
    write(path, feat, name)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        BertFeatures(path, 3)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        convert_bert(path, path.with_name("out.npy"))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (FEAT[0], "found shape (5, 6, 4), expected (Q, C, L, S)"),
        (FEAT.astype(np.int8), "found int8, expected float numbers"),
    ],
)
def test_other_converted_arrays_are_named(tmp_path, array, message):
    path = tmp_path / "bert_ft_val.fp16.npy"
    np.save(path, array)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        BertFeatures(path, 3)


def test_a_file_that_is_truncated_is_named(path):
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=re.escape(str(path))):
        BertFeatures(path, 3)


def test_a_file_is_converted_in_blocks(path, tmp_path, monkeypatch):
    monkeypatch.setattr("trajvqa.stores.array_rows._BLOCK_BYTES", 1)
    convert_bert(path, tmp_path / "out.npy")
    found = np.load(tmp_path / "out.npy")
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, FEAT)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_numbers_beyond_float16_are_named_and_no_file_is_left(path, value):
    feat = FEAT.copy()
    feat[1, 0, 0, 0] = value
    write(path, feat)
    message = f"{path}: feat, row 1: found a number that is not finite in float16, expected numbers up to 65504"
    with pytest.raises(ValueError, match=re.escape(message)):
        convert_bert(path, path.with_name("out.npy"))
    assert list(path.parent.iterdir()) == [path]
