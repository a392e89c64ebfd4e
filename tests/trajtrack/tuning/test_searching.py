from __future__ import annotations

from trajtrack import LinkOptions
from trajtrack.tuning.searching import most_tried, search

GRID = {"max_gap": (0, 5, 10, 20), "min_length": (1, 2, 5)}


def test_each_option_is_set_to_the_best_of_its_values():
    found = search(
        LinkOptions(), GRID, lambda tried: [-abs(each.max_gap - 5) - abs(each.min_length - 2) for each in tried]
    )
    assert found == LinkOptions(max_gap=5, min_length=2)


def test_a_second_round_follows_options_that_depend_on_one_another():
    def score(options: LinkOptions) -> float:
        return 100 + options.max_gap if options.min_length == 5 else -options.max_gap

    found = search(LinkOptions(), GRID, lambda tried: [score(each) for each in tried])
    assert found == LinkOptions(max_gap=20, min_length=5)


def test_a_gain_too_small_to_matter_changes_nothing():
    found = search(LinkOptions(), GRID, lambda tried: [0.0004 * (each.min_length == 5) for each in tried])
    assert found == LinkOptions()


def test_options_that_are_not_in_the_grid_keep_their_defaults():
    found = search(LinkOptions(), GRID, lambda tried: [each.min_length for each in tried])
    assert found == LinkOptions(min_length=5)


def test_a_search_tries_no_more_than_it_says():
    count = 0

    def score_all(tried):
        nonlocal count
        count += len(tried)
        return [count + number for number in range(len(tried))]

    search(LinkOptions(), GRID, score_all)
    assert count == most_tried(GRID) == 1 + 2 * (3 + 2)
