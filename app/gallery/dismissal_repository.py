"""The SQL of dismissals, within the session of the caller."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE
from app.gallery.models import Collection, Dismissal, Face, Person

_SIDES: Final = (Dismissal.one_key, Dismissal.other_key)


def find(session: Session, one: Person, other: Person) -> Dismissal | None:
    """The dismissal of the two, in either order; None where there is none."""
    return session.get(Dismissal, tuple(sorted((one.key, other.key))))


def of_collection(session: Session, owner: Collection) -> Mapping[frozenset[int], Dismissal]:
    """All dismissals of the collection, by the keys of the two persons."""
    query = select(Dismissal).where(Dismissal.collection_key == owner.key)
    return {frozenset((row.one_key, row.other_key)): row for row in session.scalars(query)}


def drop_outdated(session: Session, person: Person) -> None:
    """Delete the person's dismissals that were made for faces of which none is left. Faces that
    this transaction removes must be deleted first.
    """
    left = exists().where(Face.person_key == person.key, Face.number < Dismissal.next_face)
    mine = or_(*(side == person.key for side in _SIDES))
    session.execute(delete(Dismissal).where(mine, ~left).execution_options(**IN_SQL_ALONE))
