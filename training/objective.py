"""A run's loss, put together from :mod:`training.losses` as its configuration says."""

import torch
from torch import Tensor, nn

from training.config import LossConfig
from training.losses.arcface import ArcFace
from training.losses.contrastive import (
    LeCun,
    PairTerms,
    batch_contrastive,
    contrastive,
    pair_flags,
)
from training.losses.distance import DISTANCES, all_pairs
from training.losses.distill import point_distillation, relation_distillation
from training.losses.gallery import gallery_contrastive
from training.losses.inverse_distance import InverseDistance
from training.losses.margin_on_both import MarginOnBoth
from training.losses.softmax import SoftmaxClassifier
from training.losses.sphereface import SphereFace
from training.losses.supervised import supervised_contrastive
from training.losses.threshold import LearnedThreshold
from training.mining import kept_negatives


def pair_terms(config: LossConfig) -> PairTerms:
    """L_s and L_d of a pair loss."""
    if config.kind == "margin-on-both":
        return MarginOnBoth(config.margin, config.slack)
    return InverseDistance() if config.kind == "inverse-distance" else LeCun(config.margin)


def class_head(config: LossConfig, *, classes: int, dimension: int) -> nn.Module | None:
    """The class directions of the losses that need them; dropped after training."""
    if config.kind == "arcface":
        return ArcFace(classes, dimension, margin=config.margin, scale=config.scale)
    if config.kind == "sphereface":
        return SphereFace(classes, dimension, m=max(1, round(config.margin)), scale=config.scale)
    return SoftmaxClassifier(classes, dimension) if config.kind == "softmax" else None


class Objective(nn.Module):
    """(embeddings, labels, teacher or None) -> scalar; owns what is learned beside the embedder.

    Where batches are ``paired``, a pair loss compares rows 2i and 2i + 1 and no others.
    ``gallery`` are a teacher's rows (G, d) of clean images and whose they are (G,).
    """

    def __init__(
        self,
        config: LossConfig,
        *,
        classes: int,
        dimension: int,
        paired: bool = False,
        gallery: tuple[Tensor, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.config, self.paired = config, paired
        rows, owners = gallery or (torch.zeros(0, dimension), torch.zeros(0, dtype=torch.int64))
        self.register_buffer("gallery", rows, persistent=False)
        self.register_buffer("owners", owners, persistent=False)
        self.distance = DISTANCES[config.distance]
        self.head = class_head(config, classes=classes, dimension=dimension)
        self.threshold = LearnedThreshold(config.margin / 2) if config.threshold else None

    def forward(self, z: Tensor, labels: Tensor, teacher: Tensor | None = None) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) with -1 for nobody, ``teacher`` (B, d)."""
        known = labels >= 0
        loss = z.new_zeros(())
        if self.config.kind != "none":
            loss = loss + self.config.weight * self._main(z, labels, known)
        if self.threshold is not None:
            loss = loss + self.config.threshold * self._threshold(z[known], labels[known])
        if teacher is not None:
            loss = loss + self.config.point * point_distillation(z, teacher)
            loss = loss + self.config.relation * relation_distillation(z, teacher)
        if self.config.gallery:
            loss = loss + self.config.gallery * gallery_contrastive(
                z, labels, self.get_buffer("gallery"), self.get_buffer("owners"),
                temperature=self.config.temperature,
            )  # fmt: skip
        return loss

    def _main(self, z: Tensor, labels: Tensor, known: Tensor) -> Tensor:
        if self.config.kind == "supervised":
            return supervised_contrastive(z, labels, temperature=self.config.temperature)
        z, labels = z[known], labels[known]
        if self.head is not None:
            loss: Tensor = self.head(z, labels)
            return loss
        return self._pairs(z, labels)

    def _pairs(self, z: Tensor, labels: Tensor) -> Tensor:
        terms = pair_terms(self.config)
        if self.paired:
            flags = (labels[0::2] != labels[1::2]).long()
            return contrastive(self.distance(z[0::2], z[1::2]), flags, terms=terms)
        distances = all_pairs(z, self.distance)
        if self.config.mining == "all":
            return batch_contrastive(distances, labels, terms=terms)
        kept = kept_negatives(
            distances, labels, mining=self.config.mining, margin=self.config.margin
        )
        same = (pair_flags(labels) == 0).triu(1)
        pull, push = terms.similar(distances[same]), terms.dissimilar(distances[kept])
        return pull.sum() / max(1, pull.numel()) + push.sum() / max(1, push.numel())

    def _threshold(self, z: Tensor, labels: Tensor) -> Tensor:
        assert self.threshold is not None  # noqa: S101 - asked only where there is one
        upper = torch.ones(len(z), len(z), dtype=torch.bool, device=z.device).triu(1)
        distances = all_pairs(z, self.distance)[upper]
        loss: Tensor = self.threshold(distances, pair_flags(labels)[upper])
        return loss
