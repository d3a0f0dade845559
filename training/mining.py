"""Which dissimilar pairs are worth a step: most of them are far apart already and teach nothing.

Works on the distances of a batch (B, B) and its labels (B,); gives a mask (B, B) of dissimilar
pairs to keep. Hard negatives are nearer than the anchor's furthest positive and can be label
errors; semi-hard ones lie beyond it but within the margin (Schroff et al., FaceNet, CVPR 2015,
arXiv:1503.03832, section 3.2), which avoids the collapse they saw early in training.
"""

from typing import Literal

from torch import Tensor

Mining = Literal["all", "semi-hard", "hard"]


def furthest_positive(distances: Tensor, labels: Tensor) -> Tensor:
    """For each anchor the largest distance to its own identity (B,); 0 where it is alone."""
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    return distances.masked_fill(~same, 0).amax(dim=1)


def kept_negatives(distances: Tensor, labels: Tensor, *, mining: Mining, margin: float) -> Tensor:
    """Mask (B, B) of the dissimilar pairs that count; rows are anchors."""
    different = labels.unsqueeze(0) != labels.unsqueeze(1)
    if mining == "all":
        return different
    reach = furthest_positive(distances.detach(), labels).unsqueeze(1)
    nearer = distances.detach() <= reach
    if mining == "hard":
        return different & nearer
    return different & ~nearer & (distances.detach() < reach + margin)
