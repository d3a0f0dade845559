"""Whether a face to be enrolled looks like somebody else who is: asked before it becomes a
template, with no transaction open. Two who are enrolled at the same instant do not see each other;
the lookalike report finds them afterwards.
"""

from dataclasses import dataclass

import numpy as np

from app.core.clock import Clock
from app.core.db import Database
from app.decision.calibration import Calibration
from app.decision.fusion import Fused
from app.decision.rates import MOST_MASKED
from app.gallery import repository
from app.gallery.models import Collection
from app.gallery.rates import rates_in
from app.index.base import Vectors
from app.replication.nearby import NOBODY
from app.replication.reader import Found, GalleryReaders, cohort_near


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Another person whom the service would have named for this face: their internal key and id,
    the similarity, and how often a stranger looks as much like somebody in this gallery.
    """

    person_key: int
    person_id: str
    similarity: float
    fpir: float


@dataclass(frozen=True, slots=True)
class _Alike:
    """A person by their internal ``key``, else as in ``Resemblance``."""

    key: int
    similarity: float
    fpir: float


class Resemblances:
    """Finds whom a face would be taken for. Thread-safe."""

    def __init__(
        self,
        database: Database,
        replicas: GalleryReaders,
        clock: Clock,
        calibration: Calibration,
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._clock = clock
        self._calibration = calibration

    def of(self, owner: Collection, faces: Vectors, *, but: int | None) -> list[Resemblance | None]:
        """The person whom each of ``faces`` (n, d) would be taken for, valid now or not; ``but`` is
        the key of the person whose faces they are, who is left out.
        """
        reader = self._replicas.of(owner.key, owner.epoch)
        revision, now = owner.revision, self._clock.now()
        found = cohort_near(reader, faces, MOST_MASKED, revision=revision, now=now, but=but)
        keys = np.unique(found.neighbours.keys)
        people = reader.people(keys, revision=found.gallery.revision).fused
        alike = self._alike(owner, faces, found, people, but)
        ids = self._ids({person.key for person in alike if person})
        return [
            Resemblance(person.key, ids[person.key], person.similarity, person.fpir)
            if person and person.key in ids
            else None
            for person in alike
        ]

    def _alike(
        self, owner: Collection, faces: Vectors, found: Found, people: Fused, but: int | None
    ) -> list[_Alike | None]:
        """Those of ``found``, who are ``people``, whom the faces would be taken for."""
        target, near = owner.target_fpir, found.neighbours
        rates = rates_in(self._calibration, owner, found.gallery).of(faces)
        alike: list[_Alike | None] = []
        vectors = dict(zip(people.owners.tolist(), people.vectors, strict=True))
        for row, (each, counted) in enumerate(zip(rates, found.counted, strict=True)):
            others = np.flatnonzero((near.keys[row] != but) & (near.keys[row] != NOBODY))
            if not len(others):
                alike.append(None)
                continue
            first = others[0]
            own = each.unmasked(counted, target)
            own = own if found.counts[row, first] else own.outside
            similarity = float(near.similarities[row, first])
            key = int(near.keys[row, first])
            [stands] = own.standing([similarity], [vectors[key]]).stands
            person = _Alike(key, similarity, own.fpir(stands))
            alike.append(person if stands >= own.limit(target) else None)
        return alike

    def _ids(self, keys: set[int]) -> dict[int, str]:
        """The ids of ``keys`` that are still in SQL, which decides."""
        if not keys:
            return {}
        with self._database.read() as session:
            return {row.key: row.id for row in repository.persons_with(session, keys)}
