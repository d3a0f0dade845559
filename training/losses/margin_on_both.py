r"""A margin for similar pairs too. For study.

.. math:: L_s = \max(0, D - m_s)^2 / 2, \qquad L_d = \max(0, m - D)^2 / 2

A variant of Hadsell, Chopra and LeCun (2006), with the shape of
:class:`training.losses.contrastive.PairTerms`: both terms are elementwise, (n,) -> (n,). Within
:math:`m_s` nothing pulls, so a known class comes to rest as wide as that; with :math:`m_s = m` no
force is left that separates classes. Section 4 of the report measures how wide, and that unseen
classes need not suffer from it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.losses.checks import check_above_zero


@dataclass(frozen=True, slots=True)
class MarginOnBoth:
    """``margin`` m and ``slack`` m_s, from 0 to m, in units of D.

    >>> both = MarginOnBoth(margin=1.0, slack=0.5)
    >>> both.similar(torch.tensor([0.4, 1.5])), both.dissimilar(torch.tensor([0.5]))
    (tensor([0.0000, 0.5000]), tensor([0.1250]))
    """

    margin: float = 1.0
    slack: float = 0.5

    def __post_init__(self) -> None:
        """``ValueError`` where the two cannot part similar from dissimilar pairs."""
        check_above_zero(margin=self.margin)
        if not 0 <= self.slack <= self.margin:
            raise ValueError(f"slack is {self.slack}; it must be from 0 to the margin.")

    def similar(self, distance: Tensor) -> Tensor:
        """No cost within ``slack``."""
        return torch.relu(distance - self.slack) ** 2 / 2

    def dissimilar(self, distance: Tensor) -> Tensor:
        """LeCun's."""
        return torch.relu(self.margin - distance) ** 2 / 2
