"""Class directions on the unit sphere, and the angles of embeddings to them."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

# arccos has an infinite gradient at +-1.
_EDGE = 1e-7


def directions(classes: int, dimension: int) -> nn.Parameter:
    """One direction a class (C, d), spread by a normal draw from torch's global generator."""
    return nn.Parameter(torch.randn(classes, dimension) / math.sqrt(dimension))


def angles(z: Tensor, weight: Tensor) -> Tensor:
    """Radians between rows (B, d) and class directions (C, d), of any length -> (B, C)."""
    cos = functional.normalize(z, dim=1) @ functional.normalize(weight, dim=1).T
    return torch.arccos(cos.clamp(-1 + _EDGE, 1 - _EDGE))
