"""The SQL of lanes, within the session of the caller."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE, is_time
from app.trail.models import Event
from app.webhooks.models import DeadLetter, Lane, Webhook
from app.webhooks.wanted import Wanted

_INSERT: Final[Mapping[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_STEP: Final = 10_000
"""Positions that are read for an endpoint at once: an endpoint that was off for weeks must not hold
up the database."""


def behind(session: Session, newest: int) -> Sequence[Webhook]:
    """The endpoints whose lanes have not been extended to the event at ``newest``."""
    return session.scalars(
        select(Webhook).where(Webhook.enabled.is_(True), Webhook.read_to < newest)
    ).all()


def read_on(
    session: Session, webhook_key: int, wanted: Wanted, *, start: int, newest: int, now: datetime
) -> None:
    """Extend the lanes of an endpoint, which has read up to ``start``, to the events that follow.
    Where another process does so at the same time, one of them does nothing.
    """
    end = min(newest, start + _STEP)
    mine = Webhook.key == webhook_key, Webhook.read_to == start
    moved = update(Webhook).where(*mine).values(read_to=end).returning(Webhook.key)
    if session.scalar(moved.execution_options(**IN_SQL_ALONE)) is None:
        return
    for source, first, last in _sources(session, wanted, start, end):
        _extend(session, webhook_key, source, first, last, now)


def rewind(
    session: Session, webhook_key: int, wanted: Wanted, *, start: int, end: int, now: datetime
) -> int:
    """Move the lanes back to the first events at ``start`` or later; returns the number of events
    up to ``end``.
    """
    found = 0
    for source, first, last in _sources(session, wanted, start - 1, end):
        _extend(session, webhook_key, source, first, last, now)
        lane = Lane.webhook_key == webhook_key, Lane.source == source
        back = {"attempts": 0, "next_at": now, "claimed_until": None}
        earlier = case((Lane.sent_to < first - 1, Lane.sent_to), else_=first - 1)
        moved = update(Lane).where(*lane).values(sent_to=earlier, **back)
        session.execute(moved.execution_options(**IN_SQL_ALONE))
        of_source = select(func.count()).where(
            Event.source == source, Event.position.between(first, last), *_those(wanted)
        )
        found += session.scalar(of_source) or 0
    return found


def due(session: Session, now: datetime) -> list[int]:
    """The keys of the endpoints to which there is something to send now."""
    lanes = select(Lane.webhook_key).join(Webhook, Webhook.key == Lane.webhook_key)
    letters = select(DeadLetter.webhook_key).join(Webhook, Webhook.key == DeadLetter.webhook_key)
    each = (
        lanes.where(_open(now), _waits(now)),
        letters.where(_open(now), DeadLetter.replay_at <= now),
    )
    return sorted({key for query in each for key in session.scalars(query.distinct())})


def next_lane(session: Session, webhook_key: int, now: datetime) -> Lane | None:
    """The endpoint's lane that has waited longest; locked, where the database can."""
    query = (
        select(Lane)
        .join(Webhook, Webhook.key == Lane.webhook_key)
        .where(Lane.webhook_key == webhook_key, _open(now), _waits(now))
        .order_by(Lane.next_at, Lane.source)
        .limit(1)
    )
    return session.scalar(query.with_for_update(of=Lane, skip_locked=True))


def following(
    session: Session, wanted: Wanted, source: str, *, after: int, to: int, limit: int
) -> Sequence[Row[int, str, str]]:
    """Position, id and body of the next events of a source that are wanted."""
    here = Event.source == source, Event.position > after, Event.position <= to
    query = select(Event.position, Event.id, Event.body).where(*here, *_those(wanted))
    return session.execute(query.order_by(Event.position).limit(limit)).all()


def oldest(session: Session, wanted: Wanted, lane: Lane) -> datetime | None:
    """When the first event happened that the lane has not sent; None where there is none."""
    here = Event.source == lane.source, Event.position > lane.sent_to
    query = select(Event.at).where(*here, *_those(wanted), is_time(Event.at))
    return session.scalar(query.order_by(Event.position).limit(1))


def waiting(session: Session) -> Sequence[tuple[Webhook, Lane]]:
    """All lanes that have something to send, with their endpoints."""
    query = select(Webhook, Lane).join(Lane, Lane.webhook_key == Webhook.key)
    found = session.execute(query.where(Lane.newest > Lane.sent_to))
    return [(row[0], row[1]) for row in found]


def move(
    session: Session,
    lane: tuple[int, str],
    known: int,
    **values: Any,  # noqa: ANN401 - columns of a lane
) -> bool:
    """Change a lane and release it, unless somebody else moved it from ``known``; returns whether
    it was changed.
    """
    mine = Lane.webhook_key == lane[0], Lane.source == lane[1], Lane.sent_to == known
    moved = update(Lane).where(*mine).values(claimed_until=None, **values)
    moved_one = moved.returning(Lane.source).execution_options(**IN_SQL_ALONE)
    return session.scalar(moved_one) is not None


def wake(session: Session, webhook_key: int, now: datetime) -> None:
    """Let the lanes that wait for a further attempt make it at once."""
    mine = Lane.webhook_key == webhook_key, Lane.next_at > now
    session.execute(update(Lane).where(*mine).values(next_at=now).execution_options(**IN_SQL_ALONE))


def _sources(session: Session, wanted: Wanted, after: int, to: int) -> Sequence[Row[str, int, int]]:
    """The first and the last position of the wanted events, by source."""
    query = select(Event.source, func.min(Event.position), func.max(Event.position))
    here = Event.position > after, Event.position <= to
    return session.execute(query.where(*here, *_those(wanted)).group_by(Event.source)).all()


def _extend(
    session: Session, webhook_key: int, source: str, first: int, last: int, now: datetime
) -> None:
    """Make a lane, or extend it to ``last``. One with nothing to send begins before ``first``; one
    that has something goes on where it is.
    """
    made = _INSERT[session.get_bind().dialect.name](Lane).values(
        webhook_key=webhook_key,
        source=source,
        sent_to=first - 1,
        newest=last,
        trying=0,
        attempts=0,
        next_at=now,
        claimed_until=None,
    )
    idle = Lane.newest <= Lane.sent_to
    newer = case((Lane.newest < last, last), else_=Lane.newest)
    after = {"sent_to": case((idle, first - 1), else_=Lane.sent_to), "newest": newer}
    session.execute(
        made.on_conflict_do_update(index_elements=["webhook_key", "source"], set_=after)
    )


def _those(wanted: Wanted) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = []
    if wanted.collection_key is not None:
        which.append(Event.collection_key == wanted.collection_key)
    if wanted.types is not None:
        which.append(Event.type.in_(wanted.types))
    if wanted.sources is not None:
        which.append(Event.source.in_(wanted.sources))
    return which


def _open(now: datetime) -> ColumnElement[bool]:
    free = or_(Webhook.not_before.is_(None), Webhook.not_before <= now)
    return and_(Webhook.enabled.is_(True), free)


def _waits(now: datetime) -> ColumnElement[bool]:
    unclaimed = or_(Lane.claimed_until.is_(None), Lane.claimed_until <= now)
    # Only a further attempt waits: a clock that was set back holds up nothing else.
    due = or_(Lane.trying == 0, Lane.next_at <= now)
    return and_(Lane.newest > Lane.sent_to, due, unclaimed)
