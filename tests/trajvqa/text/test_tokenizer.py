from __future__ import annotations

import csv
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.text.tokenizer import tokenize

# What nltk 3.10.4's NLTKWordTokenizer returns.
TREEBANK = {
    "why did the boy pick up one present": "why did the boy pick up one present",
    "What's the man doing?": "what 's the man doing ?",
    "the boy's hat": "the boy 's hat",
    "the dogs' toys": "the dogs ' toys",
    "don't they": "do n't they",
    "isn't it": "is n't it",
    "they're here": "they 're here",
    "they've gone": "they 've gone",
    "he'll go": "he 'll go",
    "he'd go": "he 'd go",
    "i'm in": "i 'm in",
    "can't've": "can't 've",
    "'ll go": "'ll go",
    "o'clock": "o'clock",
    "rock'n'roll": "rock'n'roll",
    "the 'red' car": "the ' red ' car",
    "cannot": "can not",
    "gonna gotta wanna gimme lemme": "gon na got ta wan na gim me lem me",
    "more'n d'ye": "more 'n d 'ye",
    "wanna-be": "wanna-be",
    "t-shirt": "t-shirt",
    "left, right": "left , right",
    "1,000 times": "1,000 times",
    "a,b": "a , b",
    "at 10:30": "at 10:30",
    "colour: red": "colour : red",
    "3.5": "3.5",
    "he runs.": "he runs .",
    "he runs.)": "he runs . )",
    "in the u.s. today": "in the u.s. today",
    "in the u.s.": "in the u.s .",
    "well... no": "well ... no",
    "yes -- no": "yes -- no",
    "a---b": "a -- -b",
    "(on the left)": "( on the left )",
    "[a] {b} <c>": "[ a ] { b } < c >",
    'say "hi"': "say `` hi ''",
    '("hi")': "( `` hi '' )",
    "``a''": "`` a ''",
    "“a” ‘b’ «c»": "“ a ” ‘ b ’ « c »",
    "boy ’ s cute": "boy ’ s cute",
    "5% of $5 & #1 a@b *x*; y": "5 % of $ 5 & # 1 a @ b * x * ; y",
    "a/b": "a/b",
    "what？": "what？",
    "a – b—c": "a – b — c",
    "  two   blanks\t\n": "two blanks",
    "": "",
}


@pytest.mark.parametrize("text", TREEBANK)
def test_words_are_split_like_in_the_penn_treebank(text):
    assert tokenize(text) == TREEBANK[text].split()


def test_a_period_ends_a_sentence_within_a_text():
    assert tokenize("he runs. she sits.") == ["he", "runs", ".", "she", "sits", "."]


def test_titles_keep_their_period_within_a_sentence():
    assert tokenize("mr. smith") == ["mr.", "smith"]


@given(st.text("abz'\".,:;-019 ()?!`$", max_size=20))
def test_nothing_but_quotes_is_lost(text):
    without_quotes = str.maketrans("", "", "\"'` ")
    assert "".join(tokenize(text)).translate(without_quotes) == text.translate(without_quotes)


@given(st.text(max_size=20))
def test_words_have_no_spaces_and_are_not_empty(text):
    assert all(token and not token.isspace() and len(token.split()) == 1 for token in tokenize(text))


@given(st.lists(st.text("abcdefgh", min_size=1), max_size=5))
def test_plain_words_stay_whole(words):
    assert tokenize(" ".join(words).upper()) == words


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "texts", "tokens", "digest"),
    [
        ("nextqa/val.csv", 34972, 132879, "267e99bb560723cf45859aa8dc603a0221c4c5a91f2e8cf617e635d994f761c8"),
        ("nextoe/train.csv", 75046, 531572, "a18b632357c95a7745b6deaea37b148eb6eefcf57436ec48fcdb04a2395b6920"),
    ],
)
def test_all_real_texts_are_split_like_by_nltk(data_dir, name, texts, tokens, digest):
    """The numbers are those of nltk 3.10.4: texts, tokens, and the SHA-256 of all tokens, one line per text."""
    with open(data_dir / name, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in ("question", "answer", "a0", "a1", "a2", "a3", "a4") if column in rows[0]]
    split = [tokenize(row[column]) for row in rows for column in columns]
    assert len(split) == texts
    assert sum(map(len, split)) == tokens
    assert hashlib.sha256("\n".join(map(" ".join, split)).encode()).hexdigest() == digest
