"""Galleries of people made of numbers, each with a resemblance to all and a noise of their own."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.fit import fit
from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.evaluation.gallery import Gallery, Refusal
from app.evaluation.trials import Nearest, Trials, leave_one_out

DIMENSION = 32
MARGIN = 0.02


def gallery(
    images: Sequence[int], *, seed: int = 0, alike: float = 1.0, refused: Sequence[Refusal] = ()
) -> Gallery:
    """A gallery with this many images of each person; ``p3/1`` is an image of ``p3``. The more
    ``alike``, the more people resemble each other.
    """
    rng = np.random.default_rng(seed)
    persons, owners = len(images), np.repeat(np.arange(len(images)), images)
    common = np.zeros(DIMENSION)
    common[0] = 2.0 * alike
    centres = rng.normal(size=(persons, DIMENSION)) + common * rng.gamma(2, 0.5, (persons, 1))
    noise = rng.gamma(4, 0.15, (persons, 1))[owners] * rng.normal(size=(len(owners), DIMENSION))
    return of_people(_unit(centres[owners] + noise), owners.tolist(), refused=refused)


def of_people(
    vectors: Vectors, owners: Sequence[int], *, refused: Sequence[Refusal] = ()
) -> Gallery:
    """A gallery of these images, each of the person with that number."""
    people = [f"p{i}" for i in range(max(owners, default=-1) + 1)]
    place = [owners[:row].count(owner) for row, owner in enumerate(owners)]
    names = [f"p{owner}/{at}" for owner, at in zip(owners, place, strict=True)]
    return Gallery(vectors, np.array(owners, np.int64), names, people, people, refused)


def rates_of(of: Gallery) -> GalleryRates:
    size = GallerySize(len(of.fused.owners), int(of.fused.templates.sum()))
    return GalleryRates(calibration(), of.cohort, size)


def trials(of: Gallery) -> Trials:
    """The trials, scored as Kith scores them."""
    return leave_one_out(of, rates_of(of), lambda _: None)[0]


def plain(of: Gallery) -> Trials:
    """By similarity."""
    return leave_one_out(of, rates_of(of), lambda _: None)[1]


def made(
    own: Sequence[float],
    best: Sequence[float],
    *,
    owner: Sequence[int] | None = None,
    lookalike: Sequence[int] | None = None,
    second: Sequence[float] | None = None,
) -> Trials:
    """Trials with these similarities; where not given, each probe is of another person, and like
    person 0.
    """
    n = len(own)
    others = [best] if second is None else [best, second]
    return Nearest(
        np.array(range(n) if owner is None else owner),
        n if owner is None else max(owner) + 1,
        np.array(own, float),
        np.array(others, float).T,
        np.array([0] * n if lookalike is None else lookalike),
    ).plain


@cache
def calibration() -> Calibration:
    """The calibration by four hundred more such people."""
    others = gallery([2] * 400, seed=1_000)
    labels = np.array([f"{owner:03}" for owner in others.owners.tolist()])
    return fit(others.vectors, labels, contract_id="none", data="numbers", margin=MARGIN)


def _unit(rows: NDArray[np.float64]) -> Vectors:
    vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return vectors
