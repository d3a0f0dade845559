"""The SQL of an evaluation: every template of a collection, with its person and validity."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.gallery.models import Collection, Face, Person

Enrolled = Row[int, str, str | None, datetime | None, datetime | None, int, bytes]


def templates(session: Session, owner: Collection) -> Sequence[Enrolled]:
    """One row a template, by person and age: key, id, name, validity, face number, template."""
    return session.execute(
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
    ).all()
