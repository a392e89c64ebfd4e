"""Memories of slots, read and written step by step (Fan et al., 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["QuestionMemory", "VideoMemory"]


class VideoMemory(nn.Module):
    """The heterogeneous memory shared by appearance and motion.

    Each stream has a state, h_a and h_m; the memory has slots M and a state h. All start at 0. A step reads one clip,
    a_t and m_t, and computes everything from the states and slots of the step before:

    - r = softmax(linear [h_a; h_m; h]) M is read;
    - h becomes relu(linear [r; h]), h_a becomes relu(linear [a_t; r; h_a]), and h_m likewise;
    - the contents to write are c_a = relu(linear [a_t; h_a]), spread over the slots by
      w_a = softmax(linear [a_t; h_a]), and c_m by w_m likewise;
    - with shares e = softmax(linear [h_a; h_m; h]), M becomes e_0 M + e_1 w_a c_a + e_2 w_m c_m.

    Parameters
    ----------
    hidden_size
        Width d of clips, slots and states.
    slots
        Number of slots.
    """

    def __init__(self, hidden_size: int, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.appearance, self.motion = (_Stream(hidden_size, slots) for _ in range(2))
        self.read = nn.Linear(3 * hidden_size, slots)
        self.share = nn.Linear(3 * hidden_size, 3)
        self.state = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, appearance: Tensor, motion: Tensor) -> Tensor:
        """Return the memory's states h (n, T, d) after each step, for clips (n, T, d) in both streams."""
        count, _, size = appearance.shape
        memory = appearance.new_zeros(count, self.slots, size)
        seen = moved = state = appearance.new_zeros(count, size)
        states = []
        for sight, move in zip(appearance.unbind(1), motion.unbind(1), strict=True):
            together = torch.cat([seen, moved, state], dim=-1)
            recalled = _recall(self.read(together), memory)
            shares = torch.softmax(self.share(together), dim=-1)[..., None, None]
            memory = (
                shares[:, 0] * memory
                + shares[:, 1] * self.appearance.written(sight, seen)
                + shares[:, 2] * self.motion.written(move, moved)
            )
            seen, moved = self.appearance(sight, recalled, seen), self.motion(move, recalled, moved)
            state = torch.relu(self.state(torch.cat([recalled, state], dim=-1)))
            states.append(state)
        return torch.stack(states, dim=1)


class QuestionMemory(nn.Module):
    """The memory of the words of a sentence.

    Slots M and a state h start at 0. A step reads one word x_t and computes everything from the state and the slots of
    the step before:

    - r = o softmax(linear [x_t; h]) M is read, through a scalar gate o = sigmoid(linear [x_t; h]);
    - h becomes relu(linear [x_t; r; h]);
    - the content to write is c = relu(linear [x_t; h]), spread over the slots by w = softmax(linear [x_t; h]);
    - through a scalar gate i = sigmoid(linear [x_t; h]), M becomes i w c + (1 - w) M.

    Parameters
    ----------
    hidden_size
        Width d of words, slots and state.
    slots
        Number of slots.
    """

    def __init__(self, hidden_size: int, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.read = nn.Linear(2 * hidden_size, slots)
        self.spread = nn.Linear(2 * hidden_size, slots)
        self.gates = nn.Linear(2 * hidden_size, 2)
        self.content = nn.Linear(2 * hidden_size, hidden_size)
        self.state = nn.Linear(3 * hidden_size, hidden_size)

    def forward(self, words: Tensor) -> Tensor:
        """Return the states h (n, T, d) after each step, for words (n, T, d)."""
        count, _, size = words.shape
        memory = words.new_zeros(count, self.slots, size)
        state = words.new_zeros(count, size)
        states = []
        for word in words.unbind(1):
            both = torch.cat([word, state], dim=-1)
            gates = torch.sigmoid(self.gates(both)).unsqueeze(-1)
            recalled = gates[:, 0] * _recall(self.read(both), memory)
            spread = torch.softmax(self.spread(both), dim=-1).unsqueeze(-1)
            content = torch.relu(self.content(both)).unsqueeze(1)
            memory = gates[:, 1:] * spread * content + (1 - spread) * memory
            state = torch.relu(self.state(torch.cat([word, recalled, state], dim=-1)))
            states.append(state)
        return torch.stack(states, dim=1)


class _Stream(nn.Module):
    """The writes and the state of one stream."""

    def __init__(self, size: int, slots: int) -> None:
        super().__init__()
        self.content = nn.Linear(2 * size, size)
        self.spread = nn.Linear(2 * size, slots)
        self.state = nn.Linear(3 * size, size)

    def written(self, clip: Tensor, state: Tensor) -> Tensor:
        """Return the content (n, slots, d), spread over the slots."""
        both = torch.cat([clip, state], dim=-1)
        spread = torch.softmax(self.spread(both), dim=-1)
        return spread.unsqueeze(-1) * torch.relu(self.content(both)).unsqueeze(1)

    def forward(self, clip: Tensor, recalled: Tensor, state: Tensor) -> Tensor:
        """Return the next state (n, d)."""
        return torch.relu(self.state(torch.cat([clip, recalled, state], dim=-1)))


def _recall(scores: Tensor, memory: Tensor) -> Tensor:
    """Return the mean (n, d) of the slots (n, S, d), weighted by the softmax of the scores (n, S)."""
    return (torch.softmax(scores, dim=-1).unsqueeze(1) @ memory).squeeze(1)
