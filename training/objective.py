"""A run's loss, put together from :mod:`training.losses` as its configuration says."""

import torch
from torch import Tensor, nn

from training import loss_tables as tables
from training.config import RunConfig
from training.loss_tables import GalleryConfig, LossConfig, PairLoss, ThresholdConfig
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


def pair_terms(config: PairLoss) -> PairTerms:
    """L_s and L_d of a pair loss."""
    if isinstance(config, tables.MarginOnBoth):
        return MarginOnBoth(config.margin, config.slack)
    if isinstance(config, tables.InverseDistance):
        return InverseDistance(config.floor)
    return LeCun(config.margin)


def class_head(config: LossConfig, *, classes: int, dimension: int) -> nn.Module | None:
    """The class directions of the losses that need them; dropped after training."""
    if isinstance(config, tables.ArcFace):
        return ArcFace(classes, dimension, margin=config.margin, scale=config.scale)
    if isinstance(config, tables.SphereFace):
        return SphereFace(classes, dimension, m=config.margin, scale=config.scale)
    return SoftmaxClassifier(classes, dimension) if isinstance(config, tables.Softmax) else None


class Objective(nn.Module):
    """(embeddings, labels, teacher or None) -> scalar; owns what is learned with the embedder.

    Where a run's batches are pairs, a pair loss compares rows 2i and 2i + 1 and no others.
    ``gallery`` are a teacher's rows (G, d) of clean images and whose they are (G,).
    """

    def __init__(
        self, run: RunConfig, *, classes: int, gallery: tuple[Tensor, Tensor] | None = None
    ) -> None:
        super().__init__()
        dimension = run.model.dimension
        self.config, self.paired = run.loss, run.sampler.kind == "pairs"
        self.distillation, self.against = run.distillation, run.gallery
        rows, owners = gallery or (torch.zeros(0, dimension), torch.zeros(0, dtype=torch.int64))
        self.register_buffer("gallery", rows, persistent=False)
        self.register_buffer("owners", owners, persistent=False)
        self.head = class_head(run.loss, classes=classes, dimension=dimension)
        self.cut = run.threshold
        self.threshold = LearnedThreshold(self.cut.start) if self.cut else None

    def forward(self, z: Tensor, labels: Tensor, teacher: Tensor | None = None) -> Tensor:
        """``z`` (B, d), ``labels`` (B,) with -1 for nobody, ``teacher`` (B, d)."""
        known = labels >= 0
        loss = z.new_zeros(())
        if not isinstance(self.config, tables.NoLoss):
            loss = loss + self.config.weight * self._main(z, labels, known)
        if self.cut is not None:
            loss = loss + self.cut.weight * self._threshold(z[known], labels[known], self.cut)
        if teacher is not None and self.distillation is not None:
            loss = loss + self.distillation.point * point_distillation(z, teacher)
            loss = loss + self.distillation.relation * relation_distillation(z, teacher)
        if self.against is not None:
            loss = loss + self.against.weight * self._gallery(z, labels, self.against)
        return loss

    def _main(self, z: Tensor, labels: Tensor, known: Tensor) -> Tensor:
        if isinstance(self.config, tables.Supervised):
            return supervised_contrastive(z, labels, temperature=self.config.temperature)
        z, labels = z[known], labels[known]
        if isinstance(self.config, PairLoss):
            return self._pairs(z, labels, self.config)
        assert self.head is not None  # noqa: S101 - every other loss has class directions
        loss: Tensor = self.head(z, labels)
        return loss

    def _pairs(self, z: Tensor, labels: Tensor, config: PairLoss) -> Tensor:
        terms, distance = pair_terms(config), DISTANCES[config.distance]
        if self.paired:
            flags = (labels[0::2] != labels[1::2]).long()
            return contrastive(distance(z[0::2], z[1::2]), flags, terms=terms)
        distances = all_pairs(z, distance)
        if config.mining == "all":
            return batch_contrastive(distances, labels, terms=terms)
        margin = 0.0 if isinstance(config, tables.InverseDistance) else config.margin
        kept = kept_negatives(distances, labels, mining=config.mining, margin=margin)
        same = (pair_flags(labels) == 0).triu(1)
        pull, push = terms.similar(distances[same]), terms.dissimilar(distances[kept])
        return pull.sum() / max(1, pull.numel()) + push.sum() / max(1, push.numel())

    def _threshold(self, z: Tensor, labels: Tensor, cut: ThresholdConfig) -> Tensor:
        upper = torch.ones(len(z), len(z), dtype=torch.bool, device=z.device).triu(1)
        distances = all_pairs(z, DISTANCES[cut.distance])[upper]
        assert self.threshold is not None  # noqa: S101 - made where there is a configuration of it
        loss: Tensor = self.threshold(distances, pair_flags(labels)[upper])
        return loss

    def _gallery(self, z: Tensor, labels: Tensor, against: GalleryConfig) -> Tensor:
        return gallery_contrastive(
            z, labels, self.get_buffer("gallery"), self.get_buffer("owners"),
            temperature=against.temperature,
        )  # fmt: skip
