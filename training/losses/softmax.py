r"""Plain cross-entropy: the closed-set baseline.

.. math:: L = -\log \frac{\exp(w_y \cdot z + b_y)}{\sum_c \exp(w_c \cdot z + b_c)}

It learns which of C known classes an image is. Nothing in it asks two images of a class that is
*not* among the C to be close, which is the whole of open-set identification.
"""

from torch import Tensor, nn
from torch.nn import functional

from training.losses.checks import check_classes, check_rows


class SoftmaxClassifier(nn.Module):
    """A linear layer on the embedding and cross-entropy."""

    def __init__(self, classes: int, dimension: int) -> None:
        super().__init__()
        check_classes(classes, dimension)
        self.linear = nn.Linear(dimension, classes)

    def logits(self, z: Tensor) -> Tensor:
        """``z`` (B, d) -> (B, C)."""
        out: Tensor = self.linear(z)
        return out

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) in 0..C-1 -> scalar."""
        check_rows(z, labels)
        return functional.cross_entropy(self.logits(z), labels)
