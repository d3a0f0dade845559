"""Leave one out: every image is a probe twice, once of somebody enrolled, once of a stranger.

*Mated*: all people are enrolled with all their images but the probe itself, or with as many as the
gallery says. *Non-mated*: all people are enrolled but the probe's own person. So every image and
every person is used, and nobody is compared with themselves. One matrix product serves both,
because the probe's own person is the only one whose centroid differs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import ROUNDING, fuse
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import MOST_MASKED, reached
from app.decision.recognisability import SpoiltStrangers
from app.decision.standardise import Norms
from app.evaluation.gallery import Draw, Flags, Gallery, Keys, Vectors

Floats = NDArray[np.float64]

_SCORES: Final = 1 << 24  # similarities held at once
_ROWS: Final = 4096  # probes in float64 at once
_MOST_Z: Final = 35.0  # of spoilt strangers: beyond any tail, and its exponential is finite
_CANCELLED: Final = 1e-4  # so short a sum is no direction in float64 of float32 templates


@dataclass(frozen=True, slots=True)
class Search:
    """The results of n probes, each searched among the same people.

    The nearest person is named at every threshold up to ``reach`` (n,), and the next one reaches it
    up to ``second`` (n,): minus infinity where there is none. ``apart`` (n,) is the difference of
    their similarities.
    """

    reach: Floats
    second: Floats
    apart: Floats


@dataclass(frozen=True, slots=True)
class Trials:
    """The scores of n probes, higher is closer: similarities, or standardised scores, given as the
    similarities that a typical probe has there. The latter are no cosines: those of a probe that
    few people resemble may be above 1.

    ``owner`` (n,) is the probe's person; people are numbered 0 to ``persons`` - 1. ``enrolled`` is
    the search among all, the own person enrolled without the probe, and ``own`` (n,) the score of
    that person: both minus infinity where nothing is left to enrol. ``first`` (n,) says whether the
    own person is the nearest; a tie within rounding counts as a miss. ``stranger`` is the search
    among all others, of whom ``lookalike`` (n,) is the nearest.
    """

    owner: Keys
    persons: int
    own: Floats
    first: Flags
    enrolled: Search
    stranger: Search
    lookalike: Keys

    @property
    def mated(self) -> Flags:
        """The probes of people who are enrolled without them."""
        return np.isfinite(self.own)

    @property
    def best(self) -> Floats:
        """(n,) the score of the stranger's nearest person."""
        return self.stranger.reach


@dataclass(frozen=True, slots=True)
class Nearest:
    """The similarity of n probes of ``owner`` (n,) to their ``own`` person (n,), minus infinity
    where nothing is left to enrol, and to the nearest ``others`` (n, k), best first, of all
    ``persons``; ``lookalike`` (n,) is the first of them. ``spoilt`` gives the scores (n, 1 + k) of
    all these among spoilt strangers for their standardised scores (n, 1 + k), the own person's
    first; None where the bundle has not learned any.
    """

    owner: Keys
    persons: int
    own: Floats
    others: Floats
    lookalike: Keys
    spoilt: Callable[[Floats], Floats] | None = None

    @property
    def everybody(self) -> Floats:
        """(n, k + 1) the own person among the others, best first."""
        return np.sort(np.column_stack([self.own, self.others]), axis=1)[:, ::-1]

    def _standing(self, everybody: Floats, others: Floats) -> tuple[Floats, Floats]:
        """The standardised scores of ``everybody`` (n, k + 1) and ``others`` (n, k), no higher than
        those among spoilt strangers.
        """
        if self.spoilt is None:
            return everybody, others
        order = np.argsort(-np.column_stack([self.own, self.others]), axis=1, kind="stable")
        by_place = np.empty_like(everybody)
        np.put_along_axis(by_place, order, everybody, axis=1)
        most = np.take_along_axis(self.spoilt(by_place), order, axis=1)
        most_others = self.spoilt(np.column_stack([by_place[:, 0], others]))[:, 1:]
        return np.minimum(everybody, most), np.minimum(others, most_others)

    @property
    def plain(self) -> Trials:
        """The trials where every probe has the same threshold."""
        return self.scored(self.everybody, self.others)

    def standardised(self, norms: Norms, rates: GalleryRates) -> Trials:
        """The trials as Kith decides, by ``rates``. ``norms`` are those of strangers, whose cohort
        is everybody else; the probe's own person, enrolled without it, joins that cohort.
        """
        mated = np.isfinite(self.own)
        z = np.zeros((len(self.own), self.others.shape[1] + 1))
        joined = norms.rows(mated).joined(self.own[mated])
        z[mated] = reached(joined, self.everybody[mated])
        z, others = self._standing(z, reached(norms, self.others))
        everybody = _scores(z, rates)
        everybody[~mated] = -np.inf
        return self.scored(everybody, _scores(others, rates))

    def scored(self, everybody: Floats, others: Floats) -> Trials:
        """The trials with the scores (n, k + 1) of ``everybody`` and those (n, k) of ``others``,
        in the order of their similarities.
        """
        mated = np.isfinite(self.own)
        rank = (self.others >= self.own[:, None]).sum(axis=1)
        own = np.take_along_axis(everybody, rank[:, None], axis=1)[:, 0]
        return Trials(
            self.owner,
            self.persons,
            np.where(mated, own, -np.inf),
            self.own > self.others[:, 0] + ROUNDING,
            _search(self.everybody, np.where(mated[:, None], everybody, -np.inf)),
            _search(self.others, others),
            self.lookalike,
        )


