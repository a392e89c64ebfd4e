from __future__ import annotations

from trajtrack.io.naming import numbered_ids, numbered_names


def test_known_names_come_first_and_others_are_sorted() -> None:
    assert numbered_names(["dog", "cat", "car"], ["car", "bus"]) == {"car": 0, "bus": 1, "cat": 2, "dog": 3}


def test_ids_that_are_all_numbers_are_kept() -> None:
    assert numbered_ids(["7", None, "00000003"]).tolist() == [7, -1, 3]


def test_other_ids_count_in_order_of_appearance() -> None:
    assert numbered_ids(["7", "b", None, "7", "-1"]).tolist() == [0, 1, -1, 0, 2]
