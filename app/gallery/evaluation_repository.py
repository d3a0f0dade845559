"""The SQL of an evaluation: every template of a collection, with whose it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from app.gallery.models import Collection, Face, Person

Enrolled = Row[int, str, str | None, int, bytes]


def templates(session: Session, owner: Collection, *, now: datetime) -> Sequence[Enrolled]:
    """Person's key, id and name, face and embedding, by person and age, of those valid ``now``."""
    return session.execute(
        select(Person.key, Person.id, Person.name, Face.id, Face.embedding)
        .join(Face, Face.person_key == Person.key)
        .where(
            Face.collection_key == owner.key,
            or_(Person.valid_from.is_(None), Person.valid_from <= now),
            or_(Person.valid_until.is_(None), Person.valid_until > now),
        )
        .order_by(Person.key, Face.id)
    ).all()
