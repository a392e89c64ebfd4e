from __future__ import annotations

import gzip
import re

import numpy as np
import pytest

from trajvqa.text.word_vectors import initial_word_vectors, label_vectors, label_words, read_word_vectors


@pytest.fixture
def glove(tmp_path):
    """Return a function that writes a file of vectors and returns its path."""

    def write(content: str | bytes):
        path = tmp_path / "glove.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_line_is_a_word_and_its_numbers(glove):
    vectors = read_word_vectors(glove("the 0.5 -1\nman 1e-2 3\n"))
    assert list(vectors) == ["the", "man"]
    np.testing.assert_array_equal(vectors["man"], np.array([0.01, 3], np.float32))
    assert vectors["man"].dtype == np.float32


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
def test_lines_end_in_any_way(glove, end):
    assert read_word_vectors(glove(f"the 0.5 -1{end}man 1 3"))["the"].tolist() == [0.5, -1]


def test_only_wanted_words_are_returned(glove):
    assert list(read_word_vectors(glove("the 1\nman 2\nboy 3\n"), {"boy", "the", "zebra"})) == ["the", "boy"]


def test_other_lines_are_not_checked(glove):
    assert list(read_word_vectors(glove("the 1\nman x\nboy 3\n"), {"boy"})) == ["boy"]


def test_words_may_contain_spaces(glove):
    vectors = read_word_vectors(glove("the 1 2\n. . . 3 4\nat name@domain.com 5 6\n"))
    assert vectors[". . ."].tolist() == [3, 4]
    assert vectors["at name@domain.com"].tolist() == [5, 6]


def test_a_wanted_word_with_spaces_is_found(glove):
    assert read_word_vectors(glove("the 1 2\n. . . 3 4\n. 5 6\n"), {". . ."})[". . ."].tolist() == [3, 4]


def test_the_first_line_of_a_repeated_word_counts(glove):
    assert read_word_vectors(glove("a 1\na 2\n"))["a"].tolist() == [1]


