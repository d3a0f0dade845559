"""The SQL of doors and of the rules for them, within the session of the caller."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.access.models import Group, Membership, PolicyRevision, PolicyRow
from app.errors import NotFound
from app.gallery.models import Collection, Person

Row = TypeVar("Row", bound=PolicyRow)


def raise_revision(session: Session, owner: Collection) -> int:
    """Raise the revision of the collection's policy; its row is held by this transaction."""
    found = session.get(PolicyRevision, owner.key, populate_existing=True)
    if found is None:
        found = PolicyRevision(collection_key=owner.key, revision=0)
        session.add(found)
    found.revision += 1
    return found.revision


def find(session: Session, owner: Collection, model: type[Row], row_id: str) -> Row | None:
    """The row of this id in the collection, if there is one."""
    here = model.collection_key == owner.key, model.id == row_id
    return session.scalar(select(model).where(*here))


def get(session: Session, owner: Collection, model: type[Row], row_id: str, noun: str) -> Row:
    """The row of this id in the collection, or ``NotFound``."""
    found = find(session, owner, model, row_id)
    if found is None:
        raise NotFound(f"There is no {noun} {row_id!r} in the collection {owner.id!r}.")
    return found


def listed(
    session: Session, owner: Collection, model: type[Row], *, after: int, limit: int
) -> Sequence[Row]:
    """The collection's rows by age."""
    here = model.collection_key == owner.key, model.key > after
    return session.scalars(select(model).where(*here).order_by(model.key).limit(limit)).all()


def is_named(session: Session, columns: Sequence[InstrumentedAttribute[int]], key: int) -> bool:
    """Whether one of ``columns`` of another row refers to this key."""
    return any(session.scalar(select(exists().where(column == key))) for column in columns)


def membership(session: Session, group: Group, person: Person) -> Membership | None:
    """The person's membership of the group, if there is one."""
    here = Membership.group_key == group.key, Membership.person_key == person.key
    return session.scalar(select(Membership).where(*here))


def memberships_of(session: Session, somebody: Person) -> Sequence[tuple[Membership, str]]:
    """The memberships of a person, each with the id of its group, oldest first."""
    query = select(Membership, Group.id).join(Group, Group.key == Membership.group_key)
    found = session.execute(
        query.where(Membership.person_key == somebody.key).order_by(Membership.key)
    )
    return [(row[0], row[1]) for row in found]


def members(
    session: Session, group: Group, *, after: int, limit: int
) -> Sequence[tuple[Membership, str]]:
    """The group's memberships by age, with the ids of the persons."""
    query = select(Membership, Person.id).join(Person, Person.key == Membership.person_key)
    query = query.where(Membership.group_key == group.key, Membership.key > after)
    found = session.execute(query.order_by(Membership.key).limit(limit))
    return [(row[0], row[1]) for row in found]
