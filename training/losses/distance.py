"""Distances D(a, b) that a pair loss can stand on. Zero is identical; higher is further.

Each takes (..., d) and (..., d) and broadcasts like any torch operation, so the same function
serves rows of pairs (B, d) x (B, d) -> (B,) and a whole matrix (B, 1, d) x (1, B, d) -> (B, B).

========== ========================== ========= =========================================
name       formula                    range     note
========== ========================== ========= =========================================
euclidean  ||a - b||_2                0..inf    LeCun's own; on unit rows sqrt(2 - 2 cos)
manhattan  ||a - b||_1                0..inf    grows with the dimension: so must the margin
cosine     1 - cos(a, b)              0..2      length of the vectors does not matter
angular    arccos(cos(a, b)) / pi     0..1      the arc itself: a true metric on the sphere
========== ========================== ========= =========================================
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Distance = Callable[[Tensor, Tensor], Tensor]

# Under a root the gradient at zero is infinite; two equal images must not make NaN weights.
_TINY = 1e-12
# arccos has the same fault at +-1; in single precision 1 - 1e-6 is still distinct from 1.
_EDGE = 1e-6


def euclidean(a: Tensor, b: Tensor) -> Tensor:
    """Straight-line distance.

    >>> euclidean(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0]))
    tensor(5.)
    """
    return torch.sqrt(((a - b) ** 2).sum(dim=-1) + _TINY)


def manhattan(a: Tensor, b: Tensor) -> Tensor:
    """Sum of the coordinates' differences.

    >>> manhattan(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0]))
    tensor(7.)
    """
    return (a - b).abs().sum(dim=-1)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """One minus the cosine of the angle.

    >>> cosine(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0]))
    tensor(1.)
    """
    return 1 - _cos(a, b)


def angular(a: Tensor, b: Tensor) -> Tensor:
    """The angle as a share of the half circle.

    >>> angular(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0]))
    tensor(0.5000)
    """
    return torch.arccos(_cos(a, b).clamp(-1 + _EDGE, 1 - _EDGE)) / math.pi


def _cos(a: Tensor, b: Tensor) -> Tensor:
    """Rows made unit first: torch's own would do so again for every pair of a matrix."""
    return (functional.normalize(a, dim=-1) * functional.normalize(b, dim=-1)).sum(dim=-1)


DISTANCES: dict[str, Distance] = {
    "euclidean": euclidean,
    "manhattan": manhattan,
    "cosine": cosine,
    "angular": angular,
}


def all_pairs(z: Tensor, distance: Distance) -> Tensor:
    """Distances between all rows of ``z`` (B, d) -> (B, B)."""
    return distance(z.unsqueeze(1), z.unsqueeze(0))
