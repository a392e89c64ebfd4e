from __future__ import annotations

import pickle

import pytest

from trajtrack.files.pickles import PickleError, read_pickle


def no_function(module, name):
    raise PickleError(f"found {module}.{name}, expected none")


def no_state(value, state):
    raise PickleError("found a state, expected none")


def read(content):
    return read_pickle(content, no_function, no_state)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_of_every_protocol_are_read(protocol):
    value = {
        "text": ["a\n'ü", 'b"\\'],
        "numbers": [0, 1, -1, 255, 256, 65536, -(2**40), 1.5, -2.5, *[0.25] * 300],
        7: [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        8: [None, True, False],
    }
    assert read(pickle.dumps(value, protocol)) == value


def test_text_of_python_2_is_read_as_bytes():
    assert read(b"(lp0\nS'caf\\xc3\\xa9'\np1\naS\"it's\"\np2\naL12L\naI01\naF1.5\na.") == [
        *(b"caf\xc3\xa9", b"it's", 12, True, 1.5),
    ]


def test_a_list_may_contain_itself():
    value = []
    value.append(value)
    found = read(pickle.dumps(value))
    assert found[0] is found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found the end of the content, expected 1 more bytes"),
        (b"K\x01", "found the end of the content"),
        (b".", "found an empty stack"),
        (b"(K\x01.", None),
        (b"](0.", "found an empty stack"),
        (b"h\x00.", "found a reference to value 0"),
        (b"e.", "found no mark"),
        (b"K\x01K\x02a.", "found int on the stack, expected list"),
        (b"}K\x01s.", "found an empty stack"),
        (b"}(K\x01u.", "found a key without a value"),
        (b"})K\x01s.", "found tuple for a key"),
        (b"X\xff\xff\xff\xffabc.", "found the end of the content"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc.", "found the end of the content"),
        (b"\x8b\xff\xff\xff\xff.", "found an integer of 4294967295 bytes"),
        (b"I" + b"9" * 5000 + b"\n.", "found an integer of 5000 digits"),
        (b"S'a' + 'b'\n.", "found text without quotes"),
        (b"cos\nsystem\n.", "found os.system"),
        (b"\x8c\x02os\x8c\x06system\x93.", "found os.system"),
        (b"(ios\nsystem\n.", "found os.system"),
        (b"K\x01)R.", "found a call of int"),
        (b"]N.b.", None),
        (b"]}b.", "found a state"),
        (b"\x80\x09N.", "found protocol 9"),
        (b"Pname\n.", "found the instruction 0x50"),
        (b"\x82\x01.", "found the instruction 0x82"),
        (b"\x8f.", "found the instruction 0x8f"),
    ],
)
def test_what_no_plain_value_needs_is_refused(content, message):
    if message is None:
        read(content)
        return
    with pytest.raises(PickleError, match=message):
        read(content)


def test_an_index_takes_no_memory():
    assert read(b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff.") is None
