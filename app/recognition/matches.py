"""Persons near a probe and the decision among them, wherever the persons were read."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from app.core.clock import microseconds
from app.decision.fusion import ROUNDING
from app.decision.open_set import Outcome, decide
from app.decision.rates import MOST_MASKED, ProbeRates, Standing
from app.errors import Conflict
from app.gallery.models import Collection
from app.index.base import Vectors
from app.replication.reader import Found, GalleryReader, GalleryState, cohort_near

FEWEST: Final = MOST_MASKED
"""People looked at for each probe, however few are asked for: ambiguity depends on the second, and
names of one person hide behind each other. Those among them who are not valid now are listed for an
unknown face."""


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A person's internal key, and the data that an answer shows."""

    key: int
    id: str
    external_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """A person near a probe.

    ``similarity`` is the cosine with the person's fused templates; ``face_id`` is the nearest
    template, None where templates are not at hand. ``reported_not_them``: the probe is at least as
    close to an embedding that was reported not to be this person. ``fused`` (d,) is one vector of
    their templates. ``counts``: the person is in the gallery's cohort.
    """

    person: PersonSummary
    similarity: float
    face_id: int | None
    reported_not_them: bool
    fused: Vectors
    counts: bool = True


@dataclass(frozen=True, slots=True)
class NotValid:
    """A person near a probe who may not be named now.

    ``valid`` is the window in which they may be, in microseconds since 1970, its end excluded;
    ``fused`` as in ``Match``.
    """

    person: PersonSummary
    similarity: float
    valid: tuple[int, int]
    fused: Vectors


@dataclass(frozen=True, slots=True)
class Near:
    """The persons near one probe, nearest first; ``not_valid`` are those outside of their validity
    among the nearest few, without those reported not to be them. ``counted`` are the similarities
    of the few nearest people of the cohort.
    """

    matches: list[Match]
    not_valid: list[NotValid]
    counted: list[float]


@dataclass(frozen=True, slots=True)
class Matches:
    """For each probe the persons near it, and the gallery that was searched; ``stale`` where that
    is the gallery as this process last knew it.
    """

    collection: Collection
    gallery: GalleryState
    by_probe: list[Near]
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The decision for one probe, the winner if any, and how many candidates to return so that an
    ambiguous pair is shown in full.
    """

    outcome: Outcome
    winner: Match | None
    shown: int


def judge(
    matches: Sequence[Match],
    threshold: float,
    *,
    margin: float,
    least: float = -1.0,
    passed_over: Container[int] = (),
) -> Judgement:
    """Decide on ``matches``, best first; a match that was reported not to be them cannot win, nor
    can those of the rows ``passed_over``.

    ``least`` is as in ``decide``.
    """
    possible = [
        row
        for row, match in enumerate(matches)
        if not match.reported_not_them and row not in passed_over
    ]
    similarities = [matches[row].similarity for row in possible]
    decision = decide(similarities, threshold, margin=margin, least=least)
    winner = None if decision.winner is None else matches[possible[decision.winner]]
    ambiguous = decision.outcome is Outcome.AMBIGUOUS
    return Judgement(decision.outcome, winner, possible[1] + 1 if ambiguous else 1)


def standing_of(matches: Sequence[Match | NotValid], rates: ProbeRates) -> Standing:
    """The similarities of ``matches`` as they stand out by the ``rates`` of the probe."""
    similarities = [match.similarity for match in matches]
    return rates.standing(similarities, [match.fused for match in matches])


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person as read for a search: their ``fused`` templates (d,), and the ``templates`` (k, d)
    themselves with their ids where they are at hand; ``others`` and ``valid`` as in
    ``ClaimedPerson``.
    """

    person: PersonSummary
    fused: Vectors
    others: Vectors | None
    valid: tuple[int, int]
    templates: Vectors | None = None
    face_ids: Sequence[int] = ()

    def match(self, probe: Vectors) -> Match:
        """The person as a match of ``probe`` (d,)."""
        similarity = float(self.fused @ probe)
        nearest = None
        if self.templates is not None:
            nearest = self.face_ids[int(np.argmax(self.templates @ probe))]
        reported = is_other(probe, similarity, self.others)
        return Match(self.person, similarity, nearest, reported, self.fused)

    def is_valid(self, instant: int) -> bool:
        """Whether the person may be named at ``instant``, in microseconds since 1970."""
        return self.valid[0] <= instant < self.valid[1]


def no_faces(person_id: str) -> Conflict:
    """The error of a comparison with a person without templates."""
    return Conflict(f"The person {person_id!r} has no faces to compare with; add some.")


