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

from training.losses.checks import check_above_zero, check_classes, check_rows
from training.losses.directions import angles, directions


def arcface_logits(theta: Tensor, labels: Tensor, *, margin: float, scale: float) -> Tensor:
    """``theta`` (B, C) in radians -> logits (B, C); ``margin`` in radians.

    >>> theta = torch.tensor([[0.5, 1.5]])
    >>> arcface_logits(theta, torch.tensor([0]), margin=0.5, scale=1).round(decimals=3)
    tensor([[0.5400, 0.0710]])
    """
    harder = torch.cos((theta + margin).clamp_max(math.pi))
    true = functional.one_hot(labels, theta.shape[1]).bool()
    return scale * torch.where(true, harder, torch.cos(theta))


class ArcFace(nn.Module):
    """Additive angular margin; ``margin`` in radians, above 0 and at most pi."""

    def __init__(
        self, classes: int, dimension: int, *, margin: float = 0.5, scale: float = 64.0
    ) -> None:
        super().__init__()
        check_classes(classes, dimension)
        check_above_zero(margin=margin, scale=scale)
        if margin > math.pi:
            raise ValueError(f"margin is {margin}; it must be at most pi radians.")
        self.weight, self.margin, self.scale = directions(classes, dimension), margin, scale

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) in 0..C-1 -> scalar."""
        check_rows(z, labels)
        theta = angles(z, self.weight)
        logits = arcface_logits(theta, labels, margin=self.margin, scale=self.scale)
        return functional.cross_entropy(logits, labels)
