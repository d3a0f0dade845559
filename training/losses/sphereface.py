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

from training.losses.checks import check_above_zero, check_classes, check_rows
from training.losses.directions import angles, directions


def psi(theta: Tensor, *, m: int) -> Tensor:
    """The monotone extension of cos(m theta) to the half circle, elementwise.

    >>> psi(torch.tensor([0.0, math.pi / 2, math.pi]), m=4).round()
    tensor([ 1., -3., -7.])
    """
    k = torch.floor(theta.detach() * m / math.pi).clamp(0, m - 1)
    return (1 - 2 * (k % 2)) * torch.cos(m * theta) - 2 * k


class SphereFace(nn.Module):
    """Multiplicative angular margin; ``m`` is a whole number. With ``m`` = 1 there is no margin:
    that is plain softmax on directions, which a run's configuration refuses.

    ``scale`` stands in for the vector's length where rows are normalised; None keeps the length.
    """

    def __init__(
        self, classes: int, dimension: int, *, m: int = 4, scale: float | None = None
    ) -> None:
        super().__init__()
        check_classes(classes, dimension)
        if not (isinstance(m, int) and m >= 1):
            raise ValueError(f"m is {m}; it must be a whole number of at least 1.")
        if scale is not None:
            check_above_zero(scale=scale)
        self.weight, self.m, self.scale = directions(classes, dimension), m, scale

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) in 0..C-1 -> scalar."""
        check_rows(z, labels)
        length = z.norm(dim=1, keepdim=True) if self.scale is None else self.scale
        theta = angles(z, self.weight)
        true = functional.one_hot(labels, theta.shape[1]).bool()
        logits = length * torch.where(true, psi(theta, m=self.m), torch.cos(theta))
        return functional.cross_entropy(logits, labels)