def leave_one_out(
    gallery: Gallery, rates: GalleryRates, done: Callable[[int], None]
) -> tuple[Trials, Trials]:
    """Score every image of ``gallery``, whose rates are ``rates``: standardised, as Kith does, and
    by plain similarities. ``done`` gets the number of further probes scored.

    The people of the trials are those with a template: positions in ``gallery.fused``.
    """
    fused = gallery.fused
    owner = np.searchsorted(fused.owners, gallery.owners)
    n, persons = len(owner), len(fused.owners)
    others = np.empty((n, min(MOST_MASKED, persons - 1)))
    near, norms = np.empty(others.shape, np.int64), list[Norms]()
    step = max(1, min(_ROWS, _SCORES // persons))
    for start in range(0, n, step):
        part = slice(start, start + step)
        scores = gallery.vectors[part] @ fused.vectors.T
        row = np.arange(len(scores))
        itself = scores[row, owner[part]].astype(np.float64)
        norms.append(rates.norms(gallery.vectors[part], without=itself))
        scores[row, owner[part]] = -np.inf
        for rank in range(others.shape[1]):
            near[part, rank] = nearest = scores.argmax(axis=1)
            others[part, rank] = scores[row, nearest]
            scores[row, nearest] = -np.inf
        done(len(row))
    draw = gallery.draw
    left = _left(gallery.vectors, owner, draw)
    own = np.einsum("nd,nd->n", left, gallery.vectors, dtype=np.float64)
    own[~draw.mated] = -np.inf
    strangers, spoilt = rates.spoilt, None
    if strangers is not None:
        spoilt = partial(_spoilt, strangers, left, fused.vectors, near)
    found = Nearest(owner, persons, own, others, near[:, 0], spoilt)
    return found.standardised(Norms.joint(norms), rates), found.plain


def _scores(z: Floats, rates: GalleryRates) -> Floats:
    """Standardised scores ``z`` (n, k) on the scale of a typical probe."""
    return rates.typical.norm.similarity(np.clip(z, -_MOST_Z, _MOST_Z).ravel()).reshape(z.shape)


def _spoilt(
    strangers: SpoiltStrangers, left: Vectors, people: Vectors, near: Keys, z: Floats
) -> Floats:
    """``Nearest.spoilt``, where ``left`` (n, d) are the own persons and ``near`` (n, k) the rows of
    the nearest others among ``people``.
    """
    found = np.empty_like(z)
    for start in range(0, len(z), _ROWS):
        part = slice(start, start + _ROWS)
        found[part, 0] = strangers.z(left[part], z[part, 0])
        for rank in range(near.shape[1]):
            found[part, 1 + rank] = strangers.z(people[near[part, rank]], z[part, 1 + rank])
    return found


def _left(vectors: Vectors, owner: Keys, draw: Draw) -> Vectors:
    """Each probe's person (n, d) as they are enrolled without it."""
    sums = np.zeros((int(owner.max()) + 1, vectors.shape[1]))
    np.add.at(sums, owner[draw.enrolled], vectors[draw.enrolled])
    left = np.empty_like(vectors)
    for start in range(0, len(owner), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(owner)))
        part, out = sums[owner[rows]], draw.enrolled[rows]
        part[out] -= vectors[rows[out]]
        swapped = out & (draw.instead[rows] != rows)
        part[swapped] += vectors[draw.instead[rows[swapped]]]
        length = np.linalg.norm(part, axis=1)
        left[rows] = part / np.maximum(length, _CANCELLED)[:, None]
        for probe in rows[(length < _CANCELLED) & draw.mated[rows]].tolist():
            others = draw.enrolled & (owner == owner[probe])
            others[[probe, draw.instead[probe]]] = False, draw.instead[probe] != probe
            left[probe] = fuse(vectors[others])
    return left


def _search(similarities: Floats, scores: Floats) -> Search:
    """Those who are passed over give place to those behind them."""
    order = np.argsort(-scores, axis=1, kind="stable")
    similarities = np.take_along_axis(similarities, order, axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    if scores.shape[1] < 2:
        nobody = np.full(len(scores), -np.inf)
        return Search(scores[:, 0], nobody, -nobody)
    return Search(scores[:, 0], scores[:, 1], np.abs(similarities[:, 0] - similarities[:, 1]))
