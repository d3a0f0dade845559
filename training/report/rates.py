"""The rates that a study measures of an embedding, and how they are printed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import ImageSet, Labels
from training.evaluate.identification import OpenSet, Rows, identify, make_protocol
from training.evaluate.verification import Verification, verify
from training.sampler import siamese_pairs

FPIR = 0.01
DRAWS = 20
_PAIRS, _SEED = 6000, 7


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates on unseen classes, three images of each enrolled; means over draws of the enrolled.

    ``dir`` is DIR at FPIR 1 %, ``dir_10`` at 10 %; ``first`` is the first draw, for the curves.
    """

    persons: int
    rank1: float
    dir: float
    dir_10: float
    eer: float
    first: OpenSet
    pairs: Verification


def rates(z: Rows, data: ImageSet) -> Rates:
    """Measure embeddings ``z`` (n, d) of ``data``; a third of the classes plays the strangers."""
    draws = [
        identify(z, z, data.labels, make_protocol(data.labels, enrol=3, persons=180, seed=seed))
        for seed in range(DRAWS)
    ]
    pairs = verify(z, data.labels, pairs=_PAIRS, seed=_SEED)
    return Rates(
        persons=draws[0].size,
        rank1=float(np.mean([x.rank1 for x in draws])),
        dir=float(np.mean([x.dir_at(FPIR) for x in draws])),
        dir_10=float(np.mean([x.dir_at(10 * FPIR) for x in draws])),
        eer=pairs.eer,
        first=draws[0],
        pairs=pairs,
    )


def known_or_not(
    scores: NDArray[np.float64], own: Labels, others: NDArray[np.float64], unknown: Labels
) -> OpenSet:
    """Scores (n, C) of images of class ``own`` (n,), and scores ``others`` (s, C) of images of the
    classes ``unknown`` (s,), which are numbered by themselves, as an open set.
    """
    mine = scores[np.arange(len(own)), own]
    return OpenSet(
        mated=mine.astype(np.float32),
        rank=(scores >= mine[:, None]).sum(axis=1),
        owner=own,
        strangers=others.max(axis=1).astype(np.float32),
        stranger=scores.shape[1] + unknown,
        lookalike=others.argmax(axis=1),
        size=scores.shape[1],
    )


def euclidean_pairs(z: Rows, labels: Labels) -> Verification:
    """Pairs judged by the distance of embeddings that have no unit length; nearer is higher."""
    rows, flags = siamese_pairs(labels, _PAIRS, seed=_SEED)
    scores = -np.linalg.norm(z[rows[:, 0]] - z[rows[:, 1]], axis=1)
    return Verification(scores[flags == 0], scores[flags == 1])


def percent(rate: float) -> str:
    """A rate as the report prints it, in percent."""
    return f"{rate:.1%}"
