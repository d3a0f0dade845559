"""Study runs: one data set, one loss, one seed, in the training loop itself.

Nothing is chosen on the unseen classes, because the report compares losses on exactly these: a run
goes its stated number of epochs and its last weights count. Each run is a run folder like any
other, so a report that was stopped goes on where it was, and sections share what they have in
common.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from training.augment import Augment
from training.backbones.embedder import Embedder
from training.config import DataConfig, ModelConfig, RunConfig, SamplerConfig, TrainConfig
from training.datasets.base import ImageSet
from training.errors import TrainingError
from training.loss_tables import Contrastive, LossConfig, PairLoss, Softmax, Supervised
from training.objective import Objective
from training.prepare import Prepared, build_model, material, prepare
from training.seeding import seed_everything
from training.train import train

SEED = 1
LECUN = Contrastive(distance="euclidean", margin=1.0)
SUPERVISED = Supervised(temperature=0.1)
SOFTMAX = Softmax()
Watch = Callable[[Embedder], dict[str, float]]
_SIDE = 20  # px; Omniglot's usual size since Santoro et al. (2016), half the work of 28
_KNOWN = 0.2  # of the images of each class learned, kept out to measure the closed set


@dataclass(frozen=True, slots=True)
class Subject:
    """A data set: ``prepared.train`` to learn, ``known`` other images of the same classes."""

    base: RunConfig
    prepared: Prepared
    known: ImageSet


@dataclass(frozen=True, slots=True)
class Trained:
    """The result of a study run; ``history`` has a record for each epoch."""

    model: Embedder
    objective: Objective
    history: list[dict[str, float]]


class Studies:
    """The data sets and the finished runs of a report, made when they are first asked for."""

    def __init__(self, folder: Path, *, mnist: Path, omniglot: Path, epochs: int) -> None:
        self._folder, self._mnist, self._omniglot, self.epochs = folder, mnist, omniglot, epochs

    @cached_property
    def digits(self) -> Subject:
        """MNIST: 0-6 to learn, 7-9 unseen."""
        data = DataConfig("mnist", _there(self._mnist), unseen=("7", "8", "9"), size=_SIDE)
        return _subject(self._base("mnist", data, SamplerConfig(identities=7, images=24, steps=10)))

    @cached_property
    def characters(self) -> Subject:
        """Omniglot: 80 % of the characters to learn, 20 % unseen."""
        data = DataConfig("omniglot", _there(self._omniglot), unseen=0.2, size=_SIDE)
        base = self._base("omniglot", data, SamplerConfig(identities=48, images=4))
        return _subject(replace(base, model=replace(base.model, width=24)))

    def run(
        self,
        subject: Subject,
        loss: LossConfig,
        *,
        seed: int = SEED,
        dimension: int = 64,
        normalise: bool = True,
        turns: int = 1,
        watch: Watch | None = None,
        longer: int = 1,
    ) -> Trained:
        """Train, or reopen, the run that is described; ``watch`` is asked after each epoch."""
        base, epochs = subject.base, self.epochs * longer
        distance = [loss.distance] if isinstance(loss, PairLoss) else []
        marks = [base.name, loss.kind, *distance, str(dimension), f"x{longer}", str(seed)]
        config = replace(
            base,
            name="-".join([*marks, f"turns{turns}", *["free"] * (not normalise)]),
            seed=seed,
            data=replace(base.data, turns=turns),
            model=replace(base.model, dimension=dimension, normalise=normalise),
            loss=loss,
            train=replace(base.train, epochs=epochs),
        )
        made = material(config, subject.prepared)
        embedder = made.model
        made = replace(
            made, chooses=False, validate=lambda _: watch(embedder) if watch is not None else {}
        )
        state = train(config, made, self._folder / config.name)
        return Trained(embedder.eval(), made.objective, state.history)

    def _base(self, name: str, data: DataConfig, sampler: SamplerConfig) -> RunConfig:
        return RunConfig(
            name=name,
            data=data,
            model=ModelConfig(width=16),
            sampler=sampler,
            augment=Augment(degrees=10, scale=0.1, shift=0.05),
            train=TrainConfig(rate=3e-3, threads=1, precision="bf16", device="cpu"),
        )


def untrained(subject: Subject, *, dimension: int = 64, normalise: bool = True) -> Embedder:
    """The network as the runs of seed 1 begin."""
    seed_everything(SEED)
    model = replace(subject.base.model, dimension=dimension, normalise=normalise)
    return build_model(model, channels=1).eval()


def some(data: ImageSet, count: int) -> ImageSet:
    """``count`` images drawn from ``data``, or all where there are no more."""
    rows = np.random.default_rng(SEED).choice(len(data), min(count, len(data)), replace=False)
    return data.take(rows)


def _there(data: Path) -> str:
    if not data.exists():
        raise TrainingError(f"There is no {data}.")
    return str(data)


def _subject(base: RunConfig) -> Subject:
    prepared = prepare(base.data)
    known = _drawn(prepared.train, _KNOWN)
    return Subject(
        base,
        replace(prepared, train=prepared.train.take(~known)),
        prepared.train.take(known),
    )


def _drawn(data: ImageSet, share: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A mask (n,) of ``share`` of the images of each identity."""
    rng, mask = np.random.default_rng(SEED), np.zeros(len(data), np.bool_)
    for identity in range(len(data.identities)):
        rows = rng.permutation(np.flatnonzero(data.labels == identity))
        mask[rows[: round(share * len(rows))]] = True
    return mask
