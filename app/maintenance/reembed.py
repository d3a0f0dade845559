"""Computes the templates of another model from kept crops, in addition to those in use.

Services go on under the collections' present contract, and their answers do not change. A batch is
a transaction, so a run after a killed one computes only the missing templates.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from app.bundles.manifest import Manifest
from app.core.db import Database
from app.errors import AppError, Conflict
from app.gallery import repository
from app.gallery.models import Collection, Face, OtherTemplate
from app.index.packing import pack
from app.inference.embedder import Embedder
from app.maintenance import staged_templates
from app.maintenance.archive import Progress
from app.vision.crops import unpacked

BATCH: Final = 64
"""Faces for each transaction: one to two seconds of work, and a lock for some milliseconds."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A collection whose faces all have a template under the other contract: ``there`` faces had
    one before, and for ``computed`` faces it was made now.
    """

    collection_id: str
    there: int
    computed: int


class Reembedding:
    """Computes templates of one bundle on ``threads`` threads."""

    def __init__(
        self, database: Database, manifest: Manifest, embedder: Embedder, *, threads: int
    ) -> None:
        self._database = database
        self._contract = manifest.contract
        self._size = manifest.preprocessing.size
        self._embedder = embedder
        self._threads = threads

    def run(self, names: Sequence[str], progress: Progress) -> list[Prepared]:
        """Compute the missing templates of the collections with these ids, or of all collections.

        ``Conflict`` before anything is computed where a face has no crop that the bundle takes, and
        later where a collection was switched or restored during the run.
        """
        with self._database.read(long_running=True) as session:
            chosen = staged_templates.candidates(session, self._contract.id, names)
            self._check(session, chosen)
            faces = repository.counts(session, [owner.key for owner in chosen])
            due = [
                staged_templates.count_due(session, owner, self._contract.id) for owner in chosen
            ]
        with progress(sum(due)) as step, ThreadPoolExecutor(self._threads) as pool:
            return [
                Prepared(owner.id, faces[owner.key][1] - missing, self._all_of(owner, pool, step))
                for owner, missing in zip(chosen, due, strict=True)
            ]

    def _check(self, session: Session, chosen: Sequence[Collection]) -> None:
        found = [
            line
            for owner in chosen
            for line in staged_templates.obstacles(session, owner, self._contract)
        ]
        if found:
            raise Conflict(
                f"Nothing was computed. {self._contract.id} cannot embed {'; '.join(found)}. A "
                "crop is kept if the collection's `keep_crops` is on at the enrolment: delete "
                "those faces and enrol their photos again, or leave that collection on its "
                "contract and name the others with --collection."
            )

    def _all_of(
        self, owner: Collection, pool: ThreadPoolExecutor, step: Callable[[int], None]
    ) -> int:
        computed = after = 0
        while batch := self._next(owner, after):
            rows = dict(pool.map(partial(self._embedded, owner.id), batch))
            computed += self._keep(owner, rows)
            after = batch[-1].id
            step(len(batch))
        return computed

    def _next(self, owner: Collection, after: int) -> Sequence[Row[int, int, bytes]]:
        which = staged_templates.due(owner, self._contract.id) & (Face.id > after)
        with self._database.read() as session:
            return staged_templates.next_crops(
                session, which, crop_id=self._contract.crop_id, limit=BATCH
            )

    def _embedded(self, collection: str, row: Row[int, int, bytes]) -> tuple[int, bytes]:
        """The face's id and its embedding in the stored form. Called by several threads."""
        face, number, png = row
        try:
            crop = unpacked(png)
        except AppError as error:
            raise _damaged(collection, number, error.detail) from None
        if crop.shape[1::-1] != self._size:
            size = f"It has {crop.shape[1]} x {crop.shape[0]} pixels."
            raise _damaged(collection, number, size)
        return face, pack(self._embedder.embed([crop])[0])

    def _keep(self, owner: Collection, rows: dict[int, bytes]) -> int:
        """Store the templates of the faces that still exist and lack one; return their number."""
        with self._database.write() as session:
            now = repository.lock_collection(session, owner.id)
            if now.epoch != owner.epoch:
                raise Conflict(
                    f"The collection {owner.id!r} was switched or restored during this run; run "
                    "again."
                )
            due = select(Face.id).where(
                Face.id.in_(rows), staged_templates.due(owner, self._contract.id)
            )
            values = [
                {"face_id": face, "contract_id": self._contract.id, "embedding": rows[face]}
                for face in session.scalars(due)
            ]
            if values:
                session.execute(insert(OtherTemplate), values)
        return len(values)


def _damaged(collection: str, number: int, why: str) -> Conflict:
    return Conflict(
        f"The crop of face {number} of the collection {collection!r} is damaged. {why} "
        "Delete that face and enrol its photo again; `kith check` finds every such crop."
    )
