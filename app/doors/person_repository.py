"""The person of a decision as the database has them in its transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.access.models import Group, Membership
from app.access.policy import values
from app.access.policy.values import Window
from app.gallery import models

_PERSON: Final = (
    select(
        models.Person.key,
        models.Person.id,
        models.Person.external_id,
        models.Person.valid_from,
        models.Person.valid_until,
        models.Person.suspended,
        Membership.valid_from.label("member_from"),
        Membership.valid_until.label("member_until"),
        Group.id.label("group"),
    )
    .outerjoin(Membership, Membership.person_key == models.Person.key)
    .outerjoin(Group, Group.key == Membership.group_key)
    .where(models.Person.collection_key == bindparam("collection"))
)
"""One row a membership; one row where there is none."""
_BY_KEY: Final = _PERSON.where(models.Person.key == bindparam("person"))
_HELD: Final = _BY_KEY.with_for_update(of=models.Person, key_share=True)
"""Decisions about one person, and changes of their row, go one after the other."""
_BY_ID: Final = _PERSON.where(models.Person.id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person's internal key and external id, and the person as the policy sees them."""

    key: int
    external_id: str | None
    person: values.Person


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
    return KnownPerson(first.key, first.external_id, person)
