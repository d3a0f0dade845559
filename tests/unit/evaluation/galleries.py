"""Galleries of people made of numbers, each with a resemblance to all and a noise of their own."""

from collections.abc import Sequence

import numpy as np

from app.decision.calibration import Calibration
from app.decision.moments import Moments
from app.decision.shape import ScoreShape
from app.evaluation.gallery import Gallery, Refusal
from app.evaluation.trials import Trials, leave_one_out

DIMENSION = 16


def gallery(images: Sequence[int], *, seed: int = 0, refused: Sequence[Refusal] = ()) -> Gallery:
    """A gallery with so many images of each person; ``p3/1`` is an image of ``p3``."""
    rng = np.random.default_rng(seed)
    persons, owners = len(images), np.repeat(np.arange(len(images)), images)
    common = np.zeros(DIMENSION)
    common[0] = 3.0
    centres = rng.normal(size=(persons, DIMENSION)) + common * rng.gamma(2, 0.5, (persons, 1))
    noise = rng.gamma(4, 0.2, (persons, 1))[owners] * rng.normal(size=(len(owners), DIMENSION))
    rows = centres[owners] + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = [f"p{i}" for i in range(persons)]
    names = [f"p{owner}/{i}" for i, owner in enumerate(owners.tolist())]
    return Gallery(rows.astype(np.float32), owners, names, people, people, refused)


def trials(of: Gallery) -> Trials:
    return leave_one_out(of, lambda _: None)


def made(
    own: Sequence[float],
    best: Sequence[float],
    *,
    owner: Sequence[int] | None = None,
    lookalike: Sequence[int] | None = None,
    second: Sequence[float] | None = None,
) -> Trials:
    """Trials as given; each probe of somebody else, and like person 0, where not told."""
    n = len(own)
    return Trials(
        np.array(range(n) if owner is None else owner),
        np.array(own, float),
        np.array(best, float),
        np.array([-1.0] * n if second is None else second, float),
        np.array([0] * n if lookalike is None else lookalike),
        n if owner is None else max(owner) + 1,
    )


def calibration() -> Calibration:
    """Impostors of mean 0.2 and deviation 0.25, one in a million of them at 0.95."""
    deviations = np.linspace(-4, 4, 17)
    log_fmr = np.interp(deviations, [-4, 0, 3, 4], np.log([1.0, 0.5, 1e-6, 1e-8]))
    shape = ScoreShape(deviations, log_fmr, np.full(17, 0.2), 1e-4)
    return Calibration(Moments(0.2, 0.25, 0.8), shape, 0.02, {"data": "numbers"})
