"""The numbers of faces in their collections, and the counters that give the next numbers."""

from collections.abc import Iterator

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE
from app.gallery.models import Collection, Face, Person
from app.maintenance.archive import Row
from app.maintenance.findings import REPAIR, Finding

_LAST = select(func.max(Face.number)).where(Face.collection_key == Collection.key).scalar_subquery()


def numbered(rows: list[Row]) -> list[Row]:
    """Faces of an archive with their numbers. An archive from before schema 0009 has none: clients
    knew its faces by their ids, which become the numbers.
    """
    for row in rows:
        row.setdefault("number", row["id"])
    return rows


def advance(session: Session) -> None:
    """Set each counter that a face has reached to the number after the last; none goes back."""
    session.execute(
        update(Collection)
        .where(Collection.next_face <= _LAST)
        .values(next_face=_LAST + 1)
        .execution_options(**IN_SQL_ALONE)
    )


def findings(session: Session) -> Iterator[Finding]:
    """Checks that each face's number is at least 1 and below its collection's next number. The
    database itself ensures that numbers are unique in a collection.
    """
    behind = select(Collection.id, Collection.next_face, _LAST)
    for collection, following, last in session.execute(
        behind.where(Collection.next_face <= _LAST).order_by(Collection.key)
    ):
        what = f"would number its next face {following}; it has a face {last}"
        yield Finding(f"collection {collection}", what, REPAIR)
    odd = select(Collection.id, Person.id, Face.number).where(Face.number < 1)
    odd = odd.join_from(Face, Person, Person.key == Face.person_key)
    odd = odd.join(Collection, Collection.key == Face.collection_key).order_by(Face.id)
    for collection, person, number in session.execute(odd):
        where = f"{collection}: person {person}, face {number}"
        yield Finding(where, "has a number below 1", REPAIR)


def mend(session: Session) -> None:
    """Advance the counters, and number the faces that have no number."""
    advance(session)
    for face in session.scalars(select(Face).where(Face.number < 1).order_by(Face.id)):
        move(session, face, face.collection_key)


def move(session: Session, face: Face, collection_key: int) -> None:
    """Move a face into a collection under a new number: its old one may be taken there."""
    following = session.scalar(
        update(Collection)
        .where(Collection.key == collection_key)
        .values(next_face=Collection.next_face + 1)
        .returning(Collection.next_face)
        .execution_options(**IN_SQL_ALONE)
    )
    if following is None:
        raise LookupError(f"no collection has the key {collection_key}")
    face.collection_key, face.number = collection_key, following - 1
    session.flush()
