"""Reports persons who could be confused, or are one person under two names."""

import time
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from app.core.db import Database
from app.core.paging import Page, Paging, page
from app.core.reports import Reports
from app.decision.calibration import Calibration
from app.decision.cohort import CohortSums
from app.decision.fusion import Fused
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import MOST_MASKED, GallerySize, comparison_rate
from app.decision.resemblance import Members
from app.gallery import repository
from app.gallery.models import Collection
from app.gallery.rates import reports_of
from app.gallery.report_schemas import LookalikePair, LookalikePerson
from app.gallery.views import rate_view, similarity_view
from app.index.pairs import near_pairs, nearest_of, nearest_other
from app.replication.reader import GalleryReaders

_MOST_PAIRS: Final = 10_000
_KEPT: Final = 8  # reports: at most 1 MB each
CHANGED_SHARE: Final = 0.01
"""Changes, of as many as there are persons, that a report may lack: one of 40,000 people takes 8
seconds of a core, and a site of that size changes all day."""
_OLD_SECONDS: Final = 600.0
"""Seconds for which a report may lack them."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two persons' keys, and their place in the report, counted from 1."""

    place: int
    one: int
    other: int
    similarity: float
    fmr: float
    kind: Literal["lookalike", "probable_duplicate"]


@dataclass(slots=True)
class _Report:
    """``pairs`` of the gallery as it was at ``revision`` and ``made_at``, with ``persons`` in it;
    what else they depend on is ``terms``.
    """

    terms: tuple[object, ...]
    revision: int
    made_at: float
    persons: int
    pairs: list[_Pair]

    def fits(self, owner: Collection, now: float) -> bool:
        """Whether the report is still valid: nothing changed, or little and not long ago."""
        if self.terms != _terms(owner):
            return False
        changes = owner.revision - self.revision
        little = 0 <= changes <= CHANGED_SHARE * self.persons
        return changes == 0 or (little and now - self.made_at < _OLD_SECONDS)


class Lookalikes:
    """Makes the report when it is asked for, and keeps it until the gallery has changed enough.
    Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        replicas: GalleryReaders,
        calibration: Calibration,
        *,
        contract_id: str,
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._calibration = calibration
        self._contract_id = contract_id
        self._reports: Reports[_Report] = Reports(_KEPT)

    def report(self, collection_id: str, paging: Paging) -> Page[LookalikePair]:
        """The pairs, nearest first, of everybody enrolled, valid now or not.

        ``NotReady`` while it is being made. Persons who were removed since are left out.
        """
        pairs, persons = self._page_of(collection_id, paging)
        return page(
            pairs,
            paging,
            key=lambda pair: pair.place,
            show=lambda pair: LookalikePair(
                persons=[persons[pair.one], persons[pair.other]],
                similarity=similarity_view(pair.similarity),
                fmr=rate_view(pair.fmr),
                kind=pair.kind,
            ),
        )

    def _page_of(
        self, collection_id: str, paging: Paging
    ) -> tuple[list[_Pair], dict[int, LookalikePerson]]:
        """One pair more than the page holds, and the persons of these pairs."""
        with self._database.read() as session:
            owner = repository.get_comparable(session, collection_id, self._contract_id)
        report = self._reports.get(
            owner.key,
            fits=lambda kept: kept.fits(owner, time.monotonic()),
            make=lambda: self._made(owner),
        )
        while True:
            later = [pair for pair in report.pairs if pair.place > paging.after]
            pairs = later[: paging.limit + 1]
            persons = self._persons(_keys(pairs))
            gone = _keys(pairs) - persons.keys()
            if not gone:
                return pairs, persons
            report.pairs = [pair for pair in report.pairs if not gone & _keys([pair])]

    def forget(self, collection_key: int) -> None:
        """Drop the report of a deleted collection."""
        self._reports.forget(collection_key)

    def _made(self, owner: Collection) -> _Report:
        made_at = time.monotonic()
        people = self._replicas.of(owner.key, owner.epoch).everybody(revision=owner.revision)
        pairs = self._found(owner, people)
        return _Report(_terms(owner), owner.revision, made_at, len(people.owners), pairs)

    def _found(self, owner: Collection, people: Fused) -> list[_Pair]:
        """The pairs in which one person would be named as the other if the one were not enrolled:
        their similarity is as rare among strangers as the collection's target demands. And those
        who are as alike as two names of one person, however many names are near them.
        """
        if len(people.owners) < 2:
            return []
        members = Members.of(self._rates(owner, people), people.vectors)
        rate = comparison_rate(owner.target_fpir, len(people.owners))
        one_name = self._calibration.same_person(people.templates, np.ones_like(people.templates))
        least = np.minimum(members.limits(rate), one_name)  # more templates make the bound higher
        rows = np.flatnonzero(nearest_other(people.vectors) >= least)
        some, templates = people.vectors[rows], people.templates[rows]
        nearest = nearest_of(some, people.vectors, MOST_MASKED + 1)[:, 1:]  # first is themselves
        judging = members.judging(rows, nearest, rate)
        limits = np.array([each.limit(rate) for each in judging], np.float64)
        near = near_pairs(some, np.minimum(limits, one_name[rows]), most=_MOST_PAIRS)
        rare = near.similarity >= np.maximum(limits[near.one], limits[near.other])
        duplicate = near.similarity >= self._calibration.same_person(
            templates[near.one], templates[near.other]
        )
        near, duplicate = near.where(rare | duplicate), duplicate[rare | duplicate]
        return [
            _Pair(
                place,
                int(people.owners[rows[one]]),
                int(people.owners[rows[other]]),
                alike,
                max(judging[one].fmr(alike), judging[other].fmr(alike)),
                "probable_duplicate" if again else "lookalike",
            )
            for place, (one, other, alike, again) in enumerate(
                zip(near.one, near.other, near.similarity.tolist(), duplicate, strict=True), 1
            )
        ]

    def _rates(self, owner: Collection, people: Fused) -> GalleryRates:
        """The rates in a gallery of everybody enrolled, valid now or not."""
        sums = CohortSums(people.vectors.shape[1])
        sums.add(people.vectors)
        size = GallerySize(len(people.owners), int(people.templates.sum()))
        return GalleryRates(self._calibration, sums.cohort(), size, reports_of(owner).factor)

    def _persons(self, keys: set[int]) -> dict[int, LookalikePerson]:
        with self._database.read() as session:
            rows = repository.persons_with(session, keys)
        return {
            row.key: LookalikePerson(person_id=row.id, external_id=row.external_id, name=row.name)
            for row in rows
        }


def _terms(owner: Collection) -> tuple[object, ...]:
    return owner.epoch, owner.target_fpir, reports_of(owner)


def _keys(pairs: list[_Pair]) -> set[int]:
    return {key for pair in pairs for key in (pair.one, pair.other)}
