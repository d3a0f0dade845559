r"""Supervised contrastive loss and NT-Xent.

.. math::
   L = \frac{1}{|A|} \sum_{i \in A} \frac{-1}{|P(i)|} \sum_{p \in P(i)}
       \log \frac{\exp(s_{ip} / \tau)}{\sum_{a \ne i} \exp(s_{ia} / \tau)}

with :math:`s` the cosine similarity, P(i) the other samples of i's identity and A the samples that
have one (Khosla et al., NeurIPS 2020, arXiv:2004.11362, L_out). Where each identity has exactly
two samples, two views of one image, this *is* NT-Xent of SimCLR (Chen et al., arXiv:2002.05709);
no second function is needed. Samples labelled -1 belong to nobody: they stand in the denominator
and are nobody's positives.
"""

import torch
from torch import Tensor
from torch.nn import functional

from training.losses.checks import check_above_zero, check_rows


def supervised_contrastive(z: Tensor, labels: Tensor, *, temperature: float = 0.1) -> Tensor:
    """``z`` (B, d) of any length (normalised here), ``labels`` (B,), ``temperature`` above 0 ->
    scalar; ``ValueError`` for other shapes or temperatures.

    Two samples of one identity and one of another, all at right angles: log 2 for either.

    >>> supervised_contrastive(torch.eye(3), torch.tensor([0, 0, 1]), temperature=0.1)
    tensor(0.6931)
    """
    check_rows(z, labels)
    check_above_zero(temperature=temperature)
    z = functional.normalize(z, dim=1)
    itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
    logits = (z @ z.T / temperature).masked_fill(itself, float("-inf"))
    logp = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    positive = (labels.unsqueeze(0) == labels.unsqueeze(1)) & ~itself & (labels >= 0).unsqueeze(1)
    count = positive.sum(dim=1)
    each = logp.masked_fill(~positive, 0).sum(dim=1) / count.clamp_min(1)
    return -each[count > 0].sum() / (count > 0).sum().clamp_min(1)
