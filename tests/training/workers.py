"""What a ``torchrun`` process of the tests does: a few steps of a tiny run, weights to a file."""

import sys
from dataclasses import replace
from pathlib import Path

import torch

from training.config import (
    DataConfig,
    LossConfig,
    ModelConfig,
    RunConfig,
    SamplerConfig,
    TrainConfig,
)  # fmt: skip
from training.datasets import digits
from training.datasets.base import split_named
from training.datasets.whole import grey
from training.distributed import joined
from training.prepare import Prepared, material
from training.train import Material, train
from training.transforms import Augment

TINY = RunConfig(
    name="tiny",
    data=DataConfig(unseen=("7", "8", "9"), size=12),
    model=ModelConfig(dimension=8, width=4),
    loss=LossConfig(threshold=0.1),
    sampler=SamplerConfig(identities=4, images=4),
    augment=Augment(degrees=5, noise=0.5),
    train=TrainConfig(epochs=4, rate=1e-2, threads=1, device="cpu"),
)


def tiny_material(config: RunConfig) -> Material:
    data = digits.load(config.data.size)
    split = split_named(data.identities, unseen=("7", "8", "9"))
    train_part, unseen = split.apply(data)
    made = material(config, Prepared(data, split, train_part, unseen, grey(config.data.size)))
    return replace(made, validate=lambda _: {"score": 0.5})


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.state_dict().values()]).double()


if __name__ == "__main__":
    with joined():
        run = tiny_material(TINY)
        train(TINY, run, Path(sys.argv[1]))
