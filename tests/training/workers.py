"""The work of a ``torchrun`` process of the tests: a few steps of a tiny run, weights to a file."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from training.augment import Augment
from training.config import DataConfig, ModelConfig, RunConfig, SamplerConfig, TrainConfig
from training.datasets import digits
from training.datasets.base import split_named
from training.datasets.whole import grey
from training.distributed import joined
from training.loss_tables import ThresholdConfig
from training.material import Material
from training.prepare import Prepared, material
from training.train import train

TINY = RunConfig(
    name="tiny",
    data=DataConfig(unseen=("7", "8", "9"), size=12),
    model=ModelConfig(dimension=8, width=4),
    threshold=ThresholdConfig(weight=0.1, distance="euclidean"),
    sampler=SamplerConfig(identities=4, images=4),
    augment=Augment(degrees=5, noise=0.5),
    train=TrainConfig(epochs=4, rate=1e-2, threads=1, device="cpu"),
)


def tiny_prepared(config: RunConfig) -> Prepared:
    data = digits.load(config.data.size)
    train_part, unseen = split_named(data.identities, unseen=("7", "8", "9")).apply(data)
    return Prepared(data, train_part, None, unseen, grey(config.data.size))


def tiny_material(config: RunConfig) -> Material:
    made = material(replace(config, train=replace(config.train, patience=0)), tiny_prepared(config))
    return replace(made, chooses=True, validate=lambda _: {"score": 0.5})


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.state_dict().values()]).double()


def waits(out: Path) -> None:
    """Train two epochs, say so, and wait in the middle of the third to be killed."""
    made, epochs = tiny_material(TINY), []

    def validate(_: torch.nn.Module) -> dict[str, float]:
        epochs.append(1)
        if len(epochs) == 3:
            (out / "waits").touch()
            time.sleep(300)
        return {"score": 0.5}

    train(TINY, replace(made, validate=validate), out)


if __name__ == "__main__":
    with joined():
        if sys.argv[2:] == ["wait"]:
            waits(Path(sys.argv[1]))
        else:
            train(TINY, tiny_material(TINY), Path(sys.argv[1]))