Confirm = Callable[[list[int], int], tuple[Collection, Mapping[int, Enrolled]]]
"""Reads those of the keys that an index at a revision proposes who are enrolled, valid now or not,
and the collection: in SQL, or in what this process last knew. ``Outdated`` where the source was
made of a collection that has changed.
"""


class Outdated(Exception):
    """A search began with a cached collection that has changed since."""


@dataclass(frozen=True, slots=True)
class Source:
    """One collection's index, ``confirm`` for the people that it proposes, and the time.

    Every change counts that was answered before the request: ``collection`` was read after it
    began, or ``confirm`` holds it against what it reads.
    """

    collection: Collection
    reader: GalleryReader
    confirm: Confirm
    now: datetime

    def state(self) -> GalleryState:
        """The gallery as it is now."""
        return self.reader.state(revision=self.collection.revision, now=self.now)

    def near(self, probes: Vectors, *, but: int | None = None) -> Found:
        """From the index: the few people of the cohort nearest to each of ``probes`` (b, d),
        without the person ``but``, and the nearest of all people.
        """
        revision = self.collection.revision
        return cohort_near(self.reader, probes, FEWEST, revision=revision, now=self.now, but=but)


@dataclass(frozen=True, slots=True)
class ClaimedPerson:
    """A person with whom a probe is compared.

    ``source`` finds the people near a probe, in the ``gallery`` or in a later one; ``fused`` (d,)
    is one vector of their templates; ``valid`` as in ``NotValid``; ``others`` (k, d) are probes
    that were reported not to be this person. ``stale`` as in ``Matches``.
    """

    source: Source
    person: PersonSummary
    gallery: GalleryState
    fused: Vectors
    valid: tuple[int, int]
    others: Vectors | None
    stale: bool = False

    @property
    def collection(self) -> Collection:
        """The collection as it was read."""
        return self.source.collection


def seek(source: Source, probes: Vectors, count: int) -> Matches:
    """The ``count`` persons nearest to each of ``probes`` (b, d) who may be named for it, and those
    nearer who were reported not to be the person.
    """
    wanted = count
    while True:
        found = source.reader.search(
            probes, wanted, revision=source.collection.revision, now=source.now
        )
        keys = found.neighbours.keys
        collection, people = source.confirm(np.unique(keys).tolist(), found.gallery.revision)
        by_probe = [
            _near(people, row.tolist(), probe, source.now, found.gallery)
            for row, probe in zip(keys, probes, strict=True)
        ]
        enough = [_until(each, count) for each in by_probe]
        if found.has_all or keys.shape[1] < wanted or None not in enough:
            nearest = [
                each if short is None else replace(each, matches=short)
                for short, each in zip(enough, by_probe, strict=True)
            ]
            return Matches(collection, found.gallery, nearest)
        wanted *= 4  # some of the nearest may not be named now: look further


def _near(
    people: Mapping[int, Enrolled],
    keys: list[int],
    probe: Vectors,
    now: datetime,
    gallery: GalleryState,
) -> Near:
    """The people of ``keys``, which are in the order of the index, split by validity."""
    instant = microseconds(now)
    there = [(people[key], place) for place, key in enumerate(keys) if key in people]
    valid = [
        replace(each.match(probe), counts=gallery.counts(each.person.key))
        for each, _ in there
        if each.is_valid(instant)
    ]
    others = [
        NotValid(match.person, match.similarity, each.valid, each.fused)
        for each, place in there
        if place < FEWEST and not each.is_valid(instant)
        for match in [each.match(probe)]
        if not match.reported_not_them
    ]
    valid.sort(key=lambda match: match.similarity, reverse=True)
    others.sort(key=lambda each: each.similarity, reverse=True)
    return Near(valid, others, [each.similarity for each in valid if each.counts])


def _until(near: Near, count: int) -> list[Match] | None:
    """Up to the ``count``-th match that may be named; None where there are fewer, or few people of
    the cohort.
    """
    possible = [row for row, match in enumerate(near.matches) if not match.reported_not_them]
    if len(possible) < count or len(near.counted) < FEWEST:
        return None
    return near.matches[: possible[count - 1] + 1]


def is_other(probe: Vectors, similarity: float, others: Vectors | None) -> bool:
    """Whether a probe is at least as close to one of ``others`` (k, d), embeddings reported not to
    be a person, as to that person. A tie counts: both may be of one picture.
    """
    return others is not None and float((others @ probe).max()) >= similarity - ROUNDING
