"""The person of a decision as the database has them in its transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.access.models import Group, Membership
from app.access.policy import values
from app.access.policy.values import Window
from app.access.policy_repository import POSITIONS, REVISIONS, Version
from app.core.db import Base
from app.gallery import models

_PERSONS: Final = Base.metadata.tables[models.Person.__tablename__]
_MEMBERS: Final = Base.metadata.tables[Membership.__tablename__]
_GROUPS: Final = Base.metadata.tables[Group.__tablename__]
_PERSON: Final = (
    select(
        _PERSONS.c.key,
        _PERSONS.c.id,
        _PERSONS.c.external_id,
        _PERSONS.c.valid_from,
        _PERSONS.c.valid_until,
        _PERSONS.c.suspended,
        _MEMBERS.c.valid_from.label("member_from"),
        _MEMBERS.c.valid_until.label("member_until"),
        _GROUPS.c.id.label("group"),
        POSITIONS.c.epoch,
        REVISIONS.c.revision,
    )
    .join(POSITIONS, POSITIONS.c.collection_key == _PERSONS.c.collection_key)
    .outerjoin(REVISIONS, REVISIONS.c.collection_key == _PERSONS.c.collection_key)
    .outerjoin(_MEMBERS, _MEMBERS.c.person_key == _PERSONS.c.key)
    .outerjoin(_GROUPS, _GROUPS.c.key == _MEMBERS.c.group_key)
    .where(_PERSONS.c.collection_key == bindparam("collection"))
)
"""One row a membership; one row where there is none."""
_BY_KEY: Final = _PERSON.where(_PERSONS.c.key == bindparam("person"))
_HELD: Final = _BY_KEY.with_for_update(of=_PERSONS, key_share=True)
"""Decisions about one person, and changes of their row, go one after the other."""
_BY_ID: Final = _PERSON.where(_PERSONS.c.id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person's internal key and external id, the person as the policy sees them, and the
    ``version`` of the policy that was read with them.
    """

    key: int
    external_id: str | None
    person: values.Person
    version: Version


def hold_person(session: Session, collection_key: int, person_key: int) -> KnownPerson | None:
    """The person as they are now, held until the transaction ends; None: they were removed."""
    wanted = {"collection": collection_key, "person": person_key}
    return _known(session.execute(_HELD, wanted).all())


def read_person(session: Session, collection_key: int, person_key: int) -> KnownPerson | None:
    """The same without holding them."""
    wanted = {"collection": collection_key, "person": person_key}
    return _known(session.execute(_BY_KEY, wanted).all())


def person_by_id(session: Session, collection_key: int, person_id: str) -> KnownPerson | None:
    """The person of this id, if there is one."""
    wanted = {"collection": collection_key, "person": person_id}
    return _known(session.execute(_BY_ID, wanted).all())


def _known(rows: Sequence[Row[*tuple[Any, ...]]]) -> KnownPerson | None:
    if not rows:
        return None
    first = rows[0]
    memberships = tuple(
        values.Membership(row.group, Window(row.member_from, row.member_until))
        for row in rows
        if row.group is not None
    )
    person = values.Person(
        first.id, Window(first.valid_from, first.valid_until), first.suspended, memberships
    )
    at = Version(first.epoch, first.revision or 0)
    return KnownPerson(first.key, first.external_id, person, at)
