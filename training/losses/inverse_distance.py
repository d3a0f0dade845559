r"""Dissimilar pairs pay 1/D, at every distance. For study.

.. math:: L_s = D^2 / 2, \qquad L_d = 1 / D

A variant of Hadsell, Chopra and LeCun (2006), with the shape of
:class:`training.losses.contrastive.PairTerms`: both terms are elementwise, (n,) -> (n,). The push
never ends (its derivative is never zero), so dissimilar pairs drift apart for as long as one
trains, and near D = 0 it explodes: ``floor`` keeps the first steps finite. Section 4 of the report
measures it.
"""

from dataclasses import dataclass

from torch import Tensor

from training.losses.checks import check_above_zero


@dataclass(frozen=True, slots=True)
class InverseDistance:
    """``floor`` in units of D, above 0: nearer pairs cost no more than pairs at that distance."""

    floor: float = 0.05

    def __post_init__(self) -> None:
        """``ValueError`` without a floor: two equal images would cost infinity."""
        check_above_zero(floor=self.floor)

    def similar(self, distance: Tensor) -> Tensor:
        """LeCun's."""
        return distance**2 / 2

    def dissimilar(self, distance: Tensor) -> Tensor:
        """One over the distance."""
        return 1 / distance.clamp_min(self.floor)
