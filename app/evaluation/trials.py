"""Leave one out: every image is a probe twice, once of somebody enrolled, once of a stranger.

*Mated*: all people are enrolled with all their images but the probe itself. *Non-mated*: all people
are enrolled but the probe's own person. So every image and every person is used, and nobody is
compared with themselves. One matrix product serves both, because the probe's own person is the only
one whose centroid differs, and a centroid without one of its images has a closed form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import ROUNDING, fuse
from app.evaluation.gallery import Gallery, Keys, Vectors

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SCORES: Final = 1 << 24  # similarities held at once
_CANCELLED: Final = 1e-4  # so short a sum is no direction in float64 of float32 templates


@dataclass(frozen=True, slots=True)
class Trials:
    """The scores of n probes; similarities are cosines, higher is closer.

    ``own`` (n,) with its own person, enrolled without it: minus infinity where nothing is left to
    enrol. ``best`` and ``second`` (n,) with the two nearest other people, ``lookalike`` (n,) is the
    nearest. ``owner`` (n,) is the probe's person; people are numbered 0 to ``persons`` - 1.
    """

    owner: Keys
    own: Floats
    best: Floats
    second: Floats
    lookalike: Keys
    persons: int

    @property
    def mated(self) -> Flags:
        """The probes of people who are enrolled without them."""
        return np.isfinite(self.own)

    @property
    def first(self) -> Flags:
        """(n,) whether the probe's own person is first; a tie within rounding counts as a miss."""
        return self.own > self.best + ROUNDING


def leave_one_out(gallery: Gallery, done: Callable[[int], None]) -> Trials:
    """Score every image of ``gallery``; ``done`` gets the number of further probes scored.

    The people of the trials are those with a template: positions in ``gallery.fused``.
    """
    fused = gallery.fused
    owner = np.searchsorted(fused.owners, gallery.owners)
    n = len(owner)
    best, second, lookalike = np.empty(n), np.empty(n), np.empty(n, np.int64)
    step = max(1, _SCORES // len(fused.owners))
    for start in range(0, n, step):
        part = slice(start, start + step)
        scores = gallery.vectors[part] @ fused.vectors.T
        row = np.arange(len(scores))
        scores[row, owner[part]] = -np.inf
        nearest = scores.argmax(axis=1)
        lookalike[part], best[part] = nearest, scores[row, nearest]
        scores[row, nearest] = -np.inf
        second[part] = scores.max(axis=1)
        done(len(row))
    own = _without_itself(gallery.vectors, owner)
    return Trials(owner, own, best, second, lookalike, len(fused.owners))


def _without_itself(vectors: Vectors, owner: Keys) -> Floats:
    """For each x the cosine with S - x, S being the sum of its person's templates."""
    rows = vectors.astype(np.float64)
    sums = np.zeros((int(owner.max()) + 1, rows.shape[1]))
    np.add.at(sums, owner, rows)
    whole = np.einsum("md,md->m", sums, sums)[owner]
    along = np.einsum("nd,nd->n", rows, sums[owner])
    itself = np.einsum("nd,nd->n", rows, rows)
    length = np.sqrt(np.maximum(whole - 2 * along + itself, 0))
    own: Floats = (along - itself) / np.maximum(length, _CANCELLED)
    alone = (np.bincount(owner) == 1)[owner]
    for probe in np.flatnonzero((length < _CANCELLED) & ~alone):
        others = np.flatnonzero(owner == owner[probe])
        own[probe] = vectors[probe] @ fuse(vectors[others[others != probe]])
    own[alone] = -np.inf
    return own
