from __future__ import annotations

import pytest
import torch

from trajvqa.layers.memory import SlotMemory

SIZE, SLOTS = 4, 3


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def step_by_step(layer: SlotMemory, streams: list[torch.Tensor]) -> torch.Tensor:
    """Return the states (T, d) for the inputs (T, d) of each stream, slot by slot."""
    slots = [torch.zeros(SIZE) for _ in range(SLOTS)]
    states, memory_state, found = [torch.zeros(SIZE) for _ in streams], torch.zeros(SIZE), []
    for step in range(len(streams[0])):
        contents = []
        for k, inputs in enumerate(streams):
            content, state = torch.tanh(layer.inputs[k](inputs[step]) + layer.states[k](states[k])).chunk(2)
            contents.append(content)
            states[k] = state
        hidden = torch.tanh(layer.hidden(torch.cat([*contents, memory_state])))
        spread = [each.softmax(dim=0) for each in layer.spread(hidden).chunk(len(streams))]
        keep, *shares = layer.share(hidden).softmax(dim=0)
        for place in range(SLOTS):
            slots[place] = keep * slots[place]
            for k, content in enumerate(contents):
                slots[place] = slots[place] + shares[k] * spread[k][place] * content
        weights = layer.read(hidden).softmax(dim=0)
        read = sum(weight * slot for weight, slot in zip(weights, slots, strict=True))
        memory_state = torch.tanh(layer.memory_state(torch.cat([memory_state, layer.norm(read)])))
        found.append(memory_state)
    return torch.stack(found)


@pytest.mark.parametrize("count", [1, 2])
def test_states_are_those_of_the_formula_step_by_step(count):
    layer = SlotMemory(SIZE, count, SLOTS)
    streams = [some(2, 5 + k, SIZE)[:, :5] for k in range(count)]
    states = layer(*streams)
    for row in range(2):
        torch.testing.assert_close(states[row], step_by_step(layer, [each[row] for each in streams]))


def test_a_state_knows_the_steps_before_it_and_none_after():
    layer, inputs = SlotMemory(SIZE, 1, SLOTS), some(1, 5, SIZE)
    changed = inputs.clone()
    changed[:, 3] += 1
    same = (layer(inputs) == layer(changed)).all(dim=-1)
    assert same.tolist() == [[True, True, True, False, False]]


def test_what_one_stream_wrote_is_read_after_the_other_came():
    layer, first, second = SlotMemory(SIZE, 2, SLOTS), some(1, 5, SIZE), some(1, 6, SIZE)[:, :5]
    for changed in ([first + 1, second], [first, second + 1]):
        assert not torch.allclose(layer(*changed)[:, -1], layer(first, second)[:, -1])
