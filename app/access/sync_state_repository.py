"""Reads a collection as a sync compares it, within the session of the caller."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import Group, Membership
from app.access.sync_plan import Identity, Known, State
from app.core.names import one_spelling
from app.gallery.models import Collection, Credential, Person

_COLUMNS: Final = ("id", "external_id", "name", "valid_from", "valid_until", "suspended")


def state(session: Session, owner: Collection) -> State:
    """The collection as it is."""
    columns = [getattr(Person, name) for name in (*_COLUMNS, "suspended_by_sync")]
    found = session.execute(
        select(Person.key, *columns).where(
            Person.collection_key == owner.key, Person.external_id.is_not(None)
        )
    )
    by_key = {row.key: Known(*row) for row in found}
    groups = select(Group.id, Group.key).where(Group.collection_key == owner.key)
    memberships = (
        select(
            Membership.person_key,
            Membership.group_key,
            Membership.valid_from,
            Membership.valid_until,
        )
        .join(Group, Group.key == Membership.group_key)
        .where(Group.collection_key == owner.key)
    )
    for person_key, group_key, start, end in session.execute(memberships):
        if person_key in by_key:
            by_key[person_key].groups[group_key] = start, end
    persons = {one_spelling(known.external_id): known for known in by_key.values()}
    by_id = {row.id: row.key for row in session.execute(groups)}
    return State(persons, by_id, _holders(session, owner, by_key))


def _holders(session: Session, owner: Collection, by_key: dict[int, Known]) -> dict[Identity, int]:
    """The holder of each credential; those of ``by_key`` get theirs."""
    columns = (Credential.system, Credential.type, Credential.value)
    query = select(Credential.person_key, Credential.format, *columns)
    query = query.where(Credential.collection_key == owner.key)
    holders: dict[Identity, int] = {}
    for row in session.execute(query.order_by(Credential.person_key, Credential.position)):
        identity = row.system, row.type, row.value
        holders[identity] = row.person_key
        if row.person_key in by_key:
            by_key[row.person_key].credentials.append((identity, row.format))
    return holders
