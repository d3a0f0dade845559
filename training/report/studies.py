"""Study runs: one data set, one loss, one seed; a fixed number of epochs, no early choice.

Unlike ``training.train`` nothing is chosen on the unseen classes here, because the report compares
losses on exactly these. It uses the same batches, objective and schedule.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from training.backbones.embedder import Embedder
from training.backbones.small import SmallCNN
from training.batches import Batches
from training.config import LossConfig, SamplerConfig
from training.datasets.base import ImageSet
from training.datasets.whole import MEAN, SCALE
from training.evaluate.embedding import embed
from training.evaluate.identification import Rows, identify, make_protocol
from training.objective import Objective
from training.schedule import rate_at
from training.train import seed_everything
from training.transforms import Augment

# One round of seven digits is one batch; an epoch should be more than that.
MNIST_SAMPLER = SamplerConfig(identities=7, images=24, steps=20)
OMNIGLOT_SAMPLER = SamplerConfig(identities=48, images=4)
_AUGMENT = Augment(degrees=10, scale=0.1, shift=0.05)
_RATE = 3e-3
Watch = Callable[[int, Embedder], None]


@dataclass(frozen=True, slots=True)
class Study:
    """What distinguishes one study run from another."""

    loss: LossConfig
    dimension: int
    normalise: bool
    epochs: int
    seed: int
    width: int = 16


def fresh(study: Study) -> Embedder:
    """The untrained network of a study."""
    seed_everything(study.seed)
    backbone = SmallCNN(study.dimension, width=study.width)
    return Embedder(backbone, mean=MEAN, scale=SCALE, normalise=study.normalise)


def run(
    study: Study, data: ImageSet, sampler: SamplerConfig, *, watch: Watch | None = None
) -> tuple[Embedder, Objective]:
    """Train on ``data``; ``watch`` is called after each epoch, and before the first as 0."""
    model = fresh(study)
    objective = Objective(study.loss, classes=len(data.identities), dimension=study.dimension)
    batches = Batches(data, sampler, augment=_AUGMENT, seed=study.seed)
    parameters = [*model.parameters(), *objective.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=1e-4)
    if watch:
        watch(0, model)
    for epoch in range(study.epochs):
        model.train()
        for step in range(batches.steps):
            now = epoch * batches.steps + step
            rate = rate_at(now, total=batches.steps * study.epochs, peak=_RATE, warmup=0.05)
            for group in optimizer.param_groups:
                group["lr"] = rate
            batch = batches.batch(epoch, step)
            loss = objective(model(batch.images), batch.labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
        if watch:
            watch(epoch + 1, model)
    return model, objective


def open_set(model: Embedder, data: ImageSet, *, seed: int = 7) -> tuple[float, float, Rows]:
    """(DIR at FPIR 1 %, rank-1, embeddings) of unseen identities, three images enrolled."""
    z = embed(model, data.images)
    protocol = make_protocol(data.labels, enrol=3, persons=180, seed=seed)
    result = identify(z, z, data.labels, protocol)
    return result.dir_at(0.01), result.rank1, z
