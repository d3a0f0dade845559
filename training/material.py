"""The material of the loop; ``training.prepare`` makes it and ``training.train`` uses it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from training.backbones.embedder import Embedder
from training.batches import Batches
from training.objective import Objective

Validate = Callable[[nn.Module], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Material:
    """Network, loss and batches of a run; of the numbers that ``validate`` gives, "score" is shown.

    Where it ``chooses``, the epoch with the best score is kept and patience counts; otherwise the
    score is for looking, and the last epoch is kept.
    """

    model: Embedder
    objective: Objective
    batches: Batches
    validate: Validate
    chooses: bool = True
