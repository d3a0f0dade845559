r"""A threshold that is learned: how far apart two images may be and still be of one identity.

.. math:: p(\text{same} \mid D) = \sigma(a\,(t - D)), \qquad
   L = -\log p \text{ of similar pairs}, \; -\log(1 - p) \text{ of dissimilar ones}

t is the threshold and a > 0 the slope. Both may learn together with the embedder (the gradient
reaches D) or afterwards on frozen embeddings (:func:`fit_threshold`), which is Platt's scaling
(1999) of a distance. It decides **pairs**: 1:1 verification at equal cost of both errors. The
1:N threshold is another quantity, which depends on the gallery's size; that one comes from the
impostor tail, by ``app.decision.calibration``.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.losses.checks import check_above_zero, check_same_shape


@dataclass(frozen=True, slots=True)
class PairThreshold:
    """The exported numbers: ``threshold`` in units of D, ``slope`` per unit of D, and D's name."""

    distance: str
    threshold: float
    slope: float


class LearnedThreshold(nn.Module):
    """t and log a as parameters, so that the slope stays positive.

    >>> head = LearnedThreshold(start=0.5, slope=10.0)
    >>> head.logit(torch.tensor([0.4, 0.7])).detach()
    tensor([ 1.0000, -2.0000])
    """

    def __init__(self, start: float = 0.5, slope: float = 10.0) -> None:
        super().__init__()
        check_above_zero(slope=slope)
        self.threshold = nn.Parameter(torch.tensor(start))
        self.log_slope = nn.Parameter(torch.tensor(math.log(slope)))

    def logit(self, distance: Tensor) -> Tensor:
        """Log-odds that a pair is similar, elementwise."""
        return self.log_slope.exp() * (self.threshold - distance)

    def forward(self, distance: Tensor, y: Tensor) -> Tensor:
        """``distance`` (n,), ``y`` (n,) with 0 = similar, each kind weighing the same -> scalar."""
        check_same_shape(distance=distance, y=y)
        each = functional.binary_cross_entropy_with_logits(
            self.logit(distance), (y == 0).to(distance.dtype), reduction="none"
        )
        similar, dissimilar = each[y == 0], each[y != 0]
        return (
            similar.sum() / max(1, similar.numel()) + dissimilar.sum() / max(1, dissimilar.numel())
        ) / 2

    def value(self, distance: str) -> PairThreshold:
        """The numbers to export; ``distance`` names the D that it learned on."""
        return PairThreshold(distance, self.threshold.item(), self.log_slope.exp().item())


def fit_threshold(
    distances_of_pairs: NDArray[np.float32], y: NDArray[np.int64], *, distance: str
) -> PairThreshold:
    """Fit t and a on frozen distances (n,), 0 = similar; deterministic (L-BFGS, no draw).

    ``ValueError`` where all pairs are of one kind: then any threshold would do.
    """
    distances, flags = torch.as_tensor(distances_of_pairs).double(), torch.as_tensor(y)
    check_same_shape(distances_of_pairs=distances, y=flags)
    if len(np.unique(y)) < 2:
        raise ValueError("All pairs are of one kind; a threshold parts similar from dissimilar.")
    middle = (distances[flags == 0].median() + distances[flags != 0].median()) / 2
    model = LearnedThreshold(middle.item()).double()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        loss: Tensor = model(distances, flags)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return model.value(distance)
