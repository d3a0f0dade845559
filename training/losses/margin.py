r"""Angular-margin softmax: classification that leaves an angle between the classes.

With unit rows :math:`\hat z` and unit class directions :math:`\hat w_c`, :math:`\theta_c` is the
angle between them and s a scale. Both are cross-entropy with the true class made harder:

- **A-Softmax / SphereFace** (Liu et al., arXiv:1704.08063, eq. 6-7): the logit of the true class is
  :math:`\|z\| \psi(\theta_y)`, of the others :math:`\|z\| \cos\theta_c`, where
  :math:`\psi(\theta) = (-1)^k \cos(m\theta) - 2k` for :math:`\theta \in [k\pi/m, (k+1)\pi/m]`:
  the angle is multiplied, and :math:`\psi` falls monotonically over the half circle.
- **ArcFace** (Deng et al., arXiv:1801.07698, eq. 3): the true logit is :math:`s\cos(\theta_y + m)`,
  the others :math:`s\cos\theta_c`: the angle is shifted, the same everywhere on the circle.

The class directions are used in training only; the embedding is :math:`\hat z`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_EDGE = 1e-7


def directions(classes: int, dimension: int) -> nn.Parameter:
    """One direction a class (C, d), spread by a normal draw from torch's global generator."""
    return nn.Parameter(torch.randn(classes, dimension) / math.sqrt(dimension))


def arcface_logits(cos: Tensor, labels: Tensor, *, margin: float, scale: float) -> Tensor:
    """``cos`` (B, C) -> logits (B, C); ``margin`` in radians."""
    theta = torch.arccos(cos.clamp(-1 + _EDGE, 1 - _EDGE))
    harder = torch.cos((theta + margin).clamp_max(math.pi))
    true = functional.one_hot(labels, cos.shape[1]).bool()
    return scale * torch.where(true, harder, cos)


def psi(theta: Tensor, *, m: int) -> Tensor:
    """SphereFace's monotone extension of cos(m theta) to the half circle, elementwise."""
    k = torch.floor(theta.detach() * m / math.pi).clamp(0, m - 1)
    return (1 - 2 * (k % 2)) * torch.cos(m * theta) - 2 * k


class ArcFace(nn.Module):
    """Additive angular margin; ``margin`` in radians."""

    def __init__(
        self, classes: int, dimension: int, *, margin: float = 0.5, scale: float = 64.0
    ) -> None:
        super().__init__()
        self.weight, self.margin, self.scale = directions(classes, dimension), margin, scale

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) in 0..C-1 -> scalar."""
        cos = functional.normalize(z, dim=1) @ functional.normalize(self.weight, dim=1).T
        logits = arcface_logits(cos, labels, margin=self.margin, scale=self.scale)
        return functional.cross_entropy(logits, labels)


class SphereFace(nn.Module):
    """Multiplicative angular margin (A-Softmax); ``m`` = 1 is the plain softmax on directions.

    ``scale`` stands in for the vector's length where rows are normalised; None keeps the length.
    """

    def __init__(
        self, classes: int, dimension: int, *, m: int = 4, scale: float | None = None
    ) -> None:
        super().__init__()
        self.weight, self.m, self.scale = directions(classes, dimension), m, scale

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) in 0..C-1 -> scalar."""
        length = z.norm(dim=1, keepdim=True) if self.scale is None else self.scale
        cos = functional.normalize(z, dim=1) @ functional.normalize(self.weight, dim=1).T
        harder = psi(torch.arccos(cos.clamp(-1 + _EDGE, 1 - _EDGE)), m=self.m)
        true = functional.one_hot(labels, cos.shape[1]).bool()
        return functional.cross_entropy(length * torch.where(true, harder, cos), labels)
