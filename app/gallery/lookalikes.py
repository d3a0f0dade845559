"""Reports persons who could be confused, or are one person under two names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.core.db import Database
from app.core.paging import Page, Paging, page
from app.decision.calibration import Calibration
from app.decision.fusion import Fused, Vectors
from app.decision.numbers import Floats
from app.decision.rates import MOST_MASKED, ProbeRates, comparison_rate
from app.decision.resemblance import Members
from app.gallery import dismissal_repository, repository
from app.gallery.dismissals import dismissal_view
from app.gallery.kept_reports import MOST_ROWS, KeptReports, rates_of_everybody
from app.gallery.models import Collection
from app.gallery.report_schemas import LookalikePair
from app.gallery.views import rate_view, similarity_view
from app.index.pairs import Pairs, near_pairs, nearest_of, nearest_other
from app.replication.reader import GalleryReaders


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two persons' keys, and their place in the report, counted from 1."""

    place: int
    one: int
    other: int
    similarity: float
    fmr: float
    kind: Literal["lookalike", "probable_duplicate"]
    faces: frozenset[int] = frozenset()

    @property
    def persons(self) -> frozenset[int]:
        """The two persons."""
        return frozenset((self.one, self.other))

    @property
    def named(self) -> frozenset[int]:
        """The same two."""
        return self.persons


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
        self._calibration = calibration
        self._reports = KeptReports(database, replicas, self._found, contract_id=contract_id)

    def report(
        self, collection_id: str, paging: Paging, *, dismissed: bool = False
    ) -> Page[LookalikePair]:
        """The pairs, nearest first, of everybody enrolled, valid now or not: those of which nobody
        said that they are two people, or where ``dismissed`` the others.

        ``NotReady`` while it is being made. Persons who were removed since are left out.
        """
        with self._database.read() as session:
            owner = repository.get_collection(session, collection_id)
            said = dismissal_repository.of_collection(session, owner)
        pairs, persons = self._reports.page_of(
            collection_id, paging, lambda pair: (pair.persons in said) == dismissed
        )
        return page(
            pairs,
            paging,
            key=lambda pair: pair.place,
            show=lambda pair: LookalikePair(
                persons=[persons[pair.one], persons[pair.other]],
                similarity=similarity_view(pair.similarity),
                fmr=rate_view(pair.fmr),
                kind=pair.kind,
                dismissal=dismissal_view(said[pair.persons]) if dismissed else None,
            ),
        )

    def forget(self, collection_key: int) -> None:
        """Drop the report of a deleted collection."""
        self._reports.forget(collection_key)

    def _found(self, owner: Collection, people: Fused) -> list[_Pair]:
        """The pairs in which one person would be named as the other if the one were not enrolled:
        their similarity is as rare among strangers as the collection's target demands. And those
        who are as alike as two names of one person, however many names are near them.
        """
        if len(people.owners) < 2:
            return []
        members = Members.of(rates_of_everybody(self._calibration, owner, people), people.vectors)
        rate = comparison_rate(owner.target_fpir, len(people.owners))
        one_name = self._calibration.same_person(people.templates, np.ones_like(people.templates))
        least = np.minimum(members.limits(rate), one_name)  # more templates make the bound higher
        rows = np.flatnonzero(nearest_other(people.vectors) >= least)
        some, templates = people.vectors[rows], people.templates[rows]
        alike, _ = nearest_of(some, people.vectors, MOST_MASKED + 1)
        nearest = alike[:, 1:]  # the first is themselves
        judging = members.judging(rows, nearest, rate)
        limits = np.array([each.limit(rate) for each in judging], np.float64)
        near = near_pairs(some, np.minimum(limits, one_name[rows]), most=MOST_ROWS)
        stands = _stands(judging, some, near)
        rare = (stands >= np.column_stack([limits[near.one], limits[near.other]])).all(axis=1)
        duplicate = near.similarity >= self._calibration.same_person(
            templates[near.one], templates[near.other]
        )
        kept = rare | duplicate
        near, duplicate, stands = near.where(kept), duplicate[kept], stands[kept]
        each = zip(near.one, near.other, near.similarity.tolist(), duplicate, stands, strict=True)
        return [
            _Pair(
                place,
                int(people.owners[rows[one]]),
                int(people.owners[rows[other]]),
                alike,
                max(judging[one].fmr(as_one), judging[other].fmr(as_other)),
                "probable_duplicate" if again else "lookalike",
            )
            for place, (one, other, alike, again, (as_one, as_other)) in enumerate(each, 1)
        ]


def _stands(judging: Sequence[ProbeRates], people: Vectors, near: Pairs) -> Floats:
    """The similarity (n, 2) of each pair of ``people`` (m, d) as it stands out by the rates of the
    one, and by those of the other.
    """
    pairs = zip(near.one, near.other, near.similarity.tolist(), strict=True)
    found = [
        (
            judging[one].standing([alike], [people[other]]).stands[0],
            judging[other].standing([alike], [people[one]]).stands[0],
        )
        for one, other, alike in pairs
    ]
    return np.array(found, np.float64).reshape(-1, 2)
