"""The SQL of a sync, within the session of the caller: many people in few statements."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import delete, insert, tuple_, update
from sqlalchemy.orm import Session

from app.access.models import Membership
from app.access.repository import raise_revision
from app.access.sync_plan import (
    Known,
    Plan,
    State,
    credentials_of,
    groups_of,
)
from app.access.sync_schemas import SyncLine
from app.core.db import IN_SQL_ALONE
from app.core.ids import new_id
from app.gallery.changes import amend_receipts, view_of
from app.gallery.models import Collection, Credential, Person
from app.gallery.repository import log_change
from app.receipts.keeping import shown

_BATCH: Final = 500
"""Values in one list of a statement."""
Value = TypeVar("Value")


def apply(
    session: Session, owner: Collection, before: State, wanted: Plan, *, now: datetime
) -> dict[str, str]:
    """Do what was planned, as one revision; the ids of the people made, by their external ids. The
    collection is held by this transaction.
    """
    made = _insert(session, owner, wanted.created, now)
    keys = {line.external_id: key for line, (key, _) in zip(wanted.created, made, strict=True)}
    _update(session, wanted, now)
    lines = [(change.known.key, change.line, change.fields) for change in wanted.changed]
    lines += [(keys[line.external_id], line, ["groups", "credentials"]) for line in wanted.created]
    _replace_credentials(
        session,
        owner,
        wanted,
        [(key, line) for key, line, fields in lines if "credentials" in fields],
    )
    members = [(key, line) for key, line, fields in lines if "groups" in fields]
    _replace_groups(
        session, owner, before, members, {change.known.key for change in wanted.changed}
    )
    touched = [change.known.key for change in wanted.changed]
    touched += [known.key for known in (*wanted.suspended, *wanted.unsuspended)]
    log_change(session, owner, sorted({*touched, *keys.values()}), now=now)
    session.expire_all()
    _amend(session, owner, touched)
    return {line.external_id: each for line, (_, each) in zip(wanted.created, made, strict=True)}


def _insert(
    session: Session, owner: Collection, lines: Sequence[SyncLine], now: datetime
) -> list[tuple[int, str]]:
    """Key and id of each."""
    rows: list[dict[str, Any]] = [
        {
            "collection_key": owner.key,
            "id": new_id("per"),
            "external_id": line.external_id,
            "name": line.name,
            "attributes": {},
            "valid_from": line.valid_from,
            "valid_until": line.valid_until,
            "created_at": now,
            "updated_at": now,
        }
        for line in lines
    ]
    if not rows:
        return []
    made = session.scalars(
        insert(Person).returning(Person.key, sort_by_parameter_order=True), rows
    ).all()
    return [(key, row["id"]) for key, row in zip(made, rows, strict=True)]


def _update(session: Session, wanted: Plan, now: datetime) -> None:
    rows: dict[int, dict[str, Any]] = {}

    def row(known: Known) -> dict[str, Any]:
        names = ("key", "name", "valid_from", "valid_until", "suspended", "suspended_by_sync")
        as_is = {name: getattr(known, name) for name in names}
        return rows.setdefault(known.key, as_is | {"updated_at": now})

    for change in wanted.changed:
        own = [name for name in change.fields if name not in ("groups", "credentials")]
        row(change.known).update({name: getattr(change.line, name) for name in own})
    for known in wanted.suspended:
        row(known).update(suspended=True, suspended_by_sync=True)
    for known in wanted.unsuspended:
        row(known).update(suspended=False, suspended_by_sync=False)
    if rows:
        session.execute(update(Person), list(rows.values()))


def _replace_credentials(
    session: Session, owner: Collection, wanted: Plan, lines: Sequence[tuple[int, SyncLine]]
) -> None:
    """All that go are gone before any comes: two people may exchange their cards."""
    mine = Credential.collection_key == owner.key
    for keys in _batches([key for key, _ in lines]):
        session.execute(
            delete(Credential)
            .where(Credential.person_key.in_(keys))
            .execution_options(**IN_SQL_ALONE)
        )
    identity = tuple_(Credential.system, Credential.type, Credential.value)
    for some in _batches(wanted.taken):
        session.execute(
            delete(Credential).where(mine, identity.in_(some)).execution_options(**IN_SQL_ALONE)
        )
    rows = [
        {
            "collection_key": owner.key,
            "person_key": key,
            "position": place,
            "system": system,
            "type": kind,
            "format": written,
            "value": value,
        }
        for key, line in lines
        for place, ((system, kind, value), written) in enumerate(credentials_of(line))
    ]
    if rows:
        session.execute(insert(Credential), rows)


def _replace_groups(
    session: Session,
    owner: Collection,
    before: State,
    lines: Sequence[tuple[int, SyncLine]],
    there: set[int],
) -> None:
    """``there``: the keys of those who may have memberships already."""
    old = [key for key, _ in lines if key in there]
    for keys in _batches(old):
        session.execute(
            delete(Membership)
            .where(Membership.person_key.in_(keys))
            .execution_options(**IN_SQL_ALONE)
        )
    rows = [
        {"person_key": key, "group_key": group, "valid_from": start, "valid_until": end}
        for key, line in lines
        for group, (start, end) in groups_of(before, line).items()
    ]
    if rows:
        session.execute(insert(Membership), rows)
    if rows or old:
        raise_revision(session, owner)


def _amend(session: Session, owner: Collection, keys: Sequence[int]) -> None:
    """Let receipts show the people as they are now; few have one."""
    for some in _batches(keys):
        for key in shown(session, Person, some):
            person = session.get_one(Person, key)
            amend_receipts(session, person, view_of(session, owner, person))


def _batches(values: Sequence[Value]) -> Iterator[list[Value]]:
    rest = iter(values)
    while batch := list(islice(rest, _BATCH)):
        yield batch
