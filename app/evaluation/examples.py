"""Which images were missed and which people look alike, by name, for somebody to go and look."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from app.evaluation.gallery import Gallery
from app.evaluation.rates import false_negatives
from app.evaluation.trials import Trials

LEAST_LOOKALIKES: Final = 10
"""At least this many of the likest pairs are listed, also if none reached the threshold."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A mated probe that is not identified: how near its own person was, and who came first. The
    similarities, here and below, are those that a typical probe would have, at most 1.
    """

    person: str
    image: str
    similarity: float
    why: Literal["below_threshold", "other_first"]
    first: str
    first_similarity: float


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Two people who resemble each other: the image of one that is nearest to the other.

    ``images`` of the two reach the threshold with the other. ``perhaps_one_person``: they are as
    alike as half of the images are to their own person, so it may be one person in two places.
    """

    person: str
    image: str
    looks_like: str
    similarity: float
    named: bool
    images: int
    perhaps_one_person: bool


def misses(trials: Trials, gallery: Gallery, threshold: float) -> list[Miss]:
    """The false negatives at ``threshold``, the least alike to their own person first."""
    names = _names(gallery)
    missed = np.flatnonzero(false_negatives(trials, threshold))
    found = []
    for probe in missed[np.argsort(trials.own[missed], kind="stable")].tolist():
        owner = names[trials.owner[probe]]
        other_first = not trials.first[probe]
        first = names[trials.lookalike[probe]] if other_first else owner
        found.append(
            Miss(
                person=owner,
                image=gallery.images[probe],
                similarity=_shown(trials.own[probe]),
                why="other_first" if other_first else "below_threshold",
                first=first,
                first_similarity=_shown(trials.enrolled.reach[probe]),
            )
        )
    return found


def lookalikes(trials: Trials, gallery: Gallery, threshold: float) -> list[Lookalike]:
    """The pairs of people of whom one reaches ``threshold`` as the other, likest first; at least
    the ten likest pairs, if there are ten.
    """
    names = _names(gallery)
    ordinary = float(np.median(trials.own[trials.mated]))
    pairs: dict[tuple[int, int], list[int]] = {}
    for probe in np.argsort(-trials.best, kind="stable").tolist():
        if trials.best[probe] < threshold and len(pairs) >= LEAST_LOOKALIKES:
            break
        one, other = int(trials.owner[probe]), int(trials.lookalike[probe])
        pairs.setdefault((min(one, other), max(one, other)), []).append(probe)
    return [
        Lookalike(
            person=names[trials.owner[probes[0]]],
            image=gallery.images[probes[0]],
            looks_like=names[trials.lookalike[probes[0]]],
            similarity=_shown(trials.best[probes[0]]),
            named=bool(trials.best[probes[0]] >= threshold),
            images=int((trials.best[probes] >= threshold).sum()),
            perhaps_one_person=bool(trials.best[probes[0]] >= ordinary),
        )
        for probes in pairs.values()
    ]


def _shown(score: float) -> float:
    """A score as a similarity: one that no typical probe has is 1."""
    return min(float(score), 1.0)


def _names(gallery: Gallery) -> list[str]:
    """The names of the people of the trials."""
    return [gallery.titles[owner] for owner in gallery.fused.owners.tolist()]
