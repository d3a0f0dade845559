"""Reports about the people of a gallery: made when they are asked for, and kept until the gallery
has changed enough.
"""

import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from app.core.db import Database
from app.core.paging import Paging
from app.core.reports import Reports
from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fusion import Fused
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.gallery import repository
from app.gallery.models import Collection
from app.gallery.rates import reports_of
from app.gallery.report_schemas import ReportedPerson
from app.replication.reader import GalleryReaders

MOST_ROWS: Final = 10_000
_KEPT: Final = 8  # reports: at most 2 MB each
CHANGED_SHARE: Final = 0.01
"""Changes, of as many as there are persons, that a report may lack: one of 40,000 people takes 8
seconds of a core, and a site of that size changes all day."""
_OLD_SECONDS: Final = 600.0
"""Seconds for which a report may lack them."""
_REST: Final = 9
"""The same in times that it took to make, so that reports take a tenth of a core at most: of a
million people one takes 18 minutes (computed), and would be old before it is made."""


class Row(Protocol):
    """A row of a report. It is left out once one of its ``persons`` or ``faces``, internal keys,
    was removed.
    """

    @property
    def place(self) -> int:
        """The place in the report, counted from 1."""
        ...

    @property
    def persons(self) -> frozenset[int]:
        """The persons whom the row is about."""
        ...

    @property
    def faces(self) -> frozenset[int]:
        """The faces that the row is about."""
        ...

    @property
    def named(self) -> frozenset[int]:
        """All persons whom the row names."""
        ...


R = TypeVar("R", bound=Row)
Find = Callable[[Collection, Fused], Sequence[R]]
"""Makes the rows of a report, of a collection and everybody in it, valid now or not."""


@dataclass(frozen=True, slots=True)
class Made:
    """The making of a report: of the gallery as it was at ``revision``, when it had ``persons``
    persons. ``terms`` is what else it depends on. It was complete at ``made_at``, after ``took``
    seconds.
    """

    terms: tuple[object, ...]
    revision: int
    made_at: float
    took: float
    persons: int

    def fits(self, owner: Collection, now: float) -> bool:
        """Whether the report is still valid: nothing changed, or little and not long ago."""
        if self.terms != terms_of(owner):
            return False
        changes = owner.revision - self.revision
        little = 0 <= changes <= CHANGED_SHARE * self.persons
        return changes == 0 or (
            little and now - self.made_at < max(_OLD_SECONDS, _REST * self.took)
        )


@dataclass(slots=True)
class _Report(Generic[R]):
    made: Made
    rows: list[R]


class KeptReports(Generic[R]):
    """The reports of one kind, one a collection. Thread-safe."""

    def __init__(
        self, database: Database, replicas: GalleryReaders, find: Find[R], *, contract_id: str
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._find = find
        self._contract_id = contract_id
        self._reports: Reports[_Report[R]] = Reports(_KEPT)

    def page_of(
        self, collection_id: str, paging: Paging, wanted: Callable[[R], bool] = lambda _: True
    ) -> tuple[list[R], dict[int, ReportedPerson]]:
        """One more of the ``wanted`` rows than the page holds, and those whom these rows name who
        are still enrolled.

        ``NotReady`` while the report is being made.
        """
        with self._database.read() as session:
            owner = repository.get_comparable(session, collection_id, self._contract_id)
        report = self._reports.get(
            owner.key,
            fits=lambda kept: kept.made.fits(owner, time.monotonic()),
            make=lambda: self._made(owner),
        )
        while True:
            later = [row for row in report.rows if row.place > paging.after and wanted(row)]
            rows = later[: paging.limit + 1]
            named = self._persons({key for row in rows for key in row.named})
            gone = self._gone(rows, named.keys())
            if not gone:
                return rows, named
            report.rows = [row for row in report.rows if row.place not in gone]

    def _persons(self, keys: set[int]) -> dict[int, ReportedPerson]:
        with self._database.read() as session:
            return {
                row.key: ReportedPerson(
                    person_id=row.id, external_id=row.external_id, name=row.name
                )
                for row in repository.persons_with(session, keys)
            }

    def forget(self, collection_key: int) -> None:
        """Drop the report of a deleted collection."""
        self._reports.forget(collection_key)

    def _made(self, owner: Collection) -> _Report[R]:
        began = time.monotonic()
        people = self._replicas.of(owner.key, owner.epoch).everybody(revision=owner.revision)
        rows = list(self._find(owner, people))
        made_at, persons = time.monotonic(), len(people.owners)
        made = Made(terms_of(owner), owner.revision, made_at, made_at - began, persons)
        return _Report(made, rows)

    def _gone(self, rows: Sequence[R], there: Set[int]) -> set[int]:
        """The places of rows about persons who are not ``there``, or about faces that are not."""
        faces = {key for row in rows for key in row.faces}
        with self._database.read() as session:
            faces -= repository.faces_there(session, faces)
        return {row.place for row in rows if row.persons - there or row.faces & faces}


def rates_of_everybody(bundle: Calibration, owner: Collection, people: Fused) -> GalleryRates:
    """The rates in a gallery of everybody enrolled, valid now or not."""
    size = GallerySize(len(people.owners), int(people.templates.sum()))
    return GalleryRates(bundle, Cohort.of(people.vectors), size, reports_of(owner).factor)


def terms_of(owner: Collection) -> tuple[object, ...]:
    """All that a report depends on but the people: their history, the target, and the feedback."""
    return owner.epoch, owner.target_fpir, reports_of(owner)
