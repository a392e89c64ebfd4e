"""A memory of slots that several streams write to and read from together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SlotMemory"]


class SlotMemory(nn.Module):
    """The heterogeneous memory of Fan et al., 2019; with one stream, their memory of the question.

    Each stream k has a state h_k, the memory has slots M and a state h of its own; all start at 0. At each step, of the
    stream's input x_k:

    - the content to write is c_k = tanh(W_k x_k + U_k h_k), and the stream's next state tanh(V_k x_k + Q_k h_k);
    - a hidden layer tanh(A [c; h]) over all contents gives, each by a softmax, how a content is spread over the slots
      (a_k), what the streams write and what is kept (e), and what is read of the slots (g);
    - M becomes e_0 M + sum of e_k a_k c_k, and the memory's next state is tanh(B [h; norm(g M)]).

    The layer norm is not theirs: a content that is spread evenly over S slots and read evenly comes back at a share of
    1 / S, so that an untrained memory would say next to nothing of what was written.

    Parameters
    ----------
    hidden_size
        d of inputs, slots and states.
    streams
        How many write.
    slots
        Size of the memory.
    """

    def __init__(self, hidden_size: int, streams: int, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.inputs = nn.ModuleList(nn.Linear(hidden_size, 2 * hidden_size) for _ in range(streams))
        self.states = nn.ModuleList(nn.Linear(hidden_size, 2 * hidden_size, bias=False) for _ in range(streams))
        self.hidden = nn.Linear((streams + 1) * hidden_size, hidden_size)
        self.spread = nn.Linear(hidden_size, streams * slots)
        self.share = nn.Linear(hidden_size, streams + 1)
        self.read = nn.Linear(hidden_size, slots)
        self.norm = nn.LayerNorm(hidden_size)
        self.memory_state = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, *streams: Tensor) -> Tensor:
        """Return the memory's states (n, T, d) after each step, for the inputs (n, T, d) of each stream."""
        count, steps, size = streams[0].shape
        projected = [layer(inputs) for layer, inputs in zip(self.inputs, streams, strict=True)]  # (n, T, 2d) each
        memory = streams[0].new_zeros(count, self.slots, size)
        states = [streams[0].new_zeros(count, size)] * len(streams)
        memory_state = states[0]
        read = []
        for step in range(steps):
            both = [
                torch.tanh(inputs[:, step] + layer(state))
                for inputs, layer, state in zip(projected, self.states, states, strict=True)
            ]
            contents, states = ([each[:, part] for each in both] for part in (slice(size), slice(size, None)))
            hidden = torch.tanh(self.hidden(torch.cat([*contents, memory_state], dim=-1)))
            spread = torch.softmax(self.spread(hidden).unflatten(-1, (len(streams), self.slots)), dim=-1)
            share = torch.softmax(self.share(hidden), dim=-1).unsqueeze(-1)
            written = (share[:, 1:] * spread).transpose(1, 2) @ torch.stack(contents, dim=1)  # (n, slots, d)
            memory = share[:, :1] * memory + written
            found = (torch.softmax(self.read(hidden), dim=-1).unsqueeze(1) @ memory).squeeze(1)
            memory_state = torch.tanh(self.memory_state(torch.cat([memory_state, self.norm(found)], dim=-1)))
            read.append(memory_state)
        return torch.stack(read, dim=1)
