"""1:N identification, closed and open set, as NIST FRTE 1:N reports it.

A gallery holds one template (centroid) of each of N persons. A *mated* probe shows one of them, a
*non-mated* probe somebody else. FPIR(t) is the share of non-mated probes whose best similarity
reaches t; FNIR(t) the share of mated probes whose own person is not first or stays below t;
DIR = 1 - FNIR. All of it is at a stated N: the same threshold means another FPIR at another N.
Centroids and intervals are the service's own: ``app.decision.fusion`` and, counting people and not
photos, ``app.evaluation.rates`` (docs/decisions/0006).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import ROUNDING, fuse_persons
from app.evaluation.rates import Rate, share
from training.datasets.base import Labels
from training.errors import TrainingError

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Protocol:
    """Rows of a data set by their part: gallery rows with persons, mated and non-mated probes."""

    gallery: Labels
    mated: Labels
    strangers: Labels


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Scores of a protocol run.

    ``mated`` (m,) is each mated probe's similarity to its own person ``owner`` (m,); ``rank`` (m,)
    that person's place, 1 = first. ``strangers`` (s,) is each non-mated probe's best similarity, to
    the person ``lookalike`` (s,); ``stranger`` (s,) is the person it shows. ``size`` is N. Persons
    are numbered from 0, the same number for the same person in all three.
    """

    mated: NDArray[np.float32]
    rank: NDArray[np.int64]
    owner: Labels
    strangers: NDArray[np.float32]
    stranger: Labels
    lookalike: Labels
    size: int

    @property
    def rank1(self) -> float:
        """Closed-set identification rate."""
        return float((self.rank == 1).mean())

    def threshold(self, fpir: float) -> float:
        """The lowest similarity at which at most ``fpir`` of the strangers are named."""
        ordered = np.sort(self.strangers)[::-1]
        allowed = int(np.floor(fpir * len(ordered) + 1e-9))
        if allowed >= len(ordered):
            return -1.0
        return float(np.nextafter(ordered[allowed], np.float32(2)))

    def dir_at(self, fpir: float) -> float:
        """Detection and identification rate at ``fpir``: first *and* above the threshold."""
        return float(self.hits(fpir).mean())

    def hits(self, fpir: float) -> NDArray[np.bool_]:
        """Which mated probes (m,) are identified at the threshold of ``fpir``."""
        first: NDArray[np.bool_] = self.rank == 1
        return first & (self.mated >= self.threshold(fpir))

    def dir_rate(self, fpir: float) -> Rate:
        """DIR at the threshold of ``fpir`` with its 95 % interval; the persons are the units."""
        return share(self.hits(fpir), self.owner)

    def fpir_rate(self, fpir: float) -> Rate:
        """FPIR at the threshold of ``fpir`` with its 95 % interval: the rates at which other
        strangers may be named, as far as these show.
        """
        return share(self.strangers >= self.threshold(fpir), self.stranger, self.lookalike)

    def fnir_at(self, fpir: float) -> float:
        """False negative identification rate at ``fpir``."""
        return 1 - self.dir_at(fpir)

    def det(self, points: int = 200) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(FPIR, FNIR) over the range of thresholds, FPIR from 1/s to 1."""
        rates = np.geomspace(1 / len(self.strangers), 1, points)
        return rates, np.array([self.fnir_at(float(r)) for r in rates])

    def cmc(self, ranks: int = 20) -> NDArray[np.float64]:
        """Share of mated probes whose person is within the first k, k = 1..ranks."""
        return np.array([(self.rank <= k).mean() for k in range(1, ranks + 1)])


def make_protocol(labels: Labels, *, enrol: int, persons: int, seed: int) -> Protocol:
    """Enrol ``persons`` identities with up to ``enrol`` images; all others are strangers.

    An identity that is enrolled keeps at least one image as probe, so it needs two. Identities
    left over are strangers with all their images; where every identity could be enrolled, a third
    of them is kept out, because an open set without strangers measures nothing.
    """
    rng = np.random.default_rng(seed)
    found, counts = np.unique(labels, return_counts=True)
    able = rng.permutation(found[counts >= 2])
    chosen = able[: max(1, min(persons, len(able), round(len(found) * 2 / 3)))]
    if not len(able) or len(chosen) == len(found):
        raise TrainingError(
            "An open-set measurement needs an unseen identity with two images and another one; "
            f"there are {len(found)} identities, {len(able)} of them with two images."
        )
    gallery, mated = [], []
    for identity in chosen:
        rows = rng.permutation(np.flatnonzero(labels == identity))
        take = min(enrol, len(rows) - 1)
        gallery.append(rows[:take])
        mated.append(rows[take:])
    strangers = np.flatnonzero(~np.isin(labels, chosen))
    return Protocol(np.concatenate(gallery), np.concatenate(mated), strangers)


def unit_rows(z: Rows) -> Rows:
    """Rows (n, d) of length one."""
    rows: Rows = (z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)).astype(
        np.float32
    )
    return rows


def identify(gallery: Rows, probes: Rows, labels: Labels, protocol: Protocol) -> OpenSet:
    """Run ``protocol``: embeddings (n, d) of the images as enrolled and as probed (may differ)."""
    enrolled = fuse_persons(unit_rows(gallery[protocol.gallery]), labels[protocol.gallery])
    templates, persons = enrolled.vectors, enrolled.owners
    scores = unit_rows(probes[protocol.mated]) @ templates.T
    own = np.searchsorted(persons, labels[protocol.mated])
    mine = scores[np.arange(len(own)), own]
    others = unit_rows(probes[protocol.strangers]) @ templates.T
    return OpenSet(
        mated=mine,
        # Ties count against the system: an impostor as close as oneself is placed first.
        rank=(scores >= mine[:, None] - ROUNDING).sum(axis=1),
        owner=labels[protocol.mated],
        strangers=others.max(axis=1),
        stranger=labels[protocol.strangers],
        lookalike=persons[others.argmax(axis=1)],
        size=len(persons),
    )
