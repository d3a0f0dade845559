r"""Contrast with a gallery that does not move: a teacher's embeddings of the clean training images.

.. math::
   L = \frac{1}{|A|} \sum_{i \in A} \frac{-1}{|P(i)|} \sum_{p \in P(i)}
       \log \frac{\exp(z_i \cdot g_p / \tau)}{\sum_{a} \exp(z_i \cdot g_a / \tau)}

It is the supervised contrastive loss (Khosla et al., arXiv:2004.11362) with all of the gallery
:math:`g` in place of the batch: a probe, however bad its picture, shall be nearer to its person's
clean images than to anybody else's. That is 1:N identification itself, with as many strangers as
there are training identities, at the price of a matrix product. P(i) are the gallery's rows of i's
identity; samples whose identity has none, or that are nobody's (-1), are left out.
"""

import torch
from torch import Tensor
from torch.nn import functional

from training.losses.checks import check_above_zero, check_rows


def gallery_contrastive(
    z: Tensor, labels: Tensor, gallery: Tensor, owners: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """``z`` (B, d) and ``labels`` (B,) against unit rows (G, d) and ``owners`` (G,) -> scalar.

    As near to one's own row as to another's: log 2.

    >>> gallery, owners = torch.eye(2), torch.tensor([0, 1])
    >>> z, labels = torch.tensor([[1.0, 1.0]]), torch.tensor([0])
    >>> gallery_contrastive(z, labels, gallery, owners, temperature=1.0)
    tensor(0.6931)
    """
    check_rows(z, labels)
    check_rows(gallery, owners)
    check_above_zero(temperature=temperature)
    logits = functional.normalize(z, dim=1) @ gallery.T / temperature
    logp = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    positive = (labels.unsqueeze(1) == owners.unsqueeze(0)) & (labels >= 0).unsqueeze(1)
    count = positive.sum(dim=1)
    each = logp.masked_fill(~positive, 0).sum(dim=1) / count.clamp_min(1)
    return -each[count > 0].sum() / (count > 0).sum().clamp_min(1)
