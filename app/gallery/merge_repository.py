"""The SQL of merges, within the session of the caller."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE
from app.gallery.models import Face, Person


@dataclass(frozen=True, slots=True)
class HeldFace:
    """A face by its internal id, without its embedding. ``score`` is its overall quality, 0 to 1;
    it is 0 where the whole image is the sample, as such a face has no score.
    """

    id: int
    person_key: int
    number: int
    image_sha256: str
    score: float


def faces_of(session: Session, *persons: Person) -> list[HeldFace]:
    """All faces of the persons, oldest first."""
    columns = Face.id, Face.person_key, Face.number, Face.image_sha256, Face.quality
    query = select(*columns).where(Face.person_key.in_([each.key for each in persons]))
    return [
        HeldFace(key, owner, number, digest, float(quality.get("score", 0.0)))
        for key, owner, number, digest, quality in session.execute(query.order_by(Face.number))
    ]


def move(session: Session, faces: Sequence[int], to: Person) -> None:
    """Give the faces of these internal ids to another person. They keep their ids and numbers, and
    so their crops and their templates of other models.
    """
    moved = update(Face).where(Face.id.in_(faces)).values(person_key=to.key)
    session.execute(moved.execution_options(**IN_SQL_ALONE))


def remove(session: Session, faces: Sequence[int]) -> None:
    """Delete the faces of these internal ids."""
    gone = delete(Face).where(Face.id.in_(faces))
    session.execute(gone.execution_options(**IN_SQL_ALONE))
