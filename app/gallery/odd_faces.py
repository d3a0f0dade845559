"""Reports faces that are as unlike their person's other faces as a stranger's, and whom they are
near instead: the counterpart of lookalikes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby

import numpy as np
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.paging import Page, Paging, page
from app.decision.calibration import Calibration
from app.decision.fusion import Fused
from app.decision.gallery_rates import GalleryRates
from app.decision.own_faces import own_limits, unlike
from app.decision.rates import MOST_MASKED
from app.gallery import repository
from app.gallery.kept_reports import MOST_ROWS, KeptReports, rates_of_everybody
from app.gallery.models import Collection
from app.gallery.report_schemas import NearPerson, OddFace
from app.gallery.views import similarity_view
from app.index.base import Keys, Vectors
from app.index.packing import unpack
from app.index.pairs import nearest_of
from app.replication.reader import GalleryReaders


@dataclass(frozen=True, slots=True)
class Odd:
    """A face by its internal id and its ``number``, and its ``similarity`` to the other faces of
    its ``person``. ``near`` is the key of another person whom the service would name for it, None
    for nobody, and ``near_similarity`` how near.
    """

    place: int
    face: int
    number: int
    person: int
    similarity: float
    near: int | None
    near_similarity: float

    @property
    def persons(self) -> frozenset[int]:
        """Its person."""
        return frozenset((self.person,))

    @property
    def faces(self) -> frozenset[int]:
        """The face itself."""
        return frozenset((self.face,))

    @property
    def named(self) -> frozenset[int]:
        """The person and whom the face is near instead."""
        return self.persons if self.near is None else self.persons | {self.near}


@dataclass(frozen=True, slots=True)
class _Strange:
    similarity: float
    face: int
    number: int
    person: int
    embedding: bytes


class OddFaces:
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

    def report(self, collection_id: str, paging: Paging) -> Page[OddFace]:
        """The faces, the most unlike first, of everybody enrolled, valid now or not.

        ``NotReady`` while it is being made. Faces that were removed since are left out.
        """
        rows, persons = self._reports.page_of(collection_id, paging)

        def show(row: Odd) -> OddFace:
            near = None
            if row.near in persons:
                alike = similarity_view(row.near_similarity)
                near = NearPerson(person=persons[row.near], similarity=alike)
            return OddFace(
                person=persons[row.person],
                face_id=row.number,
                similarity=similarity_view(row.similarity),
                near=near,
            )

        return page(rows, paging, key=lambda row: row.place, show=show)

    def forget(self, collection_key: int) -> None:
        """Drop the report of a deleted collection."""
        self._reports.forget(collection_key)

    def _found(self, owner: Collection, people: Fused) -> Sequence[Odd]:
        with self._database.read(long_running=True) as session:
            return odd_faces(session, owner, people, self._calibration)


def odd_faces(
    session: Session, owner: Collection, people: Fused, calibration: Calibration
) -> list[Odd]:
    """The odd faces of a collection, the most unlike first; ``people`` is everybody in it."""
    dimension = people.vectors.shape[1]
    strange = nsmallest(
        MOST_ROWS,
        _strange(session, owner, dimension, calibration),
        key=lambda each: (each.similarity, each.face),
    )
    if not strange:
        return []
    faces = unpack([each.embedding for each in strange], dimension)
    persons = np.array([each.person for each in strange], np.int64)
    rates = rates_of_everybody(calibration, owner, people)
    near = _near(faces, persons, people, rates, owner.target_fpir)
    return [
        Odd(place, each.face, each.number, each.person, each.similarity, key, similarity)
        for place, (each, (key, similarity)) in enumerate(zip(strange, near, strict=True), 1)
    ]


def _strange(
    session: Session, owner: Collection, dimension: int, calibration: Calibration
) -> Iterator[_Strange]:
    limits = own_limits(calibration, 1)
    nothing = np.empty((0, dimension), np.float32)
    everybody = groupby(repository.all_embeddings(session, owner), key=lambda row: row[0])
    for person, group in everybody:
        rows = list(group)
        if len(rows) > len(limits):
            limits = own_limits(calibration, len(rows))
        found = unlike(unpack([row[3] for row in rows], dimension), nothing, limits)
        for place, similarity in found.items():
            _, face, number, embedding = rows[place]
            yield _Strange(similarity, face, number, person, embedding)


def _near(
    faces: Vectors, persons: Keys, people: Fused, rates: GalleryRates, target: float
) -> Iterator[tuple[int | None, float]]:
    """The person whom the service would name for each of ``faces`` (n, d), which are not of
    ``persons`` (n,), and how near they are.
    """
    alike, rows = nearest_of(faces, people.vectors, MOST_MASKED + 1)
    for similarities, owners, person, each in zip(
        alike.tolist(), people.owners[rows].tolist(), persons.tolist(), rates.of(faces), strict=True
    ):
        own = each.unmasked(similarities[:MOST_MASKED], target)
        others = [place for place, owner in enumerate(owners) if owner != person]
        first = similarities[others[0]] if others else -1.0
        named = bool(others) and first >= own.limit(target)
        yield (owners[others[0]] if named else None), first
