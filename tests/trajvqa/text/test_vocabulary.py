from __future__ import annotations

import os
import pickle
import re
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.datasets.nextqa.questions import read_questions
from trajvqa.text.vocabulary import SPECIAL_WORDS, Vocabulary, read_vocabulary, write_vocabulary

WORDS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda word: word not in SPECIAL_WORDS))


@pytest.fixture
def pickled(tmp_path, monkeypatch):
    """Return a function that pickles an object of NExT-QA's class, with some attributes, and returns the path."""
    module = types.ModuleType("build_vocab")
    module.Vocabulary = type("Vocabulary", (), {"__module__": "build_vocab"})
    monkeypatch.setitem(sys.modules, "build_vocab", module)

    def write(protocol: int = 3, **attributes: object):
        vocabulary = module.Vocabulary()
        vars(vocabulary).update(attributes)
        path = tmp_path / "vocab.pkl"
        path.write_bytes(pickle.dumps(vocabulary, protocol))
        return path

    return write


def test_the_special_words_come_first():
    assert Vocabulary.from_texts([]).words == ("<pad>", "<start>", "<end>", "<unk>")


def test_frequent_words_come_first_and_equally_frequent_ones_alphabetically():
    assert Vocabulary.from_texts(["b a c", "c d d", "D"]).words[4:] == ("d", "c", "a", "b")


def test_the_order_of_texts_does_not_matter():
    texts = ["why did he", "why not", "he did it"]
    assert Vocabulary.from_texts(texts) == Vocabulary.from_texts(texts[::-1])


def test_texts_are_split_into_words():
    assert Vocabulary.from_texts(["What's up?"]).words[4:] == ("'s", "?", "up", "what")


def test_tokens_are_not_changed():
    assert Vocabulary.from_tokens([["What's"], ["up", "up"]]).words[4:] == ("up", "What's")


def test_special_words_in_texts_are_not_counted_again():
    assert Vocabulary.from_tokens([["<start>", "a", "<end>"]]).words == (*SPECIAL_WORDS, "a")


def test_the_number_of_words_is_limited_besides_the_special_ones():
    assert Vocabulary.from_texts(["a a b b c"], max_words=2).words[4:] == ("a", "b")


def test_rare_words_are_omitted():
    assert Vocabulary.from_texts(["a a b"], min_count=2).words[4:] == ("a",)


def test_words_become_ids():
    numbers = Vocabulary.from_texts(["a a b"]).encode(["<start>", "b", "a", "<end>", "<pad>"])
    assert numbers.tolist() == [1, 5, 4, 2, 0]
    assert numbers.dtype == np.int64


def test_other_words_become_the_unknown_word():
    assert Vocabulary.from_texts(["a"]).encode(["a", "zebra"]).tolist() == [4, 3]


def test_no_words_become_no_ids():
    numbers = Vocabulary.from_texts(["a"]).encode([])
    assert numbers.shape == (0,)
    assert numbers.dtype == np.int64


@given(WORDS)
def test_ids_are_the_indices_of_the_words(words):
    vocabulary = Vocabulary.from_tokens([words])
    assert vocabulary.encode(vocabulary.words).tolist() == list(range(len(vocabulary)))


def test_a_vocabulary_is_pickled_for_workers():
    vocabulary = Vocabulary.from_texts(["a b"])
    assert pickle.loads(pickle.dumps(vocabulary)).encode(["b"]).tolist() == [5]


def test_other_first_words_are_refused():
    with pytest.raises(ValueError, match=r"words: found 'a', 'b' first, expected '<pad>', '<start>', '<end>', '<unk>'"):
        Vocabulary(("a", "b"))


def test_a_word_that_repeats_is_refused():
    with pytest.raises(ValueError, match="words: found 'a' 2 times, expected unique words"):
        Vocabulary((*SPECIAL_WORDS, "b", "a", "a"))


@given(WORDS)
def test_reading_gives_back_what_was_written(tmp_path_factory, words):
    vocabulary = Vocabulary.from_tokens([words])
    path = tmp_path_factory.mktemp("written") / "vocab.json"
    write_vocabulary(path, vocabulary)
    assert read_vocabulary(path) == vocabulary


def test_nextqas_pickle_is_read(pickled):
    words = [*SPECIAL_WORDS, "the", "man"]
    path = pickled(idx2word=dict(enumerate(words)), word2idx={word: k for k, word in enumerate(words)}, idx=6)
    assert read_vocabulary(path).words == tuple(words)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_any_protocol_is_read(tmp_path, pickled, protocol):
    words = [*SPECIAL_WORDS, "thé", "man"]
    path = pickled(idx2word=dict(enumerate(words)), idx=6)
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), protocol))
    assert read_vocabulary(path).words == tuple(words)


