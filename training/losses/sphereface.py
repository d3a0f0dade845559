r"""A-Softmax, the loss of SphereFace: the angle to one's own class is multiplied.

.. math::
   L = -\log \frac{e^{\|z\| \psi(\theta_y)}}
                  {e^{\|z\| \psi(\theta_y)} + \sum_{c \ne y} e^{\|z\| \cos\theta_c}},
   \qquad \psi(\theta) = (-1)^k \cos(m\theta) - 2k
   \quad \text{for } \theta \in [k\pi/m, (k+1)\pi/m]

:math:`\theta_c` is the angle between z and the direction of class c, m a whole number (Liu et al.,
arXiv:1704.08063, eq. 6-7). :math:`\psi` continues :math:`\cos(m\theta)` so that it falls all the
way from 0 to pi. The directions are used in training only; the embedding is :math:`\hat z`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.losses.directions import angles, directions


def psi(theta: Tensor, *, m: int) -> Tensor:
    """The monotone extension of cos(m theta) to the half circle, elementwise."""
    k = torch.floor(theta.detach() * m / math.pi).clamp(0, m - 1)
    return (1 - 2 * (k % 2)) * torch.cos(m * theta) - 2 * k


class SphereFace(nn.Module):
    """Multiplicative angular margin; ``m`` = 1 is the plain softmax on directions.

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
        theta = angles(z, self.weight)
        true = functional.one_hot(labels, theta.shape[1]).bool()
        logits = length * torch.where(true, psi(theta, m=self.m), torch.cos(theta))
        return functional.cross_entropy(logits, labels)
