from __future__ import annotations

from itertools import combinations

import pytest
import torch
from torch.nn.functional import elu

from trajvqa.layers.relation import RelationUnit


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def by_hand(unit: RelationUnit, items: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
    """Return what the unit should, computed subset by subset."""
    rows = []
    for size in range(2, len(items) + 1):
        from_items, from_condition = unit.items[size - 2], unit.conditions[size - 2]
        results = []
        for chosen in combinations(items, size):
            joined = from_items(sum(chosen) / size) + from_condition(condition)
            if unit.gated:
                half = len(joined) // 2
                results.append(elu(joined[:half]) * torch.sigmoid(joined[half:]))
            else:
                results.append(elu(joined))
        rows.append(sum(results) / len(results))
    return torch.stack(rows)


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_it_equals_a_plain_loop_over_subsets(count, gated):
    unit, items, condition = RelationUnit(count, 6, gated), some(count, 6), some(6)
    torch.testing.assert_close(unit(items, condition), by_hand(unit, items, condition))


def test_the_order_of_the_items_does_not_matter():
    unit, items, condition = RelationUnit(4, 6, True), some(4, 6), some(6)
    torch.testing.assert_close(unit(items[[2, 0, 3, 1]], condition), unit(items, condition))


def test_candidates_share_the_items_of_their_video():
    unit, items, conditions = RelationUnit(3, 6, True), some(2, 1, 3, 6), some(2, 4, 6)
    related = unit(items, conditions)
    assert related.shape == (2, 4, 2, 6)
    torch.testing.assert_close(related[1, 2], unit(items[1, 0], conditions[1, 2]))
