"""The SQL of leases, within the session of the caller."""

from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE
from app.jobs.models import HeldLease


class Beat(NamedTuple):
    """The holder of a lease, and its number of the last renewal."""

    holder: str | None
    beat: int


def found(session: Session, name: str) -> Beat | None:
    """The lease of this name, if there ever was one."""
    query = select(HeldLease.holder, HeldLease.beat).where(HeldLease.name == name)
    row = session.execute(query).one_or_none()
    return None if row is None else Beat(row.holder, row.beat)


def add(session: Session, name: str, holder: str) -> None:
    """The first of this name; another writer must be kept out."""
    session.execute(insert(HeldLease).values(name=name, holder=holder, beat=1))


def replace(session: Session, name: str, before: Beat, holder: str | None) -> bool:
    """Give the lease to ``holder`` if it is as it was ``before``; whether that was so."""
    same = HeldLease.name == name, HeldLease.beat == before.beat
    of: Any = HeldLease.holder.is_(None)
    if before.holder is not None:
        of = HeldLease.holder == before.holder
    changed = update(HeldLease).where(*same, of).values(holder=holder, beat=before.beat + 1)
    gone = session.execute(changed.returning(HeldLease.beat), execution_options=IN_SQL_ALONE).all()
    return len(gone) == 1
