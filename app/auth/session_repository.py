"""The SQL of the console's sessions. Every function works in the transaction of its caller."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from app.auth import binding
from app.auth.models import ApiKey, ConsoleSession
from app.auth.principal import Principal
from app.auth.repository import KEYS, principal_of
from app.core.db import IN_SQL_ALONE


def key_of(session: Session, key_id: str) -> int | None:
    """The internal key of the API key with this id, which nobody revokes until the transaction
    ends; None where it was revoked.
    """
    found = select(ApiKey.key).where(ApiKey.id == key_id)
    return session.scalar(found.with_for_update(read=True, key_share=True))


def holder(session: Session, api_key: int) -> Principal | None:
    """The caller behind an API key, by its internal key."""
    row = session.execute(KEYS.where(ApiKey.key == api_key)).first()
    if row is None:
        return None
    return principal_of(row, binding.ids_of(session, row.collection_keys or []))


def note(session: Session, sha256: str, at: datetime) -> None:
    """Note that the session was used at this time."""
    query = update(ConsoleSession).where(ConsoleSession.sha256 == sha256).values(seen_at=at)
    session.execute(query.execution_options(**IN_SQL_ALONE))


class Ended(NamedTuple):
    """A session that was ended: the id of its key, None where that has no row."""

    key_id: str | None


def end(session: Session, sha256: str) -> Ended | None:
    """Delete the session; None where it is not there."""
    query = delete(ConsoleSession).where(ConsoleSession.sha256 == sha256)
    gone = query.returning(ConsoleSession.api_key).execution_options(**IN_SQL_ALONE)
    found = session.execute(gone).first()
    if found is None:
        return None
    key = select(ApiKey.id).where(ApiKey.key == found.api_key)
    return Ended(None if found.api_key is None else session.scalar(key))


def has_over(session: Session, *, seen: datetime, begun: datetime) -> bool:
    """Whether there is a session that was last ``seen``, or that began (``begun``), by these
    times.
    """
    return bool(session.scalar(select(exists().where(_over(seen, begun)))))


def end_over(session: Session, *, seen: datetime, begun: datetime) -> None:
    """Delete the sessions that were last ``seen``, or that began (``begun``), by these times."""
    query = delete(ConsoleSession).where(_over(seen, begun))
    session.execute(query.execution_options(**IN_SQL_ALONE))


def _over(seen: datetime, begun: datetime) -> ColumnElement[bool]:
    return (ConsoleSession.seen_at <= seen) | (ConsoleSession.created_at <= begun)
