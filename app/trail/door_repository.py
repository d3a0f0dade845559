"""The SQL of doors' decisions, which are rows of the audit, within the session of the caller."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy import Row as SqlRow
from sqlalchemy.orm import Session, aliased

from app.core.db import is_time
from app.trail.models import Chain, Row

_ACTION: Final = "door.decision"


@dataclass(frozen=True, slots=True)
class WantedDecisions:
    """Which decisions of a door: of the time from ``start`` until before ``end``, about this
    person, for this reason; None is any.
    """

    collection_key: int
    door: str
    start: datetime | None = None
    end: datetime | None = None
    person: str | None = None
    reason: str | None = None


def decisions(
    session: Session, wanted: WantedDecisions, *, after: int, limit: int
) -> Sequence[Row]:
    """Rows of decisions, the oldest first: those that come after the row with the key ``after``; 0
    is the beginning. An index has them in this order, so no others are read.
    """
    conditions = _conditions(wanted)
    if after and session.scalar(select(Row.key).where(Row.key == after)):
        at = aliased(Row)
        there = select(at.at).where(at.key == after).scalar_subquery()  # it may be no time
        conditions.append(tuple_(Row.at, Row.key) > tuple_(there, literal(after)))
    query = select(Row).join(Chain, Chain.key == Row.chain_key).where(*conditions)
    return session.scalars(query.order_by(Row.at, Row.key).limit(limit)).all()


def latest(session: Session, wanted: WantedDecisions, *, limit: int) -> Sequence[Row]:
    """The rows of the newest decisions, the newest first."""
    query = select(Row).join(Chain, Chain.key == Row.chain_key).where(*_conditions(wanted))
    return session.scalars(query.order_by(Row.at.desc(), Row.key.desc()).limit(limit)).all()


def count(session: Session, wanted: WantedDecisions) -> int:
    """How many there are."""
    query = select(func.count()).select_from(Row).join(Chain, Chain.key == Row.chain_key)
    return session.scalar(query.where(*_conditions(wanted))) or 0


def newest(session: Session, collection_key: int, *, start: datetime, limit: int) -> Sequence[str]:
    """The bodies of the newest decisions of all doors of a collection since ``start``."""
    query = (
        select(Row.body)
        .join(Chain, Chain.key == Row.chain_key)
        .where(Chain.collection_key == collection_key, Row.action == _ACTION, Row.at >= start)
        .order_by(Row.key.desc())
    )
    return session.scalars(query.limit(limit)).all()


def outlines(
    session: Session, wanted: WantedDecisions, *, limit: int
) -> Sequence[SqlRow[int, datetime, str | None, str | None]]:
    """Key, time, reason and person of the newest decisions of which there is a time, the newest
    first.
    """
    query = select(Row.key, Row.at, Row.reason, Row.person_id).where(is_time(Row.at))
    query = query.join(Chain, Chain.key == Row.chain_key).where(*_conditions(wanted))
    return session.execute(query.order_by(Row.at.desc(), Row.key.desc()).limit(limit)).all()


def bodies_of(session: Session, keys: Collection[int]) -> dict[int, str]:
    """The bodies of these rows, by key."""
    found = session.execute(select(Row.key, Row.body).where(Row.key.in_(keys)))
    return {row.key: row.body for row in found}


def _conditions(wanted: WantedDecisions) -> list[ColumnElement[bool]]:
    conditions = {
        "collection": Chain.collection_key == wanted.collection_key,
        "door": Row.object_id == wanted.door,
        "action": Row.action == _ACTION,
        "start": None if wanted.start is None else Row.at >= wanted.start,
        "end": None if wanted.end is None else Row.at < wanted.end,
        "person": None if wanted.person is None else Row.person_id == wanted.person,
        "reason": None if wanted.reason is None else Row.reason == wanted.reason,
    }
    return [each for each in conditions.values() if each is not None]
