"""Random galleries: who is enrolled with which images, and who comes to be recognised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.fusion import Fused, fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import MOST_MASKED, GallerySize, comparison_rate, reached
from bench.openset_data import Photographs

Vectors = NDArray[np.float32]
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Row numbers: ``enrolled`` of each person, ``mated`` and ``strangers`` probes; ``mates`` is
    which person each mated probe is of.
    """

    enrolled: list[Keys]
    mated: Keys
    mates: Keys
    strangers: Keys

    def fused(self, vectors: Vectors) -> Fused:
        """Everybody enrolled, one vector each."""
        owners = np.repeat(np.arange(len(self.enrolled)), [len(rows) for rows in self.enrolled])
        return fuse_persons(vectors[np.concatenate(self.enrolled)], owners)


class Half:
    """Some of the people, and their images as row numbers into everything there is."""

    def __init__(self, persons: NDArray[np.str_], rows: Keys, members: NDArray[np.str_]) -> None:
        rows = rows[np.isin(persons[rows], members)]
        order = rows[np.argsort(persons[rows], kind="stable")]
        _, starts = np.unique(persons[order], return_index=True)
        self.rows = order
        self.people = np.split(order, starts[1:])

    def gallery(
        self, persons: int, templates: int, rng: np.random.Generator, *, spare: int = 0
    ) -> Gallery:
        """``persons`` persons with ``templates`` templates each, or fewer if there are fewer.

        With ``spare``, only people who have that many images more; strangers are one image of
        everybody else.
        """
        counts = np.array([len(rows) for rows in self.people])
        rich = np.flatnonzero(counts >= templates + spare)
        chosen = rng.permutation(rich if spare or len(rich) > 1.1 * persons else len(counts))
        chosen = chosen[:persons]
        shuffled = [rng.permutation(self.people[person]) for person in chosen]
        left = [rows[templates:] for rows in shuffled]
        others = np.setdiff1d(np.arange(len(counts)), chosen)
        return Gallery(
            [rows[:templates] for rows in shuffled],
            np.concatenate(left),
            np.repeat(np.arange(len(chosen)), [len(rows) for rows in left]),
            np.array([rng.choice(self.people[person]) for person in others]),
        )


def rates_in(calibration: Calibration, fused: Fused) -> GalleryRates:
    """The rates in a gallery of these people."""
    size = GallerySize(len(fused.owners), int(fused.templates.sum()))
    return GalleryRates(calibration, Cohort.of(fused.vectors), size)


def beyond(rates: GalleryRates, probes: Vectors, scores: Vectors, target: float) -> Vectors:
    """How far the nearest person of each of ``probes`` (n, d), whose similarities to everybody are
    ``scores`` (n, m), is above the limit for ``target``, in standardised scores; negative below.
    """
    limit = rates.z_at(comparison_rate(target, rates.persons))
    few = min(MOST_MASKED, scores.shape[1])
    nearest = np.sort(np.partition(scores, -few, axis=1)[:, -few:], axis=1)[:, ::-1]
    z = reached(rates.norms(probes), nearest.astype(np.float64))[:, 0]
    return np.asarray(z - limit, np.float32)


def halves(persons: NDArray[np.str_], split: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """The people in two random halves: one to calibrate on, one to report on."""
    people = np.random.default_rng(split).permutation(np.unique(persons))
    return people[::2], people[1::2]


def calibrated(data: Photographs, half: Half, split: int) -> Calibration:
    """Calibrated on one half of the people."""
    return fit(
        data.embeddings[half.rows],
        data.persons[half.rows],
        contract_id="bench",
        data=f"half {split}",
        margin=0.0,
    )
