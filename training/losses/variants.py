r"""Two choices of L_s and L_d that look reasonable and fail; kept for study, never for use.

Both have the shape of :class:`training.losses.contrastive.PairTerms`. What they do to unseen
classes is measured in the report's figure 4.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class MarginOnBoth:
    r"""A margin for similar pairs too: :math:`L_s = \max(0, D - m_s)^2 / 2`.

    Within m_s nothing pulls, so a class may be as wide as m_s: no force gathers it, and the gap
    that separates it from an unseen neighbour is left to chance.
    """

    margin: float = 1.0
    slack: float = 0.5

    def similar(self, distance: Tensor) -> Tensor:
        """No cost within ``slack``."""
        return torch.relu(distance - self.slack) ** 2 / 2

    def dissimilar(self, distance: Tensor) -> Tensor:
        """LeCun's."""
        return torch.relu(self.margin - distance) ** 2 / 2


@dataclass(frozen=True, slots=True)
class InverseDistance:
    r"""Dissimilar pairs pay :math:`L_d = 1 / D`, at every distance.

    The push never ends (its derivative is never zero), so the space grows without an equilibrium,
    and near D = 0 it explodes: ``floor`` keeps the first steps finite.
    """

    floor: float = 0.05

    def similar(self, distance: Tensor) -> Tensor:
        """LeCun's."""
        return distance**2 / 2

    def dissimilar(self, distance: Tensor) -> Tensor:
        """One over the distance."""
        return 1 / distance.clamp_min(self.floor)
