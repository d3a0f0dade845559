"""Several processes, started by ``torchrun``, that together take the step one process would take.

Every process assembles the same whole batch (cheap) and embeds its own slice of it (dear). The
slices' embeddings are gathered, so that pair losses see all pairs of the whole batch; each process
computes the whole loss, and the gradients that reach its slice are summed over the processes. With
:class:`training.backbones.layers.BatchNorm` this is the single process's gradient, to rounding.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.errors import TrainingError


def world() -> tuple[int, int]:
    """Rank of this process, and how many there are."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


@contextmanager
def joined() -> Iterator[None]:
    """Join the group that ``torchrun`` names in the environment; without it, do nothing."""
    if "WORLD_SIZE" not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        yield
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def slice_of(count: int) -> slice:
    """The rows of a whole batch that are this process's."""
    rank, size = world()
    if count % size:
        raise TrainingError(f"A batch of {count} images cannot be shared by {size} processes.")
    return slice(rank * count // size, (rank + 1) * count // size)


def gathered(z: Tensor) -> Tensor:
    """All processes' rows in order; the gradient flows to this process's own."""
    rank, size = world()
    if size == 1:
        return z
    parts = [torch.empty_like(z) for _ in range(size)]
    dist.all_gather(parts, z.detach())
    parts[rank] = z
    return torch.cat(parts)


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Add up what each process's slice says."""
    if world()[1] == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
