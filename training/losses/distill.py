r"""Copying a teacher: where it puts each image, and how it sees images to each other.

.. math::
   L_{point} = \frac1B \sum_i (1 - \hat z_i \cdot \hat t_i), \qquad
   L_{relation} = \frac{1}{B(B-1)} \sum_{i \ne j}
       (\hat z_i \cdot \hat z_j - \hat t_i \cdot \hat t_j)^2

The second is relational knowledge distillation (Park et al., CVPR 2019, arXiv:1904.05068) with the
cosine in place of their distance: decisions are taken on similarities, so these must agree.
"""

from torch import Tensor
from torch.nn import functional

from training.losses.checks import check_same_shape


def point_distillation(z: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 - cosine; ``z`` and ``teacher`` (B, d) -> scalar in 0..2.

    >>> import torch
    >>> point_distillation(torch.eye(2), torch.tensor([[3.0, 0.0], [0.0, -1.0]]))
    tensor(1.)
    """
    check_same_shape(z=z, teacher=teacher)
    return (1 - functional.cosine_similarity(z, teacher, dim=1)).mean()


def relation_distillation(z: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of all pairs' cosines; (B, d), (B, d) -> scalar."""
    check_same_shape(z=z, teacher=teacher)
    z, teacher = functional.normalize(z, dim=1), functional.normalize(teacher, dim=1)
    gap = (z @ z.T - teacher @ teacher.T) ** 2
    gap = gap - gap.diagonal().diag_embed()
    return gap.sum() / max(1, len(z) * (len(z) - 1))
