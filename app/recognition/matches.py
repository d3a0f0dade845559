"""Persons near a probe, and what is said of it: the same wherever they were read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from app.decision.fusion import ROUNDING
from app.decision.open_set import Outcome, decide
from app.errors import Conflict
from app.gallery.cards import Named
from app.gallery.models import Collection
from app.index.base import Vectors
from app.replication.reader import GalleryReader, GalleryState


@dataclass(frozen=True, slots=True)
class Match:
    """A person near a probe: the cosine with the fused templates, the nearest template where those
    are at hand, and whether the probe is still nearer to somebody of whom it was reported that they
    are not this person.
    """

    person: Named
    similarity: float
    face_id: int | None
    reported_not_them: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """For each probe its nearest persons, best first, and the gallery that they were sought in;
    ``stale`` where that is what this process last knew.
    """

    collection: Collection
    gallery: GalleryState
    by_probe: list[list[Match]]
    stale: bool = False


@dataclass(frozen=True, slots=True)
class NotValid:
    """A person who may not be named now: ``valid`` is from when until when they may be, in
    microseconds since 1970, the end excluded.
    """

    person: Named
    valid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """Somebody whom a probe is held against: their ``templates`` fused to one vector (d,), from
    when until when they are ``valid`` in microseconds since 1970, and the probes ``others`` (k, d)
    of which it was reported that they are not them. ``stale`` as of ``Matches``.
    """

    collection: Collection
    person: Named
    gallery: GalleryState
    fused: Vectors
    templates: int
    valid: tuple[int, int]
    others: Vectors | None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of a probe, who is named, and how many of its matches one must see to see why:
    two who are ambiguous are both shown, whoever is not named in between.
    """

    outcome: Outcome
    winner: Match | None
    shown: int


def judge(matches: Sequence[Match], threshold: float, *, margin: float) -> Judgement:
    """Decide on ``matches``, best first; who was reported not to be the person is not named."""
    possible = [row for row, match in enumerate(matches) if not match.reported_not_them]
    decision = decide([matches[row].similarity for row in possible], threshold, margin=margin)
    winner = None if decision.winner is None else matches[possible[decision.winner]]
    ambiguous = decision.outcome is Outcome.AMBIGUOUS
    return Judgement(decision.outcome, winner, possible[1] + 1 if ambiguous else 1)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person near a probe, ``valid`` as of ``NotValid``; ``templates`` (k, d) and their ids where
    they are at hand.
    """

    person: Named
    fused: Vectors
    others: Vectors | None
    valid: tuple[int, int]
    templates: Vectors | None = None
    face_ids: Sequence[int] = ()

    def match(self, probe: Vectors) -> Match:
        """How near ``probe`` (d,) is."""
        similarity = float(self.fused @ probe)
        nearest = None
        if self.templates is not None:
            nearest = self.face_ids[int(np.argmax(self.templates @ probe))]
        return Match(self.person, similarity, nearest, is_other(probe, similarity, self.others))


def no_faces(person_id: str) -> Conflict:
    """What is said where somebody is to be compared who has no templates."""
    return Conflict(f"The person {person_id!r} has no faces to compare with; add some.")


Confirm = Callable[[list[int]], Mapping[int, Enrolled]]
"""Those of the keys that an index proposes whom a search is for: in ``seek`` those who may be named
now, in ``seek_not_valid`` those who are enrolled and may not."""

_SHOWN_NOT_VALID: Final = 5


def seek(
    replica: GalleryReader,
    collection: Collection,
    probes: Vectors,
    count: int,
    *,
    now: datetime,
    confirm: Confirm,
) -> Matches:
    """The ``count`` persons nearest to each of ``probes`` (b, d) who may be named for it, and
    whoever is nearer and may not.
    """
    wanted = count
    while True:
        found = replica.search(probes, wanted, revision=collection.revision, now=now)
        keys = found.neighbours.keys
        enrolled = confirm(np.unique(keys).tolist()) if keys.size else {}
        by_probe = [
            _best_first(enrolled, row.tolist(), probe)
            for row, probe in zip(keys, probes, strict=True)
        ]
        enough = [_until(each, count) for each in by_probe]
        if keys.shape[1] < wanted or None not in enough:
            nearest = [short or each for short, each in zip(enough, by_probe, strict=True)]
            return Matches(collection, found.gallery, nearest)
        wanted *= 4  # some of the nearest may not be named now: look further


def seek_not_valid(
    replica: GalleryReader,
    collection: Collection,
    probes: Vectors,
    least: float,
    *,
    now: datetime,
    confirm: Confirm,
) -> list[list[NotValid]]:
    """Who reaches ``least`` for each of ``probes`` (b, d) and is not valid now, nearest first.

    For probes that nobody valid reaches: only the nearest few are looked at, and somebody valid
    would stand in their place.
    """
    found = replica.search(probes, _SHOWN_NOT_VALID, revision=collection.revision, now=now)
    keys = found.neighbours.keys
    enrolled = confirm(np.unique(keys).tolist()) if keys.size else {}
    return [
        _reaching(enrolled, row.tolist(), probe, least)
        for row, probe in zip(keys, probes, strict=True)
    ]


def _reaching(
    enrolled: Mapping[int, Enrolled], keys: list[int], probe: Vectors, least: float
) -> list[NotValid]:
    near = [(enrolled[key].match(probe), enrolled[key].valid) for key in keys if key in enrolled]
    near.sort(key=lambda each: each[0].similarity, reverse=True)
    return [
        NotValid(match.person, valid)
        for match, valid in near
        if match.similarity >= least and not match.reported_not_them
    ]


def _until(matches: list[Match], count: int) -> list[Match] | None:
    """Up to the ``count``-th who may be named; None where there are not so many."""
    possible = [row for row, match in enumerate(matches) if not match.reported_not_them]
    return None if len(possible) < count else matches[: possible[count - 1] + 1]


def _best_first(enrolled: Mapping[int, Enrolled], keys: list[int], probe: Vectors) -> list[Match]:
    matches = [enrolled[key].match(probe) for key in keys if key in enrolled]
    return sorted(matches, key=lambda match: match.similarity, reverse=True)


def is_other(probe: Vectors, similarity: float, others: Vectors | None) -> bool:
    """Whether a probe, so near to a person, is as near to one of the ``others`` (k, d) who were
    reported not to be that person. A tie is: both may be of one picture.
    """
    return others is not None and float((others @ probe).max()) >= similarity - ROUNDING
