"""The last unknown probes of a collection, where it asks for that: embeddings, never images."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

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


def new_probe_id() -> str:
    """An id under which a probe will be kept."""
    return new_id(_PREFIX)


class ProbeStore:
    """Keeps the newest unknown probes of a collection, ``keep_probes`` of them. Thread-safe."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension

    def keep(
        self,
        collection: Collection,
        vectors: Mapping[str, Vectors],
        *,
        seen_at: datetime,
        source: str | None,
    ) -> None:
        """Keep ``vectors`` (d,) by their ids, and delete the oldest probes beyond the collection's
        number.

        ``ContractMismatch`` where the collection was switched to another model since it was read.
        """
        with self._database.write() as session:
            owner = repository.comparable_collection(session, collection.id, collection.contract_id)
            session.add_all(
                Probe(
                    id=probe_id,
                    collection_key=owner.key,
                    embedding=pack(vector),
                    source=source,
                    created_at=seen_at,
                )
                for probe_id, vector in vectors.items()
            )
            session.flush()
            repository.trim_probes(session, owner)

    def all(self, collection: Collection) -> StoredProbes:
        """Every kept probe of the collection."""
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
