r"""A margin for similar pairs too. For study.

.. math:: L_s = \max(0, D - m_s)^2 / 2, \qquad L_d = \max(0, m - D)^2 / 2

A variant of Hadsell, Chopra and LeCun (2006), with the shape of
:class:`training.losses.contrastive.PairTerms`: both terms are elementwise, (n,) -> (n,). Within
:math:`m_s` nothing pulls, so a known class comes to rest as wide as that; with :math:`m_s = m` no
force is left that tells classes apart. Section 4 of the report measures how wide, and that unseen
classes need not suffer from it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class MarginOnBoth:
    """``margin`` m and ``slack`` m_s in units of D."""

    margin: float = 1.0
    slack: float = 0.5

    def similar(self, distance: Tensor) -> Tensor:
        """No cost within ``slack``."""
        return torch.relu(distance - self.slack) ** 2 / 2

    def dissimilar(self, distance: Tensor) -> Tensor:
        """LeCun's."""
        return torch.relu(self.margin - distance) ** 2 / 2
