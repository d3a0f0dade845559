"""The SQL of subjects and of the faces of a whole collection. Every function works in the session
of its caller, and so in its transaction.

A subject is a person's name, or the id of a person who has none. As in CompreFace, the case of
letters counts only where a person has exactly this name.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Row, String, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from app.core.names import spellings
from app.gallery.models import Collection, Face, Person

_SUBJECT: Final = func.coalesce(Person.name, Person.id, type_=String)
_FACES: Final = select(Face.number, Person.id, _SUBJECT).join(Person, Person.key == Face.person_key)


def ids_of_subject(session: Session, owner: Collection, subject: str) -> list[str]:
    """The ids of the persons who are this subject; several may have one name."""
    mine = Person.collection_key == owner.key
    nameless = and_(Person.name.is_(None), Person.id == subject)
    exactly = or_(Person.name.in_(spellings(subject)), nameless)
    lower = func.lower(literal(subject, String))
    alike = or_(
        func.lower(Person.name) == lower,
        and_(Person.name.is_(None), func.lower(Person.id) == lower),
    )
    for found in (exactly, alike):
        ids = session.scalars(select(Person.id).where(mine, found).order_by(Person.key)).all()
        if ids:
            return list(ids)
    return []


def subjects(session: Session, owner: Collection) -> Sequence[Row[str, str]]:
    """The id and the subject of every person, oldest first."""
    query = select(Person.id, _SUBJECT).where(Person.collection_key == owner.key)
    return session.execute(query.order_by(Person.key)).all()


def face(session: Session, owner: Collection, number: int) -> Row[int, str, str] | None:
    """Number, person's id and subject of a face of the collection."""
    return session.execute(_FACES.where(_of(owner), Face.number == number)).first()


def face_of_image(session: Session, owner: Collection, person_id: str, sha256: str) -> int | None:
    """The number of the person's face of exactly this image."""
    query = select(Face.number).join(Person, Person.key == Face.person_key)
    mine = Person.id == person_id, Face.image_sha256 == sha256
    return session.scalar(query.where(_of(owner), *mine))


def faces(
    session: Session, owner: Collection, subject_ids: Sequence[str] | None, *, skip: int, limit: int
) -> Sequence[Row[int, str, str]]:
    """Number, person's id and subject of faces, oldest first; of ``subject_ids`` where given."""
    query = _FACES.where(_of(owner), *_of_persons(subject_ids))
    return session.execute(query.order_by(Face.number).offset(skip).limit(limit)).all()


def count_faces(session: Session, owner: Collection, subject_ids: Sequence[str] | None) -> int:
    """How many faces there are; of the persons with ``subject_ids`` where given."""
    query = select(func.count()).select_from(Face).join(Person, Person.key == Face.person_key)
    return session.scalar(query.where(_of(owner), *_of_persons(subject_ids))) or 0


def _of(owner: Collection) -> ColumnElement[bool]:
    return Face.collection_key == owner.key


def _of_persons(subject_ids: Sequence[str] | None) -> list[ColumnElement[bool]]:
    return [] if subject_ids is None else [Person.id.in_(subject_ids)]
