"""Records in the audit what commands do, and takes an audit along into another database."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Table, exists, select
from sqlalchemy.orm import Session

from app.core.clock import SystemClock
from app.gallery.models import Collection
from app.maintenance.archive import Archive
from app.maintenance.manifest import CollectionEntry
from app.maintenance.tables import rows_of
from app.trail.models import Chain, Row
from app.trail.recording import record

CHAINS: Final[Table] = Chain.metadata.tables[Chain.__tablename__]
TRAIL: Final = frozenset({Chain.__tablename__, Row.__tablename__})
"""The tables of the audit."""


def record_command(
    session: Session,
    owner: Collection | None,
    action: str,
    **details: Any,  # noqa: ANN401 - any JSON value
) -> None:
    """Record what a command did to a collection, or to the whole database."""
    on = ("database", "whole") if owner is None else ("collection", owner.id)
    record(session, owner, action, on, now=SystemClock().now(), **details)


def former_chain(archive: Archive, collection_id: str) -> Mapping[str, Any] | None:
    """The chain that a collection of the archive has, as a row of it; None of an older archive."""
    for rows in rows_of(archive, CHAINS):
        for row in rows:
            if row["collection_id"] == collection_id and row["collection_key"] is not None:
                return row
    return None


def goes_on(session: Session, former: Mapping[str, Any] | None, into: CollectionEntry) -> bool:
    """Whether an imported collection goes on with its ``former`` chain: it keeps its id, and the
    chain is not here already. It begins one of its own otherwise.
    """
    if former is None or former["collection_id"] != into.id:
        return False
    return not session.scalar(select(exists().where(Chain.id == former["id"])))


def record_import(
    session: Session, former: Mapping[str, Any] | None, into: CollectionEntry
) -> None:
    """Record an import, with the head of the chain that the archive has."""
    owner = session.scalars(select(Collection).where(Collection.id == into.id)).one()
    head = {} if former is None else {name: former[name] for name in ("id", "seq", "hash")}
    record_command(session, owner, "collection.imported", former_chain=head)
