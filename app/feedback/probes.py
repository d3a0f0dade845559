"""The last unknown probes of a collection, where it asks for that: embeddings, never images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.ids import new_id
from app.feedback import repository
from app.feedback.models import Probe
from app.index.base import Vectors
from app.index.packing import pack, unpack

_PREFIX: Final = "prb"
LockOfContract = Callable[[Session, int, str], int]
"""Given a collection's key and a contract, holds the collection until the transaction ends, and
returns how many probes it keeps; ``ContractMismatch`` where it is of another contract.
"""


@dataclass(frozen=True, slots=True)
class StoredProbes:
    """n probes, oldest first: ``ids``, ``vectors`` (n, d), and when they were ``seen``."""

    ids: list[str]
    vectors: Vectors
    seen: list[datetime]


def new_probe_id() -> str:
    """An id under which a probe will be kept."""
    return new_id(_PREFIX)


class ProbeStore:
    """Keeps the newest unknown probes of collections. Thread-safe; embeddings are (d,)."""

    def __init__(self, database: Database, dimension: int, *, lock: LockOfContract) -> None:
        self._database = database
        self._dimension = dimension
        self._lock = lock

    def keep(
        self,
        collection_key: int,
        contract_id: str,
        vectors: Mapping[str, Vectors],
        *,
        seen_at: datetime,
        source: str | None,
    ) -> None:
        """Keep ``vectors`` (d,), computed under the contract, by their ids, and delete the oldest
        probes beyond the collection's number.

        ``ContractMismatch`` where the collection was switched to another model since.
        """
        with self._database.write() as session:
            number = self._lock(session, collection_key, contract_id)
            rows = [
                Probe(
                    id=probe_id,
                    collection_key=collection_key,
                    embedding=pack(vector),
                    source=source,
                    created_at=seen_at,
                )
                for probe_id, vector in vectors.items()
            ]
            repository.add_probes(session, rows)
            repository.trim_probes(session, collection_key, number)

    def all(self, collection_key: int) -> StoredProbes:
        """Every kept probe of the collection."""
        with self._database.read() as session:
            rows = repository.get_probes(session, collection_key)
        vectors = unpack([row.embedding for row in rows], self._dimension)
        return StoredProbes([row.id for row in rows], vectors, [row.created_at for row in rows])

    def get(self, collection_key: int, probe_id: str) -> Vectors | None:
        """One probe's embedding (d,); None where the collection keeps no such probe."""
        with self._database.read() as session:
            row = repository.get_probe(session, collection_key, probe_id)
        if row is None:
            return None
        return np.asarray(unpack([row.embedding], self._dimension)[0])
