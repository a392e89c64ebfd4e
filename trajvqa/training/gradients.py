"""Gradients of a step whose questions are shared among processes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trajvqa.processes import Processes

__all__ = ["sum_gradients"]


def sum_gradients(parameters: Sequence[torch.nn.Parameter], loss: Tensor, processes: Processes) -> float:
    """Replace the gradients of each process by their sum over all processes.

    A parameter without a gradient in every process keeps none, so that the optimiser leaves it alone.

    Parameters
    ----------
    parameters
        Parameters of the model, in the same order in each process.
    loss
        () the part of the loss that is due to this process.
    processes
        The processes.

    Returns
    -------
    The sum of the losses.

    Raises
    ------
    FailedElsewhere
        If another process has ended.
    """
    if processes.size == 1:
        return float(loss.item())
    device = parameters[0].device if parameters else loss.device
    gradients = [each.grad for each in parameters]
    sizes = [each.numel() for each in parameters]
    values = [
        torch.zeros_like(parameter).ravel() if gradient is None else gradient.ravel()
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]
    # One call for everything: how many processes have each gradient, and the loss, follow the gradients.
    counts = torch.tensor([gradient is not None for gradient in gradients], dtype=loss.dtype)
    summed = processes.sum(torch.cat([*values, counts.to(device), loss.detach().to(device)[None]]))
    *numbers, total = summed[sum(sizes) :].tolist()
    for parameter, gradient, number in zip(
        parameters, torch.split(summed, [*sizes, len(sizes) + 1]), numbers, strict=False
    ):
        parameter.grad = gradient.view_as(parameter).to(parameter.dtype) if number else None
    return float(total)
