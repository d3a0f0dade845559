"""The faces table as vectors: how embeddings are stored, and what the change log's readers see."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.core.db import Database
from app.decision.fusion import fuse_persons
from app.errors import NotFound
from app.gallery.models import Collection, Face
from app.index.base import Keys, Vectors
from app.index.changelog import Change, Delta


def pack(embedding: Vectors) -> bytes:
    """A (d,) unit vector as little-endian float32 bytes."""
    return embedding.astype("<f4").tobytes()


def unpack(rows: Sequence[bytes], dimension: int) -> Vectors:
    """Stored embeddings as one (n, d) array."""
    joined = np.frombuffer(b"".join(rows), "<f4").astype(np.float32, copy=False)
    return joined.reshape(-1, dimension)


class TemplateFeed:
    """Tells a replica what changed: each touched person's templates, fused, in one snapshot."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension

    def since(self, collection_key: int, revision: int | None) -> Delta:
        """All that changed after ``revision``; everything there is where it is None.

        ``NotFound`` when the collection is no more.
        """
        with self._database.read() as session:
            now = session.scalar(
                select(Collection.revision).where(Collection.key == collection_key)
            )
            if now is None:
                raise NotFound("The collection was deleted meanwhile.")
            touched = None if revision is None else _touched(session, collection_key, revision)
            return self._delta(now, _faces(session, collection_key, touched), touched=touched)

    def _delta(
        self, revision: int, faces: Sequence[Row[int, bytes]], *, touched: list[int] | None
    ) -> Delta:
        owners = np.array([row[0] for row in faces], np.int64)
        vectors = unpack([row[1] for row in faces], self._dimension)
        fused = fuse_persons(vectors, owners)
        gone: Keys = np.setdiff1d(np.array(touched or [], np.int64), fused.owners)
        return Delta(revision, fused.owners, fused.vectors, fused.templates, gone)


def _touched(session: Session, collection_key: int, revision: int) -> list[int]:
    return list(
        session.scalars(
            select(Change.person_key)
            .where(Change.collection_key == collection_key, Change.revision > revision)
            .distinct()
        )
    )


def _faces(
    session: Session, collection_key: int, touched: list[int] | None
) -> Sequence[Row[int, bytes]]:
    query = select(Face.person_key, Face.embedding).where(Face.collection_key == collection_key)
    if touched is None:
        return session.execute(query).all()
    rows: list[Row[int, bytes]] = []
    for start in range(0, len(touched), 500):  # databases limit the parameters of a statement
        part = touched[start : start + 500]
        rows += session.execute(query.where(Face.person_key.in_(part))).all()
    return rows
