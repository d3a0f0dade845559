r"""The generalised contrastive loss over pairs.

.. math:: L(D, Y) = (1 - Y) L_s(D) + Y L_d(D)

D (n,) is the distance of a pair and Y (n,) says what it is. Chopra, Hadsell and LeCun (CVPR 2005;
Hadsell, Chopra and LeCun, CVPR 2006, eq. 1) write **Y = 0 for similar pairs and Y = 1 for
dissimilar ones**, and so does this file. Many later texts write Y = 1 for similar pairs and
:math:`L = Y L_s + (1 - Y) L_d`. Both are one loss: substituting Y' = 1 - Y turns either into the
other, term by term, so nothing but the meaning of the flag differs; ``similar_is=1`` takes pairs
labelled the other way. Mixing the two up trains the mirror image of what was wanted (people are
pushed apart from themselves), which is why the convention is an explicit option here.

LeCun's choice (2006, eq. 4) is

.. math:: L_s = D^2 / 2, \qquad L_d = \max(0, m - D)^2 / 2

Similar pairs are pulled by a spring; dissimilar ones are pushed only within the margin m, beyond
which they are left alone. That pulls nobody apart for ever, and so there is an equilibrium.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from training.losses.checks import check_above_zero, check_same_shape


class PairTerms(Protocol):
    """L_s and L_d, both elementwise: (n,) -> (n,)."""

    def similar(self, distance: Tensor) -> Tensor:
        """Cost of a similar pair at this distance."""
        ...

    def dissimilar(self, distance: Tensor) -> Tensor:
        """Cost of a dissimilar pair at this distance."""
        ...


@dataclass(frozen=True, slots=True)
class LeCun:
    """``L_s = D^2/2``, ``L_d = max(0, m - D)^2/2``; ``margin`` in units of D, above 0."""

    margin: float = 1.0

    def __post_init__(self) -> None:
        """``ValueError`` without a margin: nothing would push."""
        check_above_zero(margin=self.margin)

    def similar(self, distance: Tensor) -> Tensor:
        """A spring: force grows with the distance."""
        return distance**2 / 2

    def dissimilar(self, distance: Tensor) -> Tensor:
        """A spring that pushes within the margin and rests beyond it."""
        return torch.relu(self.margin - distance) ** 2 / 2


def contrastive(
    distance: Tensor, y: Tensor, *, terms: PairTerms, similar_is: Literal[0, 1] = 0
) -> Tensor:
    """Mean loss of the pairs: ``distance`` (n,), ``y`` (n,) of 0 and 1 -> scalar.

    One similar pair at distance 1, one dissimilar pair at 0.5, a margin of 1:

    >>> contrastive(torch.tensor([1.0, 0.5]), torch.tensor([0, 1]), terms=LeCun(1.0))
    tensor(0.3125)
    """
    check_same_shape(distance=distance, y=y)
    y = y.to(distance.dtype)
    dissimilar = y if similar_is == 0 else 1 - y
    each = (1 - dissimilar) * terms.similar(distance) + dissimilar * terms.dissimilar(distance)
    return each.mean()


def pair_flags(labels: Tensor) -> Tensor:
    """Y for all pairs of a batch, (B,) -> (B, B): 0 where the labels agree, 1 where they differ.

    >>> pair_flags(torch.tensor([5, 5, 7]))
    tensor([[0, 0, 1],
            [0, 0, 1],
            [1, 1, 0]])
    """
    return (labels.unsqueeze(0) != labels.unsqueeze(1)).long()


def batch_contrastive(distances: Tensor, labels: Tensor, *, terms: PairTerms) -> Tensor:
    """The loss over all pairs of a batch, each kind averaged by itself and the two means added.

    ``distances`` (B, B), ``labels`` (B,). With P identities there are P - 1 dissimilar pairs to a
    similar one; averaged together the few similar pairs would be outvoted.
    """
    if distances.shape != (len(labels), len(labels)):
        raise ValueError(
            f"distances are {tuple(distances.shape)} of {len(labels)} labels; they must be (B, B)."
        )
    upper = torch.ones_like(distances, dtype=torch.bool).triu(1)
    flags = pair_flags(labels).bool()
    pull = terms.similar(distances[upper & ~flags])
    push = terms.dissimilar(distances[upper & flags])
    return _mean(pull) + _mean(push)


def _mean(values: Tensor) -> Tensor:
    """The mean, 0 of nothing."""
    return values.sum() / max(1, values.numel())
