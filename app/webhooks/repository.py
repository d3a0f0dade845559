"""The SQL of endpoints and of dead letters, within the session of the caller."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Row, delete, exists, func, select, update
from sqlalchemy.orm import Session, joinedload

from app.core.db import IN_SQL_ALONE
from app.errors import NotFound
from app.gallery.models import Person
from app.trail.models import Chain, Event
from app.trail.models import Row as AuditRow
from app.webhooks.models import DeadLetter, Webhook

Letter = Row[DeadLetter, str, str, str]
_LETTER: Final = select(DeadLetter, Event.id, Event.source, Event.type).join(
    Event, Event.position == DeadLetter.position
)


def get(
    session: Session, webhook_id: str, only: Collection[int] | None, *, hold: bool = False
) -> Webhook:
    """The endpoint of this id, of the collections with the keys ``only``, or ``NotFound``. With
    ``hold`` it is locked until the transaction ends; lock it before its lanes.
    """
    query = select(Webhook).where(Webhook.id == webhook_id)
    if only is not None:
        query = query.where(Webhook.collection_key.in_(only))
    found = session.scalar(query.with_for_update() if hold else query)
    if found is None:
        raise NotFound(f"There is no webhook {webhook_id!r}.")
    return found


def listed(
    session: Session, only: Collection[int] | None, *, after: int, limit: int
) -> Sequence[Webhook]:
    """The endpoints by age."""
    query = select(Webhook).where(Webhook.key > after)
    if only is not None:
        query = query.where(Webhook.collection_key.in_(only))
    query = query.options(joinedload(Webhook.collection))
    return session.scalars(query.order_by(Webhook.key).limit(limit)).all()


def everyone(session: Session) -> Sequence[Webhook]:
    """All endpoints."""
    return session.scalars(select(Webhook)).all()


def count(session: Session) -> int:
    """The number of endpoints."""
    return session.scalar(select(func.count()).select_from(Webhook)) or 0


def count_gone(session: Session) -> int:
    """The number of endpoints that are off because they answered 410."""
    gone = select(func.count()).select_from(Webhook).where(Webhook.disabled_reason == "gone")
    return session.scalar(gone) or 0


def name_of(session: Session, position: int, person: str, *, audit_seq: int) -> str | None:
    """The name of the person of the event at ``position``, whose row in the audit is ``audit_seq``;
    None where that is their removal, or they were removed since, or it cannot be known any more.
    """
    removed = exists().where(
        AuditRow.chain_key == Chain.key,
        AuditRow.object_id == person,
        AuditRow.action == "person.deleted",
        AuditRow.seq >= audit_seq,
    )
    query = (
        select(Person.name)
        .join(Event, Event.collection_key == Person.collection_key)
        .join(Chain, Chain.collection_key == Person.collection_key)
        .where(Event.position == position, Person.id == person)
        .where(Chain.kept_after <= audit_seq, Chain.seq >= audit_seq, ~removed)
    )
    return session.scalar(query)


def letters(session: Session, webhook_key: int, *, after: int, limit: int) -> Sequence[Letter]:
    """Dead letters with the id, the source and the type of their events, in the order in which they
    died.
    """
    mine = DeadLetter.webhook_key == webhook_key, DeadLetter.key > after
    return session.execute(_LETTER.where(*mine).order_by(DeadLetter.key).limit(limit)).all()


def bury(
    session: Session,
    webhook_key: int,
    position: int,
    *,
    now: datetime,
    attempts: int,
    status: int | None,
    error: str,
) -> None:
    """Make a dead letter of the event at ``position``, or add attempts to its dead letter."""
    mine = DeadLetter.webhook_key == webhook_key, DeadLetter.position == position
    letter = session.scalar(select(DeadLetter).where(*mine))
    if letter is None:
        letter = DeadLetter(webhook_key=webhook_key, position=position, attempts=0)
        session.add(letter)
    letter.attempts += attempts
    letter.died_at, letter.status, letter.error, letter.replay_at = now, status, error[:512], None


def ask_again(session: Session, webhook_key: int, event_id: str | None, now: datetime) -> int:
    """Mark dead letters to be sent again: that of one event, or all; returns their number."""
    mine = update(DeadLetter).where(DeadLetter.webhook_key == webhook_key)
    if event_id is not None:
        position = select(Event.position).where(Event.id == event_id).scalar_subquery()
        mine = mine.where(DeadLetter.position == position)
    asked = mine.values(replay_at=now).returning(DeadLetter.key)
    return len(session.scalars(asked.execution_options(**IN_SQL_ALONE)).all())


def forget_letters(session: Session, webhook_key: int, start: int) -> None:
    """Delete the dead letters of events at ``start`` or later."""
    mine = DeadLetter.webhook_key == webhook_key, DeadLetter.position >= start
    session.execute(delete(DeadLetter).where(*mine).execution_options(**IN_SQL_ALONE))


def asked(
    session: Session, webhook_key: int, now: datetime, *, until: datetime | None, limit: int
) -> Sequence[tuple[int, str, str]]:
    """Position, id and body of the oldest events that are to be sent again; given ``until``, no
    other process gets them before that.
    """
    mine = DeadLetter.webhook_key == webhook_key, DeadLetter.replay_at <= now
    query = (
        select(DeadLetter, Event.position, Event.id, Event.body)
        .join(Event, Event.position == DeadLetter.position)
        .where(*mine)
        .order_by(DeadLetter.position)
        .limit(limit)
    )
    found = session.execute(query.with_for_update(of=DeadLetter, skip_locked=True)).all()
    for row in found if until else ():
        row[0].replay_at = until
    return [(row[1], row[2], row[3]) for row in found]


def taken(session: Session, webhook_key: int, positions: Collection[int]) -> None:
    """Delete the dead letters of events at these positions: the endpoint took them."""
    mine = DeadLetter.webhook_key == webhook_key, DeadLetter.position.in_(positions)
    session.execute(delete(DeadLetter).where(*mine).execution_options(**IN_SQL_ALONE))


def end_replay(session: Session, webhook_key: int) -> None:
    """Ask for no further attempt at the dead letters that are still there."""
    mine = DeadLetter.webhook_key == webhook_key, DeadLetter.replay_at.is_not(None)
    session.execute(
        update(DeadLetter).where(*mine).values(replay_at=None).execution_options(**IN_SQL_ALONE)
    )
