"""The report of persons who could be taken for each other, or are one person under two names."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

import numpy as np
from sqlalchemy import select

from app.core.db import Database
from app.decision.resemblance import least_alike, pair_fmr, same_person, stranger_rate
from app.decision.site import SiteStatistics
from app.decision.sites import GalleryEvidence, SiteCalibrations
from app.errors import NotReady
from app.gallery import repository
from app.gallery.evidence import reports_of
from app.gallery.models import Collection, Person
from app.gallery.schemas import LookalikePair, LookalikePerson
from app.gallery.views import rate_view, similarity_view
from app.index.pairs import near_pairs
from app.index.replica import Replicas
from app.web.paging import Page, Paging, page

_MOST_PAIRS: Final = 10_000
_KEPT: Final = 8  # reports: at most 1 MB each
_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two persons' keys, and their place in the report, counted from 1."""

    place: int
    one: int
    other: int
    similarity: float
    fmr: float
    kind: Literal["lookalike", "probable_duplicate"]


class Lookalikes:
    """Makes the report when it is asked for, keeps it until the gallery changes. Thread-safe."""

    def __init__(
        self,
        database: Database,
        replicas: Replicas,
        calibrations: SiteCalibrations,
        *,
        contract_id: str,
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._calibrations = calibrations
        self._contract_id = contract_id
        self._lock = Lock()  # a large gallery takes a while: nobody needs two at once
        self._kept: OrderedDict[int, tuple[object, list[_Pair]]] = OrderedDict()

    def report(self, collection_id: str, paging: Paging) -> Page[LookalikePair]:
        """The pairs, nearest first, of everybody enrolled, valid now or not."""
        pairs, persons = self._page_of(collection_id, paging)
        while persons.keys() < _keys(pairs):  # somebody was removed meanwhile: begin again
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
        """One pair more than the page holds, and who they are."""
        with self._database.read() as session:
            owner = repository.comparable_collection(session, collection_id, self._contract_id)
        pairs = self._pairs(owner)[paging.after : paging.after + paging.limit + 1]
        return pairs, self._persons(_keys(pairs))

    def _pairs(self, owner: Collection) -> list[_Pair]:
        state = (owner.epoch, owner.revision, owner.target_fpir, reports_of(owner))
        if not self._lock.acquire(timeout=_WAIT_SECONDS):
            raise NotReady("Another report is being made; try again.", retry_after=10)
        try:
            kept = self._kept.pop(owner.key, None)
            pairs = kept[1] if kept and kept[0] == state else self._found(owner)
            self._kept[owner.key] = (state, pairs)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return pairs
        finally:
            self._lock.release()

    def _found(self, owner: Collection) -> list[_Pair]:
        """Whoever would be named as the other, were they not enrolled: as rare among strangers as
        the collection's target asks of its threshold.
        """
        replica = self._replicas.of(owner.key, owner.epoch)
        people = replica.everybody(revision=owner.revision)
        if len(people.owners) < 2:
            return []
        site = SiteStatistics(people.vectors.shape[1])
        site.add(people)
        calibration = self._calibrations.at(GalleryEvidence(site.evidence(), reports_of(owner)))
        templates = people.templates.astype(np.float64)
        rate = stranger_rate(owner.target_fpir, len(people.owners))
        near = near_pairs(
            people.vectors, least_alike(calibration, rate, templates), most=_MOST_PAIRS
        )
        similarity = near.similarity.astype(np.float64)
        one, other = templates[near.one], templates[near.other]
        fmr = pair_fmr(calibration, similarity, one, other)
        duplicate = similarity >= same_person(calibration, one, other)
        alike = np.flatnonzero(fmr <= rate)
        return [
            _Pair(
                place,
                int(people.owners[near.one[i]]),
                int(people.owners[near.other[i]]),
                float(similarity[i]),
                float(fmr[i]),
                "probable_duplicate" if duplicate[i] else "lookalike",
            )
            for place, i in enumerate(alike, 1)
        ]

    def _persons(self, keys: set[int]) -> dict[int, LookalikePerson]:
        query = select(Person.key, Person.id, Person.external_id, Person.name)
        with self._database.read() as session:
            rows = session.execute(query.where(Person.key.in_(keys))).all()
        return {
            row.key: LookalikePerson(person_id=row.id, external_id=row.external_id, name=row.name)
            for row in rows
        }


def _keys(pairs: list[_Pair]) -> set[int]:
    return {key for pair in pairs for key in (pair.one, pair.other)}
