"""Records what happened, in the transaction that does it.

All that a transaction recorded is written as it commits, after everything else in it. So the heads
of chains and the counters of events are held for no longer than the commit takes, and never while
the transaction waits for another row: two transactions cannot wait for each other. ``record_end``
alone holds a head before that, and asks for all that the transaction may wait for to be held first.
A chain that is begun waits for its collection's row, so a collection has its chain from the
transaction on that makes it, and those of before there was an audit from the migration on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core.acting import ACTOR
from app.core.ids import new_id
from app.trail import event_repository, repository
from app.trail.chain import Deed
from app.trail.events import event_of, source_of, type_of
from app.trail.repository import Owner

_RECORDED: Final = "deeds to write at the commit"
_WRITTEN: Final = "deeds to log after the commit"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OwnerThen:
    """The collection of a deed, as it was when that was recorded."""

    key: int
    id: str


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A deed that waits for the commit; ``chain_key`` where its collection will be gone by then."""

    deed: Deed
    owner: OwnerThen | None
    chain_key: int | None


def record(
    session: Session,
    owner: Owner | None,
    action: str,
    on: tuple[str, str],
    *,
    now: datetime,
    **details: Any,  # noqa: ANN401 - any JSON value
) -> None:
    """Add a row to the chain of ``owner``, or of the site where that is None, and its event,
    if it has one, when the transaction commits; then the action is logged.

    ``on`` is the kind and the id of the object of the action. ``details`` are what ``Deed`` may
    have.
    """
    of = None if owner is None else OwnerThen(owner.key, owner.id)
    where = None if of is None else of.id
    _remember(session, _Recorded(Deed(now, ACTOR.get(), where, action, *on, details), of, None))


def record_end(session: Session, owner: Owner, *, now: datetime) -> None:
    """Record that this transaction deletes the collection, before it does.

    The head of its chain is held from here on, so the rows that go with the collection, and that
    others hold until they have written to the chain, such as persons and doors, are held by then.
    """
    chain = repository.lock_chain(session, owner, now=now)
    on = "collection", owner.id
    deed = Deed(now, ACTOR.get(), owner.id, "collection.deleted", *on, {})
    _remember(session, _Recorded(deed, None, chain.key))


def _remember(session: Session, recorded: _Recorded) -> None:
    session.info.setdefault(_RECORDED, []).append(recorded)


@event.listens_for(Session, "before_commit")
def write_recorded(session: Session) -> None:
    """Write what was recorded in this transaction so far; a commit does so by itself."""
    recorded = session.info.pop(_RECORDED, None)
    if recorded is None:
        return
    session.flush()
    for each in recorded:
        deed: Deed = each.deed
        if each.chain_key is None:
            chain = repository.lock_chain(session, each.owner, now=deed.at)
        else:
            chain = repository.hold(session, each.chain_key)
        _publish(session, each, audit_seq=repository.append(session, chain, deed))
        session.info.setdefault(_WRITTEN, []).append(deed)


def _publish(session: Session, recorded: _Recorded, *, audit_seq: int) -> None:
    """Add the event of a deed, if it has one. The counter of all events is held last."""
    deed, owner = recorded.deed, recorded.owner
    kind = type_of(deed)
    if kind is None:
        return
    sequence = event_repository.count(session, source_of(deed))
    event_id = new_id("evt")
    body = event_of(deed, kind, event_id=event_id, sequence=sequence, audit_seq=audit_seq)
    event_repository.append(
        session,
        position=event_repository.count(session, event_repository.ALL),
        id=event_id,
        collection_key=None if owner is None else owner.key,
        of_site=owner is None,
        source=body.source,
        type=body.type,
        at=deed.at,
        body=body.model_dump_json(),
    )


@event.listens_for(Session, "after_commit")
def _log_written(session: Session) -> None:
    for deed in session.info.pop(_WRITTEN, []):
        where = {"collection": deed.collection} if deed.collection else {}
        _log.info(deed.action, **(where | {deed.kind: deed.id} | dict(deed.details)))
