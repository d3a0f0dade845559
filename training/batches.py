"""Batches on demand: what the sampler chose, as another camera saw it, with the teacher's word."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from training.augment import Augment, augmented
from training.config import SamplerConfig
from training.datasets.base import ImageSet
from training.datasets.teacher import TeacherBank
from training.errors import TrainingError
from training.sampler import PairSampler, PKSampler


@dataclass(frozen=True, slots=True)
class Batch:
    """``images`` (B, C, H, W) float 0..255, ``labels`` (B,), ``teacher`` (B, d) or None."""

    images: Tensor
    labels: Tensor
    teacher: Tensor | None


class Batches:
    """The training material of a run; ``batch`` is a pure function of (seed, epoch, step)."""

    def __init__(
        self,
        data: ImageSet | TeacherBank,
        sampler: SamplerConfig,
        *,
        augment: Augment,
        seed: int,
    ) -> None:
        self._data, self._augment, self._seed, self._extra = data, augment, seed, sampler.extra
        self._least = sampler.steps
        self._sampler = _sampler(data, sampler, seed=seed)

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return max(self._sampler.steps, self._least)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, each made while the loop learns from the one before."""
        with ThreadPoolExecutor(1) as maker:
            waiting = maker.submit(self.batch, epoch, 0)
            for step in range(1, self.steps + 1):
                made = waiting.result()
                if step < self.steps:
                    waiting = maker.submit(self.batch, epoch, step)
                yield made

    def batch(self, epoch: int, step: int) -> Batch:
        """The images of one step, on the CPU."""
        rows = self._sampler.batch(*divmod(epoch * self.steps + step, self._sampler.steps))
        if self._extra:
            rng = np.random.default_rng((self._seed, epoch, step, 1))
            rows = np.concatenate([rows, rng.integers(0, len(self._data), self._extra)])
        generator = Generator().manual_seed(hash((self._seed, epoch, step)) % 2**62)
        pixels = torch.from_numpy(np.ascontiguousarray(self._data.images[rows]))
        images = augmented(pixels.permute(0, 3, 1, 2).float(), generator, self._augment)
        teacher = None
        if isinstance(self._data, TeacherBank):
            teacher = torch.from_numpy(self._data.embeddings[rows])
        return Batch(images, torch.from_numpy(self._data.labels[rows]), teacher)


def _sampler(
    data: ImageSet | TeacherBank, config: SamplerConfig, *, seed: int
) -> PKSampler | PairSampler:
    if config.kind == "identities":
        return PKSampler(
            data.labels,
            identities=config.identities,
            images=config.images,
            seed=seed,
            repeat=config.repeat,
        )
    pairs, odd = divmod(config.identities * config.images, 2)
    if odd or config.extra or isinstance(data, TeacherBank):
        raise TrainingError(
            "sampler.kind = pairs needs an even sampler.identities x images, no sampler.extra and "
            "no teacher: a batch is pairs and nothing else."
        )
    return PairSampler(data.labels, pairs=pairs, seed=seed)
