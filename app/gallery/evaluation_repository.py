"""The SQL of an evaluation: the templates of a collection, with their persons and validity."""

from collections.abc import Collection as Several
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from app.gallery.models import Collection, Face, Person

Enrolled = Row[int, str, str | None, datetime | None, datetime | None, int, bytes]


def templates(
    session: Session, owner: Collection, persons: Several[int] | None = None
) -> Sequence[Enrolled]:
    """One row a template, ordered by person and age: key, id, name, validity, face number,
    template. Given internal keys ``persons``, only their rows.
    """
    query = (
        select(
            Person.key,
            Person.id,
            Person.name,
            Person.valid_from,
            Person.valid_until,
            Face.number,
            Face.embedding,
        )
        .join(Face, Face.person_key == Person.key)
        .where(Face.collection_key == owner.key)
        .order_by(Person.key, Face.id)
    )
    if persons is not None:
        query = query.where(Person.key.in_(persons))
    return session.execute(query).all()


def face_counts(session: Session, owner: Collection, now: datetime) -> Sequence[Row[int, int]]:
    """The internal key of each person who is valid ``now`` and has a face, with the number of their
    faces, ordered by key.
    """
    started = or_(Person.valid_from.is_(None), Person.valid_from <= now)
    lasts = or_(Person.valid_until.is_(None), Person.valid_until > now)
    return session.execute(
        select(Person.key, func.count())
        .join(Face, Face.person_key == Person.key)
        .where(Face.collection_key == owner.key, started, lasts)
        .group_by(Person.key)
        .order_by(Person.key)
    ).all()