def test_no_break_spaces_belong_to_the_word(glove):
    assert list(read_word_vectors(glove("a\u00a0b 1\nc\u0085d 2\n"))) == ["a\u00a0b", "c\u0085d"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2\nb 1\n", "line 2: numbers after 'b': found 1, expected 2, as in line 1"),
        ("a 1 2\nb 1 2 3\n", "line 2: numbers after 'b': found 3, expected 2, as in line 1"),
        ("a 1 2\n\n", "line 2: numbers after '': found 0, expected 2, as in line 1"),
        ("a\n", "line 1: numbers after 'a': found 0, expected at least 1"),
        ("a 1 2\nb 1 x\n", "line 2: numbers after 'b': found 'x', expected numbers"),
        ("a 1 2\nb 1 nan\n", "line 2: numbers after 'b': found 'nan', expected finite numbers"),
        ("a 1 1e99\n", "line 1: numbers after 'a': found '1e99', expected finite numbers"),
        (b"a 1\n\xe9 1\n", "line 2: found byte 0xe9, expected text in UTF-8"),
        ("", "found an empty file, expected lines with a word and its numbers"),
    ],
)
def test_malformed_lines_are_named(glove, content, message):
    path = glove(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_word_vectors(path)


@pytest.mark.parametrize("wanted", [None, {"the"}, {"the", "man", "400000"}])
def test_the_first_line_may_be_that_of_word2vec(glove, wanted):
    vectors = read_word_vectors(glove("400000 3\nthe 1 2 3\nman 4 5 6\n"), wanted)
    assert vectors["the"].tolist() == [1, 2, 3]
    assert "400000" not in vectors


def test_vectors_of_another_size_than_that_of_the_first_line_are_named(glove):
    with pytest.raises(ValueError, match="line 2: numbers after 'the': found 2, expected 3, as in line 1"):
        read_word_vectors(glove("400000 3\nthe 1 2\n"))


def test_a_file_packed_with_gzip_is_read(glove):
    assert read_word_vectors(glove(gzip.compress(b"the 1 2\nman 3 4\n")))["man"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2\n".encode("utf-16"), "line 1: found UTF-16, expected text in UTF-8"),
        ("the 1 2\n".encode("utf-16-le"), "line 1: found UTF-16, expected text in UTF-8"),
        (gzip.compress(b"the 1 2\n" * 100)[:-12], "found damaged gzip"),
        (b"PK\x03\x04", "line 1: found zip, expected text in UTF-8"),
        ("the\t1\t2\n", "line 1: found numbers separated by tabs, expected spaces"),
        (b"the" + b" 1" * 600_000, "line 1: found at least 1048576 bytes, expected fewer"),
    ],
    ids=["utf-16", "utf-16-le", "damaged-gzip", "zip", "tabs", "long-line"],
)
def test_another_kind_of_file_is_told_by_its_name(glove, content, message):
    path = glove(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_word_vectors(path)


def test_known_words_get_their_vectors():
    known = {"man": np.array([1, 2], np.float32)}
    assert initial_word_vectors(["man", "dog"], known, 2)[0].tolist() == [1, 2]


def test_padding_is_zero():
    assert not initial_word_vectors(["<pad>"], {}, 5).any()


def test_an_unknown_word_has_the_same_vector_in_every_vocabulary():
    first, second = (
        initial_word_vectors(["dog", "<unk>", "man"], {}, 5),
        initial_word_vectors(["<pad>", "man", "cat"], {}, 5),
    )
    np.testing.assert_array_equal(first[2], second[1])


def test_unknown_words_have_different_vectors():
    vectors = initial_word_vectors([f"word{number}" for number in range(50)], {}, 3)
    assert len(np.unique(vectors, axis=0)) == 50


def test_unknown_words_depend_on_the_seed():
    assert (initial_word_vectors(["man"], {}, 5, seed=0) != initial_word_vectors(["man"], {}, 5, seed=1)).all()


def test_the_vector_of_an_unknown_word_never_changes():
    vector = initial_word_vectors(["man"], {}, 3, seed=0)[0]
    np.testing.assert_allclose(vector, [-0.2303734, -0.5389847, 0.5706963], rtol=1e-5)


def test_vectors_of_unknown_words_have_the_spread_of_gloves():
    vectors = initial_word_vectors([f"word{number}" for number in range(200)], {})
    assert vectors.shape == (200, 300)
    assert vectors.dtype == np.float32
    assert abs(vectors.mean()) < 0.01
    assert vectors.std() == pytest.approx(0.4, rel=0.01)


def test_a_known_vector_of_another_size_is_named():
    with pytest.raises(ValueError, match=r"known, word 'man': found shape \(2,\), expected \(3,\)"):
        initial_word_vectors(["man"], {"man": np.zeros(2, np.float32)}, 3)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("dog", ["dog"]),
        ("Giant panda", ["giant", "panda"]),
        ("giant_panda", ["giant", "panda"]),
        ("ball/sports_ball", ["ball", "sports", "ball"]),
        (" a  b_/c ", ["a", "b", "c"]),
    ],
)
def test_class_names_are_split_at_spaces_underscores_and_slashes(label, words):
    assert label_words(label) == words


def test_a_class_has_the_mean_of_its_words():
    known = {"giant": np.array([1, 0], np.float32), "panda": np.array([0, 2], np.float32)}
    vectors = label_vectors(["giant_panda", "Panda"], known, 2)
    assert vectors.tolist() == [[0.5, 1], [0, 2]]
    assert vectors.dtype == np.float32


def test_unknown_words_of_a_class_are_those_of_questions():
    np.testing.assert_array_equal(label_vectors(["zebra"], {}, 4, 1), initial_word_vectors(["zebra"], {}, 4, 1))


@pytest.mark.parametrize("label", ["", " ", "_/"])
def test_a_class_without_a_word_is_named(label):
    message = re.escape(f"classes, row 1: found {label!r}, expected a name with a word in it")
    with pytest.raises(ValueError, match=message):
        label_vectors(["dog", label], {}, 3)


@pytest.mark.real_data
def test_real_vectors_have_300_numbers(data_dir):
    vectors = read_word_vectors(data_dir / "glove" / "glove.tgif-subset.300d.txt")
    assert len(vectors) == 1025
    assert {vector.shape for vector in vectors.values()} == {(300,)}


@pytest.mark.real_data
def test_similar_words_have_similar_vectors(data_dir):
    known = read_word_vectors(data_dir / "glove" / "glove.tgif-subset.300d.txt", {"dog", "cat", "guitar"})
    dog, cat, guitar = (
        vector / np.linalg.norm(vector) for vector in initial_word_vectors(["dog", "cat", "guitar"], known)
    )
    assert dog @ cat > dog @ guitar + 0.2
