"""Records what happened, in the transaction that does it.

All that a transaction recorded is written as it commits, after everything else in it. So the heads
of chains and the counters of events are held for no longer than the commit takes, and never while
the transaction waits for another row: two transactions cannot wait for each other. ``record_end``
and ``hold_pictures`` alone hold a head before that, and ask for all that the transaction may wait
for to be held first.
A chain that is begun waits for its collection's row, so a collection has its chain from the
transaction on that makes it, and those of before there was an audit from the migration on.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count as count_from
from typing import Any, Final

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from app.core.acting import ACTOR
from app.trail import event_repository, evidence_repository, repository
from app.trail.chain import Deed
from app.trail.deed_events import by, draft_of
from app.trail.events import Draft, body_of
from app.trail.evidence_repository import Sealed
from app.trail.repository import Owner

_RECORDED: Final = "deeds to write at the commit"
_PUBLISHED: Final = "events to write at the commit"
_HAS_EVENTS: Final = "whether it has written events"
_WRITTEN: Final = "deeds to log after the commit"
_NOT_LOGGED: Final = ("probe",)
"""Hashes of pictures are kept as long as the audit, and no longer."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OwnerThen:
    """The collection of a deed, as it was when the deed was recorded."""

    key: int
    id: str


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A deed that waits for the commit; ``chain_key`` where its collection will be gone by then,
    ``drafts`` are its events, and ``pictures`` are kept with its row.
    """

    deed: Deed
    owner: OwnerThen | None
    chain_key: int | None = None
    drafts: Sequence[Draft] = ()
    pictures: Sequence[Sealed] = ()


@dataclass(frozen=True, slots=True)
class _Published:
    """An event that waits for the commit."""

    draft: Draft
    owner: OwnerThen | None
    audit_seq: int | None = None


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
    deed = _deed(owner, action, on, now, details)
    draft = draft_of(deed)
    drafts = () if draft is None else (draft,)
    _remember(session, _RECORDED, _Recorded(deed, _then(owner), drafts=drafts))


def record_with(
    drafts: Sequence[Draft],
    session: Session,
    owner: Owner | None,
    action: str,
    on: tuple[str, str],
    *,
    now: datetime,
    pictures: Sequence[Sealed] = (),
    **details: Any,  # noqa: ANN401 - any JSON value
) -> None:
    """Record a deed with ``drafts`` as its events: for a deed with several events, or with one that
    says more than its row. Each gets the key and the request of the deed, and ``audit_seq``.
    ``pictures`` are kept with the row.
    """
    deed = _deed(owner, action, on, now, details)
    drafts = [replace(each, data={**each.data, **by(deed)}) for each in drafts]
    _remember(session, _RECORDED, _Recorded(deed, _then(owner), drafts=drafts, pictures=pictures))


def publish(session: Session, owner: Owner | None, draft: Draft) -> None:
    """Add an event that has no row in the audit, when the transaction commits."""
    _remember(session, _PUBLISHED, _Published(draft, _then(owner)))


def record_end(session: Session, owner: Owner, *, now: datetime) -> None:
    """Record that this transaction deletes the collection, before it does.

    The head of its chain is held from here on, so the rows that go with the collection, and that
    others hold until they have written to the chain, such as persons and doors, are held by then.
    """
    chain = repository.lock_chain(session, owner, now=now)
    on = "collection", owner.id
    deed = Deed(now, ACTOR.get(), owner.id, "collection.deleted", *on, {})
    _remember(session, _RECORDED, _Recorded(deed, None, chain.key))


def hold_pictures(session: Session, owner: Owner, person_key: int, *, now: datetime) -> int:
    """The number of a person's sealed pictures, which neither grows nor shrinks until this
    transaction, which deletes the person, ends.

    Their row is held by then, for which a decision about them waits. From here on the head of the
    chain is held, for which the deletion of old rows and pictures waits.
    """
    repository.lock_chain(session, owner, now=now)
    return evidence_repository.count_of_person(session, person_key)


def _deed(
    owner: Owner | None,
    action: str,
    on: tuple[str, str],
    now: datetime,
    details: Mapping[str, Any],
) -> Deed:
    return Deed(now, ACTOR.get(), owner.id if owner else None, action, *on, details)


def _then(owner: Owner | None) -> OwnerThen | None:
    return None if owner is None else OwnerThen(owner.key, owner.id)


def _remember(session: Session, name: str, waiting: _Recorded | _Published) -> None:
    session.info.setdefault(name, []).append(waiting)


@event.listens_for(Session, "before_commit")
def write_recorded(session: Session) -> None:
    """Write what was recorded in this transaction so far; a commit does so by itself."""
    recorded: list[_Recorded] = session.info.pop(_RECORDED, [])
    published: list[_Published] = session.info.pop(_PUBLISHED, [])
    if recorded or published:
        session.flush()
    for each in recorded:
        deed = each.deed
        if each.chain_key is None:
            chain = repository.lock_chain(session, each.owner, now=deed.at)
        else:
            chain = repository.hold(session, each.chain_key)
        audit_seq = repository.append(session, chain, deed)
        if each.pictures:
            evidence_repository.append(
                session, each.pictures, chain_key=chain.key, seq=audit_seq, at=deed.at
            )
        session.info.setdefault(_WRITTEN, []).append(deed)
        published += (_Published(draft, each.owner, audit_seq) for draft in each.drafts)
    if published:
        _write_events(session, published)


def _write_events(session: Session, published: Sequence[_Published]) -> None:
    """Number events and write them. The counters are held in one order, that of all events last:
    two transactions cannot wait for each other.
    """
    of_each = Counter(each.draft.source for each in published)
    *others, last = sorted(of_each.items())
    firsts = {each: event_repository.count(session, each, number) for each, number in others}
    firsts[last[0]], first = event_repository.count_last(session, *last, len(published))
    sequences = {source: count_from(number) for source, number in firsts.items()}
    rows = [
        _row(each, position, next(sequences[each.draft.source]))
        for position, each in enumerate(published, first)
    ]
    event_repository.append(session, rows)
    session.info[_HAS_EVENTS] = True


def on_events(sessions: "sessionmaker[Session]", wake: Callable[[], None]) -> None:
    """Call ``wake`` after each commit of this process that wrote events; it must not wait."""

    @event.listens_for(sessions, "after_commit")
    def after_commit(session: Session) -> None:
        if session.info.get(_HAS_EVENTS):
            wake()


def _row(published: _Published, position: int, sequence: int) -> dict[str, Any]:
    draft, owner = published.draft, published.owner
    return {
        "position": position,
        "id": draft.id,
        "collection_key": None if owner is None else owner.key,
        "of_site": owner is None,
        "source": draft.source,
        "type": draft.type,
        "at": draft.at,
        "body": body_of(draft, sequence=sequence, audit_seq=published.audit_seq),
    }


@event.listens_for(Session, "after_commit")
def _log_written(session: Session) -> None:
    for deed in session.info.pop(_WRITTEN, []):
        where = {"collection": deed.collection} if deed.collection else {}
        said = {name: value for name, value in deed.details.items() if name not in _NOT_LOGGED}
        _log.info(deed.action, **(where | {deed.kind: deed.id} | said))
