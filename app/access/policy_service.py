"""Makes, changes and deletes the rows of a policy, of any kind. Each change raises its revision."""

from typing import Any, Generic

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import repository
from app.access.kinds import Kind, Row, View
from app.access.schemas import Named, OwnId
from app.core.clock import Clock
from app.core.db import Database, assign
from app.core.ids import new_id
from app.core.paging import Page, Paging, page
from app.core.preconditions import IfMatch
from app.errors import AlreadyExists, Conflict, FieldError, InvalidRequest
from app.gallery.models import Collection
from app.gallery.repository import get_collection, lock_collection
from app.receipts.keeping import Keep, amend, forget
from app.trail.recording import record


class PolicyService(Generic[Row, View]):
    """The rows of one kind. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, kind: Kind[Row, View]) -> None:
        self._database = database
        self._clock = clock
        self._kind = kind

    def create(self, collection_id: str, new: Named, keep: Keep) -> View:
        """Make a row; ``AlreadyExists`` where its id is taken."""
        kind, now = self._kind, self._clock.now()
        chosen = new.id if isinstance(new, OwnId) else None
        row_id = chosen or new_id(kind.noun)
        values = new.model_dump(mode="json", exclude={"id"})
        try:
            with self._database.write() as session:
                owner = lock_collection(session, collection_id)
                row = kind.model(
                    collection_key=owner.key,
                    id=row_id,
                    revision=repository.raise_revision(session, owner),
                    created_at=now,
                    updated_at=now,
                    **self._columns(session, owner, values, None),
                )
                kind.check(row)
                session.add(row)
                session.flush()
                view = kind.view(row, collection_id)
                keep(session, view, row)
                locked = {"locked_down": True} if values.get("locked_down") else {}
                self._record(session, owner, "created", row_id, **locked)
        except IntegrityError:
            raise AlreadyExists(
                f"There is a {kind.noun} {row_id!r} in the collection {collection_id!r} already."
            ) from None
        return view

    def list(self, collection_id: str, paging: Paging) -> Page[View]:
        """The rows of a collection, oldest first."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            rows = repository.listed(
                session, owner, self._kind.model, after=paging.after, limit=paging.limit + 1
            )
        show = self._kind.view
        return page(rows, paging, key=lambda row: row.key, show=lambda row: show(row, owner.id))

    def get(self, collection_id: str, row_id: str) -> View:
        """One row, or ``NotFound``."""
        with self._database.read() as session:
            return self._kind.view(
                self._row(session, get_collection(session, collection_id), row_id), collection_id
            )

    def update(self, collection_id: str, row_id: str, patch: Named, known: IfMatch) -> View:
        """Change what the patch names and nothing else, at a revision that the client knows. What
        has these values already is left as it is.
        """
        kind = self._kind
        changes = patch.model_dump(mode="json", exclude_unset=True)
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            row = self._row(session, owner, row_id)
            known.check(row.revision, f"The {kind.noun} {row_id!r}")
            columns = self._columns(session, owner, changes, row)
            changed = assign(row, columns)
            kind.check(row)
            if not changed:
                return kind.view(row, collection_id)
            row.revision = repository.raise_revision(session, owner)
            row.updated_at = self._clock.now()
            session.flush()
            view = kind.view(row, collection_id)
            amend(session, row, lambda _: view.model_dump(mode="json"))
            locked = {name: columns[name] for name in changed if name == "locked_down"}
            fields = sorted(kind.field_of(name) for name in changed)
            self._record(session, owner, "updated", row_id, fields=fields, **locked)
        return view

    def delete(self, collection_id: str, row_id: str, known: IfMatch) -> None:
        """Delete a row; ``Conflict`` where another still names it."""
        kind = self._kind
        with self._database.write() as session:
            owner = lock_collection(session, collection_id)
            row = self._row(session, owner, row_id)
            known.check(row.revision, f"The {kind.noun} {row_id!r}")
            if repository.is_named(session, kind.named_by, row.key):
                raise Conflict(
                    f"The {kind.noun} {row_id!r} is still named by a rule or a door; change or "
                    "delete that first."
                )
            repository.raise_revision(session, owner)
            forget(session, kind.model, [row.key])
            session.delete(row)
            self._record(session, owner, "deleted", row_id)

    def _record(
        self, session: Session, owner: Collection, verb: str, row_id: str, **details: object
    ) -> None:
        noun, now = self._kind.noun, self._clock.now()
        record(session, owner, f"{noun}.{verb}", (noun, row_id), now=now, **details)

    def _row(self, session: Session, owner: Collection, row_id: str) -> Row:
        return repository.get(session, owner, self._kind.model, row_id, self._kind.noun)

    def _columns(
        self, session: Session, owner: Collection, values: dict[str, Any], row: Row | None
    ) -> dict[str, Any]:
        """The values of a body as those of columns and relationships; ``InvalidRequest`` for an id
        of nothing.
        """
        columns = self._kind.prepared(dict(values), self._clock.now().date(), row)
        for name, (relationship, model) in self._kind.links.items():
            if name not in columns:
                continue
            wanted = columns.pop(name)
            found = wanted and repository.find(session, owner, model, wanted)
            if wanted is not None and not found:
                message = f"there is no {relationship} {wanted!r} in the collection"
                raise InvalidRequest(f"{name}: {message}.", errors=[FieldError(name, message)])
            columns[relationship] = found
        return columns
