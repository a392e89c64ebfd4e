from __future__ import annotations

import torch

from trajvqa.layers.memory import QuestionMemory, VideoMemory

SIZE, SLOTS = 4, 3


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def video_memory() -> VideoMemory:
    torch.manual_seed(1)
    return VideoMemory(SIZE, SLOTS)


def question_memory() -> QuestionMemory:
    torch.manual_seed(1)
    return QuestionMemory(SIZE, SLOTS)


def recalled(weights: torch.Tensor, slots: list[torch.Tensor]) -> torch.Tensor:
    return sum((weight * slot for weight, slot in zip(weights, slots, strict=True)), torch.zeros(SIZE))


def video_step_by_step(layer: VideoMemory, appearance: torch.Tensor, motion: torch.Tensor) -> torch.Tensor:
    """Return the states (T, d) for the clips (T, d) of one video, slot by slot."""
    slots = [torch.zeros(SIZE) for _ in range(SLOTS)]
    h_a = h_m = h = torch.zeros(SIZE)
    states = []
    for a, m in zip(appearance, motion, strict=True):
        r = recalled(layer.read(torch.cat([h_a, h_m, h])).softmax(dim=0), slots)
        e = layer.share(torch.cat([h_a, h_m, h])).softmax(dim=0)
        c_a = layer.appearance.content(torch.cat([a, h_a])).relu()
        c_m = layer.motion.content(torch.cat([m, h_m])).relu()
        w_a = layer.appearance.spread(torch.cat([a, h_a])).softmax(dim=0)
        w_m = layer.motion.spread(torch.cat([m, h_m])).softmax(dim=0)
        slots = [e[0] * slot + e[1] * w_a[k] * c_a + e[2] * w_m[k] * c_m for k, slot in enumerate(slots)]
        h = layer.state(torch.cat([r, h])).relu()
        h_a = layer.appearance.state(torch.cat([a, r, h_a])).relu()
        h_m = layer.motion.state(torch.cat([m, r, h_m])).relu()
        states.append(h)
    return torch.stack(states)


def question_step_by_step(layer: QuestionMemory, words: torch.Tensor) -> torch.Tensor:
    """Return the states (T, d) for the words (T, d) of one sentence, slot by slot."""
    slots = [torch.zeros(SIZE) for _ in range(SLOTS)]
    h = torch.zeros(SIZE)
    states = []
    for x in words:
        both = torch.cat([x, h])
        o, i = layer.gates(both).sigmoid()
        r = o * recalled(layer.read(both).softmax(dim=0), slots)
        c, w = layer.content(both).relu(), layer.spread(both).softmax(dim=0)
        slots = [i * w[k] * c + (1 - w[k]) * slot for k, slot in enumerate(slots)]
        h = layer.state(torch.cat([x, r, h])).relu()
        states.append(h)
    return torch.stack(states)


def test_states_of_a_video_are_those_of_the_formulas_step_by_step():
    layer, appearance, motion = video_memory(), some(3, 6, SIZE), some(3, 6, SIZE, seed=1)
    states = layer(appearance, motion)
    assert states.shape == (3, 6, SIZE)
    for row in range(3):
        torch.testing.assert_close(states[row], video_step_by_step(layer, appearance[row], motion[row]))


def test_states_of_a_question_are_those_of_the_formulas_step_by_step():
    layer, words = question_memory(), some(3, 6, SIZE)
    states = layer(words)
    assert states.shape == (3, 6, SIZE)
    for row in range(3):
        torch.testing.assert_close(states[row], question_step_by_step(layer, words[row]))


def test_what_appearance_or_motion_wrote_is_read_at_the_next_step():
    layer, appearance, motion = video_memory(), some(1, 5, SIZE), some(1, 5, SIZE, seed=1)
    later = torch.zeros(1, 5, 1)
    later[:, 2] = 1
    states = layer(appearance, motion)
    for changed in (layer(appearance + later, motion), layer(appearance, motion + later)):
        same = (changed == states).all(dim=-1)
        assert same.tolist() == [[True, True, True, False, False]]


def test_a_state_depends_on_its_word_and_those_before_it_only():
    layer, words = question_memory(), some(1, 5, SIZE)
    changed = words.clone()
    changed[:, 2] += 1
    same = (layer(changed) == layer(words)).all(dim=-1)
    assert same.tolist() == [[True, True, False, False, False]]


def test_what_a_word_wrote_is_read_at_the_next_step():
    layer, words = question_memory(), some(1, 2, SIZE)
    with torch.no_grad():
        # Otherwise the state would carry the word too.
        layer.state.weight[:, 2 * SIZE :] = 0.0
        for each in (layer.read, layer.spread, layer.gates, layer.content):
            each.weight[:, SIZE:] = 0.0
    changed = words.clone()
    changed[:, 0] += 1
    assert not torch.allclose(layer(changed)[:, 1], layer(words)[:, 1])