WORDS_OF_PYTHON_2 = (b"<pad>", b"<start>", b"<end>", b"<unk>", b"caf\\xc3\\xa9")
ITEMS = b"".join(b"I%d\nS'%s'\ns" % item for item in enumerate(WORDS_OF_PYTHON_2))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"(ivocab\nVocabulary\np0\n(dp1\nS'idx2word'\np2\n(dp3\n" + ITEMS + b"sb.", id="old-class"),
        pytest.param(
            b"ccopy_reg\n_reconstructor\np0\n(cvocab\nVocabulary\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n"
            b"(dp5\nS'idx2word'\np6\n(dp7\n" + ITEMS + b"sb.",
            id="new-class",
        ),
        pytest.param(b"\x80\x02cvocab\nVocabulary\n)\x81}U\x08idx2word}" + ITEMS + b"sb.", id="protocol-2"),
    ],
)
def test_words_that_python_2_wrote_are_read(tmp_path, content):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(content)
    assert read_vocabulary(path).words == (*SPECIAL_WORDS, "café")


def test_words_of_python_2_in_another_encoding_are_named(tmp_path):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(b"(ivocab\nVocabulary\n(dS'idx2word'\n(dI0\nS'caf\\xe9'\nssb.")
    with pytest.raises(ValueError, match=re.escape(f"{path}: word 0: found b'caf\\xe9', expected text in UTF-8")):
        read_vocabulary(path)


def test_a_list_of_many_levels_is_cut_in_the_message(pickled):
    value = []
    for _ in range(40):
        value = [value] * 9
    path = pickled(idx2word=value)
    with pytest.raises(ValueError, match=r"idx2word: found .*, expected a dictionary") as caught:
        read_vocabulary(path)
    assert len(str(caught.value)) < 2000


def test_nothing_in_a_pickle_is_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    path = tmp_path / "vocab.pkl"
    path.write_bytes(pickle.dumps(Harmful()))
    message = rf"{re.escape(str(path))}: found an unreadable pickle \(it uses \w+\.mkdir\), expected a pickled"
    with pytest.raises(ValueError, match=message):
        read_vocabulary(path)
    assert not (tmp_path / "made").exists()


def test_a_function_called_vocabulary_is_not_run_either(tmp_path):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(b"cos\nVocabulary\n(S'x'\ntR.")
    with pytest.raises(ValueError, match="found an unreadable pickle"):
        read_vocabulary(path)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x03}q\x00X\x05"])
def test_a_damaged_pickle_is_named(tmp_path, content):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: found an unreadable pickle (")):
        read_vocabulary(path)


def test_a_pickle_of_something_else_is_named(tmp_path):
    path = tmp_path / "vocab.pkl"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ValueError, match=re.escape(f"{path}: found an object of type dict, expected a pickled object")):
        read_vocabulary(path)


def test_a_pickle_without_words_is_named(pickled):
    path = pickled(word2idx={})
    with pytest.raises(
        ValueError, match=re.escape(f"{path}: idx2word: found None, expected a dictionary from IDs to words")
    ):
        read_vocabulary(path)


def test_a_pickle_with_gaps_in_the_ids_is_named(pickled):
    path = pickled(idx2word={0: "<pad>", 2: "<end>"})
    with pytest.raises(ValueError, match=re.escape(f"{path}: idx2word: found IDs with gaps, expected 0 to 1")):
        read_vocabulary(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "found no JSON that can be read"),
        ("[", "found no JSON that can be read"),
        ('{"a": 1}', "found JSON of type dict, expected a list of words"),
        ('["<pad>", 1]', "word 1: found 1, expected text"),
        ('["a"]', "words: found 'a' first, expected '<pad>', '<start>', '<end>', '<unk>'"),
        ('["<pad>", "<start>", "<end>", "<unk>", "a", "a"]', "words: found 'a' 2 times, expected unique words"),
    ],
)
def test_another_json_file_is_named(tmp_path, content, message):
    path = tmp_path / "vocab.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_vocabulary(path)


@pytest.mark.real_data
def test_the_words_of_nextqas_validation_questions(data_dir):
    vocabulary = Vocabulary.from_texts(read_questions(data_dir / "nextqa" / "val.csv").questions)
    assert vocabulary.words[4:8] == ("the", "in", "why", "did")
    assert (vocabulary.encode(["man", "woman", "baby", "'s"]) > 3).all()
