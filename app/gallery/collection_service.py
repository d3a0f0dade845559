"""The service for collections."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Base, Database, assign
from app.core.ids import new_id
from app.core.paging import Page, Paging, page
from app.errors import AlreadyExists, Conflict
from app.feedback.repository import trim_probes
from app.gallery import crops, repository
from app.gallery.collection_schemas import CollectionPatch, CollectionView, NewCollection
from app.gallery.models import Collection, Person
from app.gallery.views import collection_view
from app.receipts.keeping import Keep, amend, forget
from app.trail.recording import record, record_end

_log = structlog.get_logger()


class CollectionService:
    """Makes, changes and deletes collections; ``forget`` frees what memory holds of one. The rows
    of the ``owned`` models, which are other rooms', go with it, and so do their receipts.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        contract_id: str,
        forget: Callable[[Collection], None],
        owned: Sequence[type[Base]] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._contract_id = contract_id
        self._forget = forget
        self._owned: tuple[type[Base], ...] = (Person, *owned)

    def create(self, new: NewCollection, keep: Keep) -> CollectionView:
        """Make a collection of the running model's contract."""
        now = self._clock.now()
        values = new.model_dump(exclude={"id", "metadata"})
        row = Collection(
            id=new.id or new_id("col"),
            attributes=new.metadata,
            contract_id=self._contract_id,
            created_at=now,
            updated_at=now,
            **values,
        )
        try:
            with self._database.write() as session:
                session.add(row)
                session.flush()
                view = collection_view(row, 0, 0)
                keep(session, view, row)
                _record(session, row, "created", now=now)
        except IntegrityError:
            raise AlreadyExists(f"There is a collection {row.id!r} already.") from None
        return view

    def list(self, paging: Paging, *, only: frozenset[str] | None) -> Page[CollectionView]:
        """The collections, oldest first; only those in ``only`` if the caller's key is bound."""
        with self._database.read() as session:
            rows = repository.collections(
                session, only=only, after=paging.after, limit=paging.limit + 1
            )
            counts = repository.counts(session, [row.key for row in rows])
        return page(
            rows,
            paging,
            key=lambda row: row.key,
            show=lambda row: collection_view(row, *counts[row.key]),
        )

    def tell(self) -> None:
        """Log a warning where collections are of another model than the one that runs."""
        with self._database.read() as session:
            others = repository.other_contracts(session, self._contract_id)
        if others:
            _log.warning(
                "collections.of_another_model",
                collections=sum(others.values()),
                by_contract=others,
                contract_id=self._contract_id,
                what="Nobody is identified in them (contract_mismatch). Start Kith with the bundle "
                "of their contract (KITH_MODEL), change their model by `kith reembed` where they "
                "keep crops, or enrol their people again; `kith check` lists them.",
            )

    def ids(self) -> set[str]:
        """The ids of all collections that there are."""
        with self._database.read() as session:
            return repository.collection_ids(session)

    def get(self, collection_id: str) -> CollectionView:
        """One collection, or ``NotFound``."""
        with self._database.read() as session:
            return _view(session, repository.get_collection(session, collection_id))

    def update(self, collection_id: str, patch: CollectionPatch) -> CollectionView:
        """Change what the patch names and nothing else."""
        changes: dict[str, Any] = patch.model_dump(exclude_unset=True)
        if "metadata" in changes:
            changes["attributes"] = changes.pop("metadata")
        with self._database.write() as session:
            row = repository.lock_collection(session, collection_id)
            changed = assign(row, changes)
            if not changed:
                return _view(session, row)
            row.updated_at = self._clock.now()
            session.flush()
            if "keep_probes" in changed:
                trim_probes(session, row.key, row.keep_probes)
            if "keep_crops" in changed and not row.keep_crops:
                crops.forget(session, row)
            view = _view(session, row)
            amend(session, row, lambda _: view.model_dump(mode="json"))
            fields = sorted("metadata" if name == "attributes" else name for name in changed)
            _record(session, row, "updated", now=row.updated_at, fields=fields)
        return view

    def delete(self, collection_id: str, *, force: bool) -> None:
        """Delete a collection; one with persons or doors needs ``force``, else ``Conflict``."""
        with self._database.write() as session:
            row = repository.lock_collection(session, collection_id)
            if not (force or repository.is_empty(session, row, self._owned)):
                raise Conflict(
                    f"The collection {collection_id!r} is not empty; `?force=true` deletes it with "
                    "everybody in it, and with its doors and their rules."
                )
            for model in self._owned:
                forget(session, model, repository.keys_of(model, row))
            forget(session, Collection, [row.key])
            for model in self._owned:  # after decisions that hold theirs: see ``record_end``
                repository.hold_all(session, model, row)
            record_end(session, row, now=self._clock.now())
            session.delete(row)
        self._forget(row)


def _record(
    session: Session, row: Collection, verb: str, *, now: datetime, **details: object
) -> None:
    record(session, row, f"collection.{verb}", ("collection", row.id), now=now, **details)


def _view(session: Session, row: Collection) -> CollectionView:
    return collection_view(row, *repository.counts(session, [row.key])[row.key])
