"""Which images stand together in a batch.

Pair losses need images of one identity side by side, so batches are drawn by identity. What a
batch holds is a function of (seed, epoch, step) alone: a resumed run draws what the killed one
would have drawn.
"""

from collections.abc import Sequence

import numpy as np

from training.datasets.base import Labels
from training.errors import TrainingError


class PKSampler:
    """P identities with K images each (Hermans et al., arXiv:1703.07737, section 2).

    An epoch takes every identity once, in a new order. An identity with fewer than K images gives
    some twice (two augmented views differ); with only one it is refused where ``repeat`` is off.
    """

    def __init__(
        self, labels: Labels, *, identities: int, images: int, seed: int, repeat: bool = False
    ) -> None:
        found, counts = np.unique(labels[labels >= 0], return_counts=True)
        alone = int((counts < min(2, images)).sum())
        if alone and not repeat:
            raise TrainingError(
                f"{alone} identities have one image where two are needed. Add images, leave them "
                "out, or set sampler.repeat = true to pair augmented views of one image."
            )
        if len(found) < 2:
            raise TrainingError(f"Learning to compare needs two identities; there is {len(found)}.")
        order = np.argsort(labels, kind="stable")
        self._rows = {
            int(c): order[np.searchsorted(labels[order], c) :][:n]
            for c, n in zip(found, counts, strict=True)
        }
        self._found, self._seed, self._images = found, seed, images
        self._identities = min(identities, len(found))

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return len(self._found) // self._identities

    def batch(self, epoch: int, step: int) -> Labels:
        """Rows (P x K,) of one batch, images of one identity side by side."""
        order = np.random.default_rng((self._seed, epoch)).permutation(self._found)
        chosen = order[step * self._identities :][: self._identities]
        rng = np.random.default_rng((self._seed, epoch, step))
        return np.concatenate([self._some(self._rows[int(c)], rng) for c in chosen])

    def _some(self, rows: Labels, rng: np.random.Generator) -> Labels:
        shuffled = rng.permutation(rows)
        return np.resize(shuffled, self._images).astype(np.int64)


class PairSampler:
    """Batches of Siamese pairs, the two of a pair side by side (Chopra et al., CVPR 2005).

    An epoch draws as many images as there are. All pairs within a batch of :class:`PKSampler` give
    the same loss many times more pairs for the same forward passes; this one is what Siamese
    networks were trained with.
    """

    def __init__(self, labels: Labels, *, pairs: int, seed: int) -> None:
        self._labels, self._pairs, self._seed = labels, pairs, seed
        self.steps = max(1, len(labels) // (2 * pairs))
        self.batch(0, 0)

    def batch(self, epoch: int, step: int) -> Labels:
        """Rows (2 x pairs,) of one batch."""
        rows, _ = siamese_pairs(self._labels, self._pairs, seed=(self._seed, epoch, step))
        return rows.reshape(-1)


def siamese_pairs(
    labels: Labels, count: int, *, seed: int | Sequence[int], similar: float = 0.5
) -> tuple[Labels, Labels]:
    """``count`` pairs of rows (count, 2) and Y (count,), 0 = similar, of which a share ``similar``.

    Similar pairs come from identities with two images or more, each identity equally often;
    dissimilar ones from two different identities.
    """
    rng = np.random.default_rng(seed)
    found, counts = np.unique(labels, return_counts=True)
    paired = found[counts >= 2]
    if not len(paired) or len(found) < 2:
        raise TrainingError("Pairs need two identities, one of them with two images.")
    flags = (np.arange(count) >= round(count * similar)).astype(np.int64)
    rng.shuffle(flags)
    rows = {int(c): np.flatnonzero(labels == c) for c in found}
    return np.array([_pair(int(y), rows, paired, found, rng) for y in flags]), flags


def _pair(
    y: int, rows: dict[int, Labels], paired: Labels, found: Labels, rng: np.random.Generator
) -> Labels:
    if y == 0:
        return rng.choice(rows[int(rng.choice(paired))], 2, replace=False)
    first, second = rng.choice(found, 2, replace=False)
    return np.array([rng.choice(rows[int(first)]), rng.choice(rows[int(second)])])
