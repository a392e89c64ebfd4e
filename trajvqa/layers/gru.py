"""A GRU over a forest: each item continues from the state of its parent, which several items may share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["gru_over_levels", "gru_over_sequences"]


def gru_over_sequences(layer: nn.GRU, inputs: Tensor) -> Tensor:
    """Return the states (B, N, d) of one GRU layer after each item of sequences (B, N, S) of equal length."""
    if inputs.device.type != "cpu" or torch.compiler.is_compiling():
        states: Tensor = layer(inputs)[0]
        return states
    count, length = inputs.shape[:2]
    parents = [None, *(torch.arange(count) + count * (step - 1) for step in range(1, length))]
    ordered = inputs.transpose(0, 1).flatten(0, 1)
    return gru_over_levels(layer, ordered, [count] * length, parents).view(length, count, -1).transpose(0, 1)


def gru_over_levels(layer: nn.GRU, inputs: Tensor, sizes: Sequence[int], parents: Sequence[Tensor | None]) -> Tensor:
    """Return the states of one GRU layer over a forest on a processor.

    The same numbers as those of the layer over each path from a root, in a fraction of the time: what paths share is
    computed once, and all gradients of the recurrent weights are one product.

    Parameters
    ----------
    layer
        The weights.
    inputs
        (n, S) items, level by level from the roots.
    sizes
        Number of items of each level.
    parents
        For each level, the row of each item's parent, or None for roots, which start from zeros.

    Returns
    -------
    (n, d) states.
    """
    (to_gates, recurrent, to_gates_bias, recurrent_bias), *_ = layer.all_weights
    gates = linear(inputs, to_gates, to_gates_bias)
    low = torch.is_autocast_enabled("cpu")
    kind = torch.get_autocast_dtype("cpu") if low else gates.dtype
    states: Tensor = _Levels.apply(  # type: ignore[no-untyped-call]
        gates, recurrent, recurrent_bias, tuple(sizes), tuple(parents), kind
    )
    return states


class _Levels(torch.autograd.Function):
    """The recurrent part; states stay in the type of the weights, products are computed in another."""

    @staticmethod
    def forward(
        context: Any,
        gates: Tensor,
        weight: Tensor,
        bias: Tensor,
        sizes: tuple[int, ...],
        parents: tuple[Tensor | None, ...],
        kind: torch.dtype,
    ) -> Tensor:
        count, size = len(gates), weight.shape[1]
        weight_low = weight.to(kind)
        states = weight.new_empty(count, size)
        before = weight.new_zeros(count, size)
        inner = weight.new_empty(count, 4 * size)  # reset and update gate, new state, and its recurrent part
        for rows, parent in _levels(sizes, parents):
            if parent is not None:
                torch.index_select(states, 0, parent, out=before[rows])
            recurrent = torch.addmm(bias.to(kind), before[rows].to(kind), weight_low.t())
            part = inner[rows]
            both, new, moved = part[:, : 2 * size], part[:, 2 * size : 3 * size], part[:, 3 * size :]
            torch.add(gates[rows, : 2 * size], recurrent[:, : 2 * size], out=both)
            both.sigmoid_()
            moved.copy_(recurrent[:, 2 * size :])
            torch.addcmul(gates[rows, 2 * size :].to(weight.dtype), part[:, :size], moved, out=new)
            new.tanh_()
            torch.lerp(new, before[rows], part[:, size : 2 * size], out=states[rows])
        context.save_for_backward(weight, before, inner)
        context.sizes, context.parents, context.kind, context.given = sizes, parents, kind, gates.dtype
        return states

    @staticmethod
    def backward(context: Any, given: Tensor) -> tuple[Tensor | None, ...]:
        weight, before, inner = context.saved_tensors
        size = weight.shape[1]
        weight_low = weight.to(context.kind)
        gradient = given.to(weight.dtype, copy=True)
        gates = weight.new_empty(len(gradient), 3 * size)
        recurrent = torch.empty_like(gates)
        for rows, parent in reversed(list(_levels(context.sizes, context.parents))):
            states, part = gradient[rows], inner[rows]
            reset, update, new, moved = part.split(size, dim=1)
            to_new = torch.ops.aten.tanh_backward(states - states * update, new)
            to_update = states * (before[rows] - new)
            gates[rows, 2 * size :] = to_new
            torch.mul(to_new, reset, out=recurrent[rows, 2 * size :])
            gates[rows, :size] = torch.ops.aten.sigmoid_backward(to_new * moved, reset)
            gates[rows, size : 2 * size] = torch.ops.aten.sigmoid_backward(to_update, update)
            recurrent[rows, : 2 * size] = gates[rows, : 2 * size]
            if parent is not None:
                passed = states * update + recurrent[rows].to(context.kind) @ weight_low
                gradient.index_add_(0, parent, passed)
        low = recurrent.to(context.kind)
        to_weight = (low.t() @ before.to(context.kind)).to(weight.dtype)
        return gates.to(context.given), to_weight, recurrent.sum(dim=0), None, None, None


def _levels(sizes: tuple[int, ...], parents: tuple[Tensor | None, ...]) -> Any:
    begin = 0
    for size, parent in zip(sizes, parents, strict=True):
        yield slice(begin, begin + size), parent
        begin += size
