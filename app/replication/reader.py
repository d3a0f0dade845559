"""The port by which recognition and the gallery read the enrolled people.

A replica in this process implements it, and an engine on other machines could: nothing here says
where the vectors are. A reader is of one collection in one epoch. Each call names a revision that
the caller has read in SQL, and no answer is of an earlier one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.decision.cohort import Cohort
from app.decision.fusion import Fused
from app.decision.rates import GallerySize
from app.index.base import Keys, Neighbours, Vectors
from app.replication.deltas import Payloads


@dataclass(frozen=True, slots=True)
class GalleryState:
    """A gallery at a revision and an instant.

    ``size`` counts the persons who are valid then, whom a probe is compared with; the ``cohort`` is
    these persons without ``second_names``, whose keys are those of persons in it.
    """

    revision: int
    size: GallerySize
    cohort: Cohort
    second_names: Mapping[int, int]

    def counts(self, person_key: int) -> bool:
        """Whether a valid person is in the cohort."""
        return person_key not in self.second_names


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: the ``neighbours`` (b, m), best first, whether each is ``valid`` (b,
    m), and the state of the gallery then. A row that has fewer neighbours than another ends with
    the key ``NOBODY``.
    """

    neighbours: Neighbours
    valid: NDArray[np.bool_]
    gallery: GalleryState

    @property
    def has_all(self) -> bool:
        """Whether everybody who is valid is among the neighbours of each query."""
        return bool((self.valid.sum(axis=1) >= self.gallery.size.persons).all())

    @property
    def counts(self) -> NDArray[np.bool_]:
        """Whether each neighbour is in the cohort (b, k)."""
        again = np.array(list(self.gallery.second_names), np.int64)
        return np.asarray(self.valid & ~np.isin(self.neighbours.keys, again))

    @property
    def counted(self) -> list[list[float]]:
        """For each query the similarities of the neighbours in the cohort, best first."""
        rows = zip(self.neighbours.similarities, self.counts, strict=True)
        return [similarities[counts].tolist() for similarities, counts in rows]


@dataclass(frozen=True, slots=True)
class People:
    """Persons at one revision: their n vectors in ``fused``, and start and end of each one's
    validity, (n,) each, in microseconds since 1970. ``payloads`` are of those who have one, with
    templates or without.
    """

    fused: Fused
    valid_from: Keys
    valid_until: Keys
    payloads: Payloads


class GalleryReader(Protocol):
    """Reads one collection's people. Thread-safe.

    Every method raises ``NotReady`` where the revision is not reached in time or the collection
    has another epoch by now, ``NotFound`` where it was deleted, and ``ContractMismatch`` where it
    was switched to another model.
    """

    def search(self, queries: Vectors, k: int, *, revision: int, now: datetime) -> Found:
        """The ``k`` persons nearest to each of ``queries`` (b, d), valid ``now`` or not, and the
        ``k`` nearest who are, in a gallery at ``revision`` or later.
        """
        ...

    def state(self, *, revision: int, now: datetime) -> GalleryState:
        """The gallery at ``revision`` or later, as it is ``now``."""
        ...

    def everybody(self, *, revision: int) -> Fused:
        """All people, valid or not, at ``revision`` or later."""
        ...

    def people(self, keys: Keys, *, revision: int) -> People:
        """The persons of ``keys`` who are enrolled, valid now or not, in a gallery at ``revision``
        or later.
        """
        ...

    def key_of(self, person_id: str, *, revision: int) -> int | None:
        """The key of the person ``person_id`` in a gallery at ``revision`` or later; None where no
        payload has that id.
        """
        ...


def cohort_near(
    reader: GalleryReader,
    queries: Vectors,
    count: int,
    *,
    revision: int,
    now: datetime,
    but: int | None = None,
) -> Found:
    """A search that finds, near each of ``queries`` (b, d), the ``count`` nearest people of the
    cohort (fewer where there are fewer), without the person ``but``, and the ``count`` nearest of
    all, valid or not.
    """
    wanted = count if but is None else count + 1
    while True:
        found = reader.search(queries, wanted, revision=revision, now=now)
        keys = found.neighbours.keys
        counted = (found.counts & (keys != but)).sum(axis=1)
        if found.has_all or keys.shape[1] < wanted or (counted >= count).all():
            return found
        wanted *= 4


class GalleryReaders(Protocol):
    """Gives each collection's reader. Thread-safe."""

    def of(self, collection_key: int, epoch: str) -> GalleryReader:
        """The reader of a collection in this epoch of its history."""
        ...

    def made(self, collection_key: int, epoch: str) -> GalleryReader | None:
        """The reader of a collection if one of this epoch is in use; none is made."""
        ...

    def kept(self, collection_key: int, epoch: str, revision: int) -> GalleryReader | None:
        """The reader of a collection if, in this epoch, it has reached ``revision`` and has every
        person's payload: it then answers without the database. Otherwise None.
        """
        ...
