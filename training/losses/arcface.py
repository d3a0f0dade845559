r"""ArcFace: the angle to one's own class is made larger by the same amount everywhere.

.. math::
   L = -\log \frac{e^{s \cos(\theta_y + m)}}
                  {e^{s \cos(\theta_y + m)} + \sum_{c \ne y} e^{s \cos\theta_c}}

:math:`\theta_c` is the angle between the unit rows :math:`\hat z` and :math:`\hat w_c`, the
direction of class c; s is a scale and m the margin in radians (Deng et al., arXiv:1801.07698,
eq. 3). It is cross-entropy with the true class made harder, so that between two classes an angle
is left free. The directions are used in training only; the embedding is :math:`\hat z`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.losses.directions import angles, directions


def arcface_logits(theta: Tensor, labels: Tensor, *, margin: float, scale: float) -> Tensor:
    """``theta`` (B, C) in radians -> logits (B, C); ``margin`` in radians."""
    harder = torch.cos((theta + margin).clamp_max(math.pi))
    true = functional.one_hot(labels, theta.shape[1]).bool()
    return scale * torch.where(true, harder, torch.cos(theta))


class ArcFace(nn.Module):
    """Additive angular margin; ``margin`` in radians."""

    def __init__(
        self, classes: int, dimension: int, *, margin: float = 0.5, scale: float = 64.0
    ) -> None:
        super().__init__()
        self.weight, self.margin, self.scale = directions(classes, dimension), margin, scale

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) in 0..C-1 -> scalar."""
        theta = angles(z, self.weight)
        logits = arcface_logits(theta, labels, margin=self.margin, scale=self.scale)
        return functional.cross_entropy(logits, labels)
