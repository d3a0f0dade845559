"""The last unknown probes of a collection, where it asks for that: embeddings, never images."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.errors import NotFound
from app.gallery import repository
from app.gallery.models import Collection, Probe
from app.gallery.templates import pack, unpack
from app.index.base import Vectors

_PREFIX: Final = "prb"


@dataclass(frozen=True, slots=True)
class StoredProbes:
    """Of n probes, oldest first: ``ids``, ``vectors`` (n, d), and when each was ``seen``."""

    ids: list[str]
    vectors: Vectors
    seen: list[datetime]


class ProbeStore:
    """Keeps unknown probes, the last so many of a collection. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, dimension: int) -> None:
        self._database = database
        self._clock = clock
        self._dimension = dimension

    def keep(
        self, collection: Collection, vectors: Vectors, *, source: str | None
    ) -> list[str | None]:
        """Keep ``vectors`` (n, d) and forget the oldest beyond the collection's number; the ids of
        those kept.

        ``ContractMismatch`` where the collection was switched to another model since it was read.
        """
        with self._database.write() as session:
            owner = repository.comparable_collection(session, collection.id, collection.contract_id)
            now = self._clock.now()
            rows = [
                Probe(
                    id=new_id(_PREFIX),
                    collection_key=owner.key,
                    embedding=pack(vector),
                    source=source,
                    created_at=now,
                )
                for vector in vectors
            ]
            session.add_all(rows)
            session.flush()
            repository.trim_probes(session, owner)
            return [
                row.id if place < owner.keep_probes else None
                for place, row in zip(range(len(rows) - 1, -1, -1), rows, strict=True)
            ]

    def all(self, collection: Collection) -> StoredProbes:
        """Every probe that is kept."""
        with self._database.read() as session:
            rows = repository.probes(session, collection)
        vectors = unpack([row.embedding for row in rows], self._dimension)
        return StoredProbes([row.id for row in rows], vectors, [row.created_at for row in rows])

    def get(self, collection: Collection, probe_id: str) -> Vectors:
        """One probe's embedding (d,), or ``NotFound``."""
        with self._database.read() as session:
            row = repository.probe(session, collection, probe_id)
        if row is None:
            raise NotFound(f"There is no probe {probe_id!r} in the collection {collection.id!r}.")
        return np.asarray(unpack([row.embedding], self._dimension)[0])
